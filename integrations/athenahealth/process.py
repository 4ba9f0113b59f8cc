"""Steps 2 and 3 for what athenahealth sent: pages of rows, and events.

An event holds nothing but an id and is only a reason to read (contract, section 7: unordered, at
least once, id-only). A read that began after the event came needs no other one, so many events
about one visit cost one call. Patients are marked, and read when a look needs them; only a merge is
read at once, since the record that stays may be one that Kept has never met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.intake.chart import (
    disbelieve_appointment,
    miss_appointment,
    take_appointment,
    take_patient,
)
from campaigns.intake.patient_rereads import RereadResult, patient_changed
from campaigns.models import Appointment, Patient
from campaigns.ports import CREDENTIALS, NOT_FOUND, Deadline, GatewayError, LeaseLost, Refused
from campaigns.vendor_records import PatientRecord, ReadSpan
from integrations.athenahealth import translate
from integrations.athenahealth.client import AthenaClient, client_for
from integrations.athenahealth.events.event import (
    FREEZING,
    MERGE,
    ChartEvent,
    Subject,
    chart_event,
    of_no_concern,
)
from integrations.connections import registry
from integrations.drift.reference_check import Lists
from integrations.inbox.claim import NotNow
from integrations.inbox.rows import page_kind, priority_of, span_of, take_rows
from integrations.models import InboundKind, InboundMessage
from integrations.transport.errors import Nonsense
from integrations.transport.rate_limit import prompt

# Well within the lease on the message (claim.LEASE).
READ_SECONDS = 60.0
ANOTHER_PRACTICE = "athenahealth told of a record of another practice."

Counts = Counter[str]
Result = TypeVar("Result")


def process(message: InboundMessage) -> Counts:
    """Take in one message. Raises Nonsense when it cannot be understood, NotNow, or LeaseLost."""
    return _TAKERS[page_kind(message)](message)


def _appointments(message: InboundMessage) -> Counts:
    span, priority = span_of(message), priority_of(message)
    lists = Lists(message.practice)

    def disbelieved(row: Any, what: str) -> bool:
        """Whether it is the row of a visit that Kept knows: then the visit says so itself."""
        visit = translate.appointment_id(row)
        return bool(visit) and disbelieve_appointment(message.practice, visit, what, span, priority)

    def take(row: Any) -> str | None:
        try:
            record = translate.appointment(row)
        except Nonsense as nonsense:
            if disbelieved(row, nonsense.what):
                return "unreadable"
            raise
        if record is None:
            return "unreadable" if disbelieved(row, translate.NO_VISIT) else None
        lists.watch(record)
        return take_appointment(message.practice, record, span, priority).value

    return take_rows(message, take)


def _patients(message: InboundMessage) -> Counts:
    def take(row: Any) -> str | None:
        return take_patient(message.practice, translate.patient(row), span_of(message)).value

    return take_rows(message, take)


def _event(message: InboundMessage) -> Counts:
    stored = message.payload or {}
    if of_no_concern(stored):
        return Counter(ignored=1)
    event = chart_event(stored)
    if event.practice not in ("", message.practice.external_id):
        raise Nonsense(ANOTHER_PRACTICE)
    about = _appointment if event.subject is Subject.APPOINTMENT else _patient
    return about(message, event)


def _appointment(message: InboundMessage, event: ChartEvent) -> Counts:
    known = Appointment.objects.filter(
        practice=message.practice, external_id=event.external_id
    ).first()
    if known is not None and known.read_began > message.received_at:
        return Counter(known=1)
    if known is None and event.topic in FREEZING:
        # A slot that nobody has booked.
        return Counter(ignored=1)
    row, span = _read(message, lambda client: client.appointment(event.external_id))
    if row is None:
        missed = miss_appointment(message.practice, event.external_id, span)
        return Counter({"not_found" if missed else "unknown": 1})
    try:
        record, what = translate.appointment(row), translate.NO_VISIT
    except Nonsense as nonsense:
        if known is None:
            raise
        record, what = None, nonsense.what
    if record is None:
        told = disbelieve_appointment(message.practice, event.external_id, what, span)
        return Counter({"unreadable" if told else "unknown": 1})
    Lists(message.practice).watch(record)
    return Counter({take_appointment(message.practice, record, span).value: 1})


def _patient(message: InboundMessage, event: ChartEvent) -> Counts:
    if event.topic == MERGE:
        return _merge(message, event)
    told = patient_changed(message.practice, event.external_id, message.received_at)
    return Counter({told.value: 1})


def _merge(message: InboundMessage, event: ChartEvent) -> Counts:
    """The record that stays names those that are gone; whichever of them the event is about."""
    asked = event.external_id
    row, span = _read(message, lambda client: client.patient(asked))
    record = translate.patient(row) if row is not None else None
    if record is None or record.external_id != asked:
        # The record that is gone: a look has it read later, and then its survivor is found.
        return Counter({patient_changed(message.practice, asked, message.received_at).value: 1})
    if not _met(message, record):
        return Counter({RereadResult.STRANGER.value: 1})
    return Counter({take_patient(message.practice, record, span).value: 1})


def _met(message: InboundMessage, record: PatientRecord) -> bool:
    ids = [record.external_id, *record.previous_external_ids]
    return Patient.objects.filter(practice=message.practice, external_id__in=ids).exists()


def _read(
    message: InboundMessage, ask: Callable[[AthenaClient], Any]
) -> tuple[Any | None, ReadSpan]:
    """The row as it is now, None when there is none, and when it was read."""
    began = database_now()
    try:
        # Prompt even when a nightly comparison takes it in: the change is of this moment.
        with prompt():
            row = ask(_client(message))
    except Refused as refused:
        if refused.code == NOT_FOUND:
            row = None
        elif refused.code == CREDENTIALS:
            raise NotNow(refused) from None
        else:
            raise Nonsense(refused.sentence) from None
    except GatewayError as error:
        raise NotNow(error) from None
    return row, ReadSpan(began, database_now())


def _client(message: InboundMessage) -> AthenaClient:
    connection = registry.find_open(message.practice.external_id, System.CHART)
    mine = InboundMessage.objects.filter(pk=message.pk, lease_token=message.lease_token)

    def still_ours() -> None:
        now: datetime = database_now()
        if not mine.filter(lease_until__gt=now).exists():
            raise LeaseLost

    return client_for(connection, deadline=Deadline.after(READ_SECONDS), guard=still_ours)


_TAKERS: dict[InboundKind, Callable[[InboundMessage], Counts]] = {
    InboundKind.APPOINTMENTS_PAGE: _appointments,
    InboundKind.PATIENTS_PAGE: _patients,
    InboundKind.EVENT: _event,
}
