"""One event of athenahealth's Event Subscription Platform, in Kept's words (contract, section 7).

An event names a record and says that something happened to it; it holds nothing of the record.
Shapes differ by form and by age: R4B's `notificationEvent` and R4's `Parameters.part`, a focus by
identifier or by reference, topics as an address or by name. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaigns.domain.values import Vendor
from integrations.athenahealth.schemas import Id, Row, Text, to_list, to_text
from integrations.athenahealth.translate import parse
from integrations.drift.observe import DriftKind, shape, unknown
from integrations.transport.errors import Nonsense

TOPIC = re.compile(r"[A-Za-z]+\.[A-Za-z-]+")
# The lists of topics may grow; each topic of these families means "read it again".
TOPICS = frozenset(
    {f"Appointment.{verb}" for verb in ("schedule", "update", "reschedule", "cancel")}
    | {f"Appointment.{verb}" for verb in ("check-in", "check-out", "freeze", "unfreeze")}
    | {f"Patient.{verb}" for verb in ("create", "update", "delete", "merge")}
)
FREEZING = frozenset({"Appointment.freeze", "Appointment.unfreeze"})
MERGE = "Patient.merge"
FAMILIES = frozenset({"Appointment", "Patient"})
# Real families of topics that say nothing about reminders, whatever their record is.
OF_NO_CONCERN = frozenset({"Encounter", "PatientCase", "Provider"})
# Words in a focus' system, `urn:athenahealth:athenanet:<type>:<practice>`; the plural with `api`
# before it is older.
SYSTEM = "urn:athenahealth:"
# A FHIR reference may name one version of its record (R4, section 2.3.0.1); Kept reads the newest.
VERSION = r"(?:/_history/[A-Za-z0-9.-]{1,64})?"
REFERENCE = re.compile(
    rf"(?:.*/)?(Appointment|Patient)/a-([0-9]{{1,20}})\.[A-Za-z]+-([0-9]{{1,20}}){VERSION}"
)
# A reference to a record of any type.
RECORD = re.compile(rf"(?:.*/)?([A-Z][A-Za-z]{{1,63}})/[A-Za-z0-9.-]{{1,64}}{VERSION}")
NUMBER = re.compile(r"[0-9]{1,20}")
OBSERVER = re.compile(r"Organization/a-1\.Practice-([0-9]{1,20})")


class Subject(StrEnum):
    """What an event is about."""

    APPOINTMENT = "appointment"
    PATIENT = "patient"


KINDS = {subject.value: subject for subject in Subject} | {
    f"{subject.value}s": subject for subject in Subject
}


class Identifier(Row):
    """FHIR Identifier."""

    system: Text = ""
    value: Id = ""


class Focus(Row):
    """FHIR Reference."""

    reference: Text = ""
    identifier: Identifier = Identifier()


@dataclass(frozen=True)
class ChartEvent:
    """Something happened to a record; `practice` is empty when the event does not say whose."""

    topic: str
    subject: Subject
    practice: str
    external_id: str


def of_no_concern(stored: Mapping[str, Any]) -> bool:
    """Whether a stored event is of a kind that has nothing to do with reminders.

    Such is a family known for it, and any other whose record is clearly neither a visit nor a
    patient: orders, claims, results. What cannot be told is of concern, and goes to a person.
    """
    topic = topic_of(stored)
    family = topic.partition(".")[0]
    if family in OF_NO_CONCERN:
        return True
    if family in FAMILIES or not TOPIC.fullmatch(topic):
        return False
    try:
        return _is_another_record(parse(Focus, fields_of(stored.get("event")).get("focus")))
    except Nonsense:
        return False


def chart_event(stored: Mapping[str, Any]) -> ChartEvent:
    """A stored event (webhook.py) understood; Nonsense, with a sentence, when it cannot be."""
    topic = topic_of(stored)
    if topic and topic not in TOPICS:
        unknown(Vendor.ATHENAHEALTH, DriftKind.EVENT_TYPE, topic)
        if topic.partition(".")[0] not in FAMILIES:
            raise Nonsense("athenahealth told of a kind of event that Kept does not know.")
    event = fields_of(stored.get("event"))
    focus = event.get("focus")
    if focus is None:
        raise Nonsense("athenahealth sent an event that does not say what it is about.")
    subject, practice, external_id = _subject(parse(Focus, focus))
    return ChartEvent(topic, subject, practice or _observer(stored), external_id)


def fields_of(event: Any) -> dict[str, Any]:
    """An event's fields by their R4B names, whichever form it came in."""
    if not isinstance(event, dict):
        return {}
    if "part" not in event:
        return event
    parts = named(event["part"])
    wanted = {"id": "id", "focus": "focus", "additional-context": "additionalContext"}
    found = {ours: value_of(parts[name][0]) for name, ours in wanted.items() if name in parts}
    # An element may carry an id of its own.
    return {"id": event.get("id"), **found}


def named(parameters: Any) -> dict[str, list[dict[str, Any]]]:
    """FHIR Parameters by name; what has no name is left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in to_list(parameters):
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            found.setdefault(one["name"].lower(), []).append(one)
    return found


def value_of(parameter: Mapping[str, Any]) -> Any:
    """The one `value[x]` of a FHIR parameter."""
    return next((value for name, value in parameter.items() if name.startswith("value")), None)


def topic_of(stored: Mapping[str, Any]) -> str:
    """`Appointment.schedule` and the like; else what stands there; empty when nothing does."""
    audit, event = stored.get("audit"), stored.get("event")
    kind = audit.get("type") if isinstance(audit, dict) else None
    said = [
        event.get("topic") if isinstance(event, dict) else None,
        kind.get("code") if isinstance(kind, dict) else None,
        stored.get("topic"),
    ]
    names = [to_text(one).partition("|")[0].rstrip("/").rpartition("/")[2] for one in said]
    clear = (name for name in names if TOPIC.fullmatch(name))
    return next(clear, "") or next(filter(None, names), "")


def _subject(focus: Focus) -> tuple[Subject, str, str]:
    """What, of which practice (empty when it is not said), with which id."""
    system, value = focus.identifier.system, focus.identifier.value
    words = system.lower().rstrip(":").split(":")
    kind = next((KINDS[word] for word in reversed(words) if word in KINDS), None)
    if kind and system.lower().startswith(SYSTEM) and NUMBER.fullmatch(value):
        return kind, words[-1] if NUMBER.fullmatch(words[-1]) else "", value
    match = REFERENCE.fullmatch(focus.reference)
    if match:
        return KINDS[match[1].lower()], match[2], match[3]
    shape(Vendor.ATHENAHEALTH, "event focus", focus.model_dump())
    raise Nonsense("athenahealth sent an event about something that Kept cannot tell.")


def _is_another_record(focus: Focus) -> bool:
    """Whether all that the focus says names one record, of a type that is not Kept's concern."""
    system = focus.identifier.system.lower()
    words = system.removeprefix(SYSTEM).rstrip(":").split(":") if system.startswith(SYSTEM) else []
    match = RECORD.fullmatch(focus.reference)
    types = {word for word in words if word.isalpha() and word not in ("athenanet", "api")}
    if match:
        types.add(match[1].lower())
    unread = (system and not words) or (focus.reference and not match)
    return bool(types) and not unread and types.isdisjoint(KINDS)


def _observer(stored: Mapping[str, Any]) -> str:
    """The practice that the event's AuditEvent names, for a focus that names none."""
    audit = stored.get("audit")
    source = audit.get("source") if isinstance(audit, dict) else None
    observer = source.get("observer") if isinstance(source, dict) else None
    reference = to_text(observer.get("reference")) if isinstance(observer, dict) else ""
    match = OBSERVER.search(reference)
    return match[1] if match else ""
