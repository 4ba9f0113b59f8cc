"""The answer of a tried decision, in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaigns.appointments.decision_reason import why
from campaigns.decision_preview.effect_text import EffectText, effect_text
from campaigns.domain.coverage import State, sentence_of, state_of
from campaigns.domain.dry_run import DryRun
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import AppointmentStatus, Channel, EffectKind, System
from campaigns.labels import CHANNELS, STATES, WORK_ITEMS, finding
from campaigns.models import Appointment, Practice

# As many visits as fit on the page from which one is picked.
PICKS = 10
_TITLES = {None: "What would happen", False: "As it is", True: "If the change is approved"}


@dataclass(frozen=True)
class PreviewAnswer:
    """One answer; `findings` are (filter, found, concluded), `ways` the channels in words."""

    title: str
    state: str
    state_word: str
    sentence: str
    why: str
    campaign: str
    ways: str
    findings: tuple[tuple[str, str, str], ...]
    engagement: tuple[EffectText, ...]
    chart: tuple[EffectText, ...]
    items: tuple[tuple[str, str], ...]


def answer_of(
    snapshot: Snapshot,
    outcome: DryRun,
    approved: bool | None,
    campaigns: Mapping[str, str],
    shown_as: Mapping[str, str] | None = None,
) -> PreviewAnswer:
    """What decide() said, with the finding of each step; `campaigns` are names by Relatient's ids.

    `shown_as`: see `effect_text.effect_text`.
    """
    first, last = outcome.first, outcome.last
    state = state_of(last.code)
    noted = [(one.step, one.input, one.result) for one in first.findings]
    chosen = last.campaign if state is not State.CLOSED else ""
    requests = [
        (effect.system, effect_text(effect, campaigns, shown_as)) for effect in outcome.effects
    ]
    return PreviewAnswer(
        title=_TITLES[approved],
        state=state.value,
        state_word=STATES[state],
        sentence=sentence_of(last.code),
        why=why(last.code, chosen, noted, campaigns),
        campaign=campaigns.get(chosen, chosen) if chosen else "none",
        ways=_ways(snapshot, outcome, chosen),
        findings=tuple(finding(*one, campaigns) for one in noted),
        engagement=tuple(words for system, words in requests if system is System.ENGAGEMENT),
        chart=tuple(words for system, words in requests if system is System.CHART),
        items=tuple((WORK_ITEMS[item.kind], item.sentence) for item in first.work_items),
    )


def _ways(snapshot: Snapshot, outcome: DryRun, chosen: str) -> str:
    """The channels that would be used: those asked for, else those that Relatient holds."""
    told = [e.body["reminder"] for e in outcome.effects if e.kind in _WITH_CHANNELS]
    told += [e.vendor_state for e in snapshot.own_enrollments if e.is_live and e.vendor_state]
    if not chosen or not told:
        return "none"
    return ", ".join(CHANNELS[Channel(one)] for one in told[0]["channels"])


_WITH_CHANNELS = frozenset({EffectKind.ENROLL, EffectKind.UPDATE_ENROLLMENT})


def next_visits(practice: Practice, type_id: str, now: datetime) -> QuerySet[Appointment]:
    """The next booked visits of a type, the soonest first; as many as can be picked from."""
    rows = Appointment.objects.filter(
        practice=practice,
        type_external_id=type_id,
        status=AppointmentStatus.SCHEDULED,
        starts_at__gt=now,
    )
    return rows.select_related("patient", "practice").order_by("starts_at", "pk")[:PICKS]
