"""What a form of the work list sends about one call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from campaigns.domain.callback_times import at_time, offers
from campaigns.domain.reply_kinds import CALL_OUTCOMES
from campaigns.domain.values import ReplyKind
from campaigns.local_time import zone_of
from campaigns.models import Appointment
from campaigns.phone_calls.record import CallDetails

NOTE_LENGTH = 300
_LONGEST_ID = 18


def number(text: str) -> int | None:
    """An id that a form sent, or None where no page would have written it so."""
    sound = text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
    return int(text) if sound else None


class CallForm(forms.Form):
    """Every field is checked here; what is missing but needed makes the form invalid."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in CALL_OUTCOMES])
    form = forms.UUIDField()
    seen = forms.DateTimeField(required=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)
    reason = forms.CharField(required=False, max_length=40)
    again = forms.CharField(required=False, max_length=10)
    again_time = forms.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])
    anyway = forms.BooleanField(required=False)

    def reply(self) -> ReplyKind:
        """How the call went."""
        return ReplyKind(self.cleaned_data["kind"])

    def details(self, visit: Appointment, now: datetime) -> CallDetails:
        """The rest, with times in the practice's zone made into moments."""
        said = self.cleaned_data
        return CallDetails(
            note=said["note"],
            again_at=_again_at(said, visit, now),
            cancel_reason=said["reason"],
        )


def _again_at(said: dict[str, Any], visit: Appointment, now: datetime) -> datetime | None:
    """A time that was typed counts before the choice that was preselected."""
    local = now.astimezone(zone_of(visit.practice.time_zone))
    if said["again_time"] is not None:
        return at_time(said["again_time"], local)
    chosen = (one.at for one in offers(local, visit.starts_at) if one.code == said["again"])
    return next(chosen, None)
