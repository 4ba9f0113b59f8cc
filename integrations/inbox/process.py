"""Steps 2 and 3 for everything stored: translate to our words, take in, and say what it was.

A message is taken under a lease, so several workers share the work; taking one in twice does no
harm, because intake is idempotent and the newest read wins.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import OperationalError

from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.values import IN_FLIGHT, EffectKind, Vendor
from campaigns.intake.chart import disbelieve_appointment, take_appointment, take_patient
from campaigns.intake.events import Received, take_event
from campaigns.models import BULK, PROMPT, Effect, Practice
from campaigns.ports import LeaseLost
from campaigns.sweep import never_stop
from campaigns.vendor_records import ReadSpan
from integrations.athenahealth import translate as athena
from integrations.drift.reference_check import Lists
from integrations.drift.store import recording_drift
from integrations.inbox import chart_events
from integrations.inbox.chart_events import NotNow
from integrations.inbox.claim import ClaimableMessages, claim, release
from integrations.inbox.store import park_row
from integrations.models import InboundKind, InboundMessage, InboundStatus, SyncKind
from integrations.relatient import translate as relatient
from integrations.transport.errors import Nonsense

MOST_ATTEMPTS = 5
# For an enrollment whose outcome is unknown; what is parked may stay so for ever.
LONGEST_WAIT = timedelta(days=1)
BULK_RUNS = frozenset({SyncKind.BACKFILL, SyncKind.RECONCILE})

logger = logging.getLogger(__name__)

Counts = Counter[str]


class TooEarly(Exception):
    """The event is about an enrollment that is just being made: it is taken in a little later."""


def process_stored(practices: list[Practice], stopping: Callable[[], bool] = never_stop) -> Counts:
    """Take in every stored message of these practices that nobody else has in hand.

    Messages that ask athenahealth come behind all the rest, and when it cannot be asked for a few
    of them the others are left where they are. As soon as `stopping` says so, no further message is
    begun.
    """
    total: Counts = Counter()
    waiting = ClaimableMessages(practices)
    while True:
        done = 0
        for pk, practice, asks in waiting.next_batch():
            if stopping():
                return total
            if asks and practice in waiting.unanswered:
                continue
            try:
                counts = process(pk)
            except NotNow as reason:
                waiting.postpone(practice, reason)
                continue
            if counts is not None:
                total.update(counts)
                done += 1
        if not done:
            return total


def process(message_id: int) -> Counts | None:
    """Take in one stored message; None when another worker has it or it is done.

    Raises NotNow when the vendor that it has to ask cannot be asked; the message waits.
    """
    message = claim(message_id)
    if message is None:
        return None
    put_off: NotNow | None = None
    try:
        with recording_drift(message.practice.external_id):
            counts = _attempt(message)
        message.attempts += 1
    except LeaseLost:
        return None
    except NotNow as later:
        put_off, counts = later, Counter()
        message.problem = later.error.sentence[:300]
    message.counts = dict(counts)
    release(message, put_off)
    if counts["new"] or counts["changed"] or counts["unreadable"]:
        doorbell.ring()
    if put_off is not None:
        raise put_off
    return counts


def _attempt(message: InboundMessage) -> Counts:
    try:
        counts = _TAKERS[InboundKind(message.kind)](message)
    except Nonsense as nonsense:
        message.status, message.problem = InboundStatus.PARKED, nonsense.sentence[:300]
        return Counter(errors=1)
    except TooEarly:
        return Counter()
    except (NotNow, LeaseLost):
        raise
    except Exception:
        # A defect of ours must not stop the messages behind it; it is tried a few times, since
        # a database that was briefly away is no defect, and then it waits for a person.
        logger.exception("message_not_taken_in", extra={"inbound": message.pk})
        if message.attempts + 1 < MOST_ATTEMPTS:
            return Counter()
        message.status = InboundStatus.PARKED
        message.problem = "Kept could not take this in. Tell your Kept operator."
        return Counter(errors=1)
    if message.status == InboundStatus.STORED:
        message.status, message.problem = InboundStatus.PROCESSED, ""
    return counts


def _span(message: InboundMessage) -> ReadSpan:
    return ReadSpan(message.read_began, message.read_ended or message.received_at)


def _appointments(message: InboundMessage) -> Counts:
    # What a patient or the desk waits for comes before the visits of months to come.
    bulk = message.sync_run is not None and message.sync_run.kind in BULK_RUNS
    priority = BULK if bulk else PROMPT
    lists = Lists(message.practice)

    def disbelieved(row: Any, what: str) -> bool:
        """Whether it is the row of a visit that Kept knows: then the visit says so itself."""
        visit, span = athena.appointment_id(row), _span(message)
        return bool(visit) and disbelieve_appointment(message.practice, visit, what, span, priority)

    def take(row: Any) -> str | None:
        try:
            record = athena.appointment(row)
        except Nonsense as nonsense:
            if disbelieved(row, nonsense.what):
                return "unreadable"
            raise
        if record is None:
            return "unreadable" if disbelieved(row, athena.NO_VISIT) else None
        lists.watch(record)
        return take_appointment(message.practice, record, _span(message), priority).value

    return _rows(message, take)


def _patients(message: InboundMessage) -> Counts:
    def take(row: Any) -> str | None:
        return take_patient(message.practice, athena.patient(row), _span(message)).value

    return _rows(message, take)


def _rows(message: InboundMessage, take: Callable[[Any], str | None]) -> Counts:
    """Each row by itself: one that makes no sense is parked and the others go on."""
    counts: Counts = Counter()
    for index, row in enumerate(message.payload or []):
        counts["seen"] += 1
        try:
            taken = take(row)
        except Nonsense as nonsense:
            park_row(message, index, row, nonsense.sentence)
            counts["errors"] += 1
            continue
        except OperationalError:
            # The database is busy or away: that is no fault of the row.
            raise
        except Exception:
            logger.exception("row_not_taken_in", extra={"inbound": message.pk})
            park_row(message, index, row, "Kept could not take this in. Tell your operator.")
            counts["errors"] += 1
            continue
        if taken is not None:
            counts[taken] += 1
    return counts


def _event(message: InboundMessage) -> Counts:
    if message.vendor == Vendor.ATHENAHEALTH:
        return chart_events.take(message)
    return _reply_or_consent(message)


def _reply_or_consent(message: InboundMessage) -> Counts:
    record = relatient.event_record(message.practice.external_id, message.payload or {})
    received = take_event(message.practice, record, message.received_at)
    # A person should see an answer soon; everything else can wait for what is being made.
    may_wait = record.reply is None or message.attempts + 1 < MOST_ATTEMPTS
    about_one = may_wait and bool(record.enrollment_vendor_id)
    if received is Received.UNMATCHED and about_one and _being_made(message):
        raise TooEarly
    if received is Received.UNMATCHED and record.reply is not None:
        raise Nonsense("A patient answered about an appointment that Kept does not know.")
    return Counter({received.value: 1})


def _being_made(message: InboundMessage) -> bool:
    """Whether an enrollment is on its way whose id Relatient has not told Kept yet."""
    if database_now() - message.received_at > LONGEST_WAIT:
        return False
    making = Effect.objects.filter(
        practice=message.practice,
        kind=EffectKind.ENROLL,
        status__in=IN_FLIGHT,
        first_attempt_at__lte=message.received_at,
    )
    return making.exists()


def _row(message: InboundMessage) -> Counts:
    raise Nonsense(message.problem or "This could not be taken in.")


_TAKERS: dict[InboundKind, Callable[[InboundMessage], Counts]] = {
    InboundKind.APPOINTMENTS_PAGE: _appointments,
    InboundKind.PATIENTS_PAGE: _patients,
    InboundKind.EVENT: _event,
    InboundKind.ROW: _row,
    InboundKind.NOTIFICATION: _row,
}
