"""What an effect that a decision asks for would tell a vendor, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.domain.consents import YES
from campaigns.domain.effects import EffectWanted
from campaigns.domain.values import CancelReason, Channel, EffectKind, Modality
from campaigns.labels import CHANNELS, EFFECTS, END_REASONS, MODALITIES, PURPOSES, tongue
from campaigns.local_time import spoken

Line = tuple[str, str]
Names = Mapping[str, str]


@dataclass(frozen=True)
class EffectText:
    """One request: what it does, and the details as label and words."""

    title: str
    lines: tuple[Line, ...]


def effect_text(
    effect: EffectWanted, campaigns: Names, shown_as: Names | None = None
) -> EffectText:
    """The request in words; `campaigns` are names by Relatient's ids.

    `shown_as` has words for values that only stand for something, such as a described number.
    """
    words = shown_as or {}
    describe = _DETAILS.get(effect.kind)
    lines = describe(effect.body, campaigns) if describe is not None else ()
    return EffectText(
        title=PURPOSES.get(effect.purpose) or EFFECTS[effect.kind],
        lines=tuple((label, words.get(value, value)) for label, value in lines if value),
    )


def _enroll(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield "Campaign", campaigns.get(body["campaign"], body["campaign"])
    yield from _reminder(body["reminder"])
    window = body["send_window"]
    yield "Hours", f"{window['start']} to {window['end']} where the patient is"


def _update(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield from _reminder(body["reminder"])


def _reminder(reminder: Mapping[str, Any]) -> Iterator[Line]:
    to, lead = reminder["recipient"], CHANNELS[Channel(reminder["lead_channel"])]
    relation = f" ({to['relationship'].lower()})" if to["relationship"] else ""
    yield "To", f"{to['name'] or 'the patient'}{relation}"
    yield "Mobile number", to["mobile_phone"] or ""
    yield "Other number", to["home_phone"] or ""
    yield "Address", to["email"] or ""
    ways = ", ".join(CHANNELS[Channel(one)] for one in reminder["channels"])
    yield "By", f"{ways}; {lead} leads" if len(reminder["channels"]) > 1 else ways
    yield from _visit(reminder["visit"])


def _visit(visit: Mapping[str, Any]) -> Iterator[Line]:
    yield "Visit", visit["type_name"]
    yield "Start", spoken(datetime.fromisoformat(visit["starts_at"]), visit["time_zone"])
    yield "Provider", visit["provider_name"] or visit["provider"]
    yield "Department", visit["department_name"]
    yield "Takes place", MODALITIES[Modality(visit["modality"])]
    yield "Video link", "the one for today" if visit["join_url"] else ""


def _patient(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield "Name", f"{body['first_name']} {body['last_name']}".strip()
    yield "Mobile number", body["mobile_phone"] or "none"
    yield "Other number", body["home_phone"] or ""
    yield "Address", body["email"] or "none"
    yield "Language", tongue(body["language"])


def _consent(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield CHANNELS[Channel(body["channel"])], "allowed" if body["state"] == YES else "not wanted"


def _ended(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    if body.get("reason"):
        yield "Because", END_REASONS[CancelReason(body["reason"])]


def _resent(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield from _visit(body["visit"])


def _text(body: Mapping[str, Any], campaigns: Names) -> Iterator[Line]:
    yield "Text", body.get("text") or body.get("note") or ""


_DETAILS: dict[EffectKind, Callable[[Mapping[str, Any], Names], Iterator[Line]]] = {
    EffectKind.ENROLL: _enroll,
    EffectKind.UPDATE_ENROLLMENT: _update,
    EffectKind.UPSERT_PATIENT: _patient,
    EffectKind.TELL_CONSENT: _consent,
    EffectKind.CANCEL_ENROLLMENT: _ended,
    EffectKind.RESEND: _resent,
    EffectKind.SCHEDULE_NOTE: _text,
    EffectKind.PATIENT_CASE: _text,
    EffectKind.CANCEL_APPOINTMENT: _text,
    EffectKind.WAITLIST_NOTICE: _text,
}
