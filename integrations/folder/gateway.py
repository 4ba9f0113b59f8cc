"""What campaigns ask of an engagement vendor (campaigns/ports.py), done in a practice's folder.

A change is made when its record stands in the book; book.py says how it gets out from there. What
fails before that was not done, what fails after it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from campaigns.clock import database_now
from campaigns.domain.effects import EnrollBody, PatientBody, RecipientBody, ReminderBody
from campaigns.domain.values import CancelReason, Channel, EnrollmentStatus
from campaigns.ports import (
    ACTIVE_EXISTS,
    CHANGED_MEANWHILE,
    HELD_BACK,
    NOT_ACTIVE,
    NOT_FOUND,
    Deadline,
    EngagementGateway,
    GatewayError,
    Guard,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from campaigns.vendor_records import EnrollmentRecord, PatientMirror, SentMessage
from integrations.connections import circuit_breaker
from integrations.folder import files, library, translate
from integrations.folder.book import Book, DamagedRecord, Record
from integrations.folder.files import Places
from integrations.models import Connection
from integrations.transport.errors import NO_ANSWER, NOT_SENT, Nonsense

SENTENCES = {
    ACTIVE_EXISTS: "This appointment already has active reminders in the folder.",
    CHANGED_MEANWHILE: "The record in the folder was changed meanwhile. It has to be read again.",
    NOT_ACTIVE: "These reminders have ended and can no longer be changed.",
    NOT_FOUND: "The folder's book does not hold this record.",
    "appointment_in_past": "Nothing is put out for a visit that has begun.",
    "campaign_inactive": "This campaign is switched off in campaigns.csv. Pick another.",
    "campaign_not_found": "This campaign is not in campaigns.csv. Clinical ops must pick another.",
    "idempotency_key_reused": "The folder holds this request already, with other details.",
    "invalid_phone": "This is no number that can be texted. Check the settings.",
    "no_reachable_channel": "The patient cannot be reached. Check phone and email.",
    "opted_out": "The patient has opted out of every channel that may be used.",
    "patient_not_found": "The folder's book does not hold this patient.",
}
BUSY = "The folder is busy. Kept tries again."
NOT_DONE = "The folder could not be written or read. Check the disk. Kept tries again."
DAMAGED = "A record in the folder's book cannot be read. Put that file back from a backup."
UNKNOWN = "The folder may or may not hold this: its disk failed. Kept looks before it repeats."
# Codes of what is about one record or one file: the others go on, so no sign of an outage.
DAMAGED_RECORD, UNREADABLE_LIBRARY = "damaged_record", "unreadable_library"
REACHED_BY: Mapping[str, tuple[str, ...]] = {
    Channel.EMAIL: ("email",),
    Channel.SMS: ("mobile_phone",),
    Channel.VOICE: ("mobile_phone", "home_phone"),
}
E164 = re.compile(r"\+[1-9]\d{7,14}")


def gateway_for(connection: Connection, *, deadline: Deadline, guard: Guard) -> EngagementGateway:
    """The gateway of one connection, paused or not."""
    return FolderGateway(connection, deadline, guard)


def open_book(connection: Connection, *, deadline: Deadline, guard: Guard) -> Book:
    """The connection's book; TryLater while the folder must not be used."""
    sentence = files.problem(connection.folder)
    if sentence:
        raise TryLater(sentence, code=NOT_SENT)
    places = Places(Path(connection.folder))
    return Book(connection.practice.external_id, places, deadline, guard)


@contextmanager
def mapping_errors(connection: Connection) -> Iterator[None]:
    """Say how the disk failed in the outbox's terms, and learn from each call whether it works."""
    error: GatewayError | None = None
    try:
        yield
    except files.LockTimeout:
        error = TryLater(BUSY, code=HELD_BACK)
    except files.Unsettled:
        error = OutcomeUnknown(UNKNOWN, code=NO_ANSWER)
    except DamagedRecord:
        error = TryLater(DAMAGED, code=DAMAGED_RECORD)
    except OSError:
        error = TryLater(NOT_DONE, code=NOT_SENT)
    except Nonsense as nonsense:
        error = TryLater(nonsense.sentence, code=UNREADABLE_LIBRARY)
    except GatewayError as refused:
        error = refused
    circuit_breaker.learn(connection, error)
    if error is not None:
        # Not chained: the error of a disk names the file.
        raise error from None


def refused(code: str, status: int = 422, existing_id: str = "") -> Refused:
    """A clear no."""
    return Refused(SENTENCES[code], code=code, http_status=status, existing_id=existing_id)


@dataclass(frozen=True)
class FolderGateway:
    """Reads and changes the book; every change is one turn, and goes out as one file."""

    connection: Connection
    deadline: Deadline
    guard: Guard

    @cached_property
    def book(self) -> Book:
        """The practice's book."""
        return open_book(self.connection, deadline=self.deadline, guard=self.guard)

    @property
    def practice(self) -> str:
        """athenahealth's practice id."""
        return self.connection.practice.external_id

    def find_patient(self, patient: str) -> PatientMirror | None:
        """The patient with this athenahealth id."""
        with self._reading():
            found = self.book.patient_of(patient)
            return translate.patient_mirror(found) if found else None

    def create_patient(self, body: PatientBody, key: str) -> PatientMirror:
        """Create; an existing record with the same id is returned unchanged."""
        with self._changing():
            found = self.book.patient_of(body["patient"])
            if found is None:
                found = translate.patient_record(self.practice, body, {})
                self.book.keep(found)
            return translate.patient_mirror(found)

    def update_patient(self, vendor_id: str, body: PatientBody, etag: str) -> PatientMirror:
        """Make the record hold the body; Refused `changed_meanwhile` when it moved on."""
        with self._changing():
            held = self._patient(vendor_id)
            if translate.patient_mirror(held).etag != etag:
                raise refused(CHANGED_MEANWHILE, 412)
            record = translate.patient_record(self.practice, body, held)
            self.book.keep(record)
            return translate.patient_mirror(record)

    def record_consent(self, vendor_id: str, channel: str, state: str, at: str) -> None:
        """Have the record say opted_in or opted_out for a channel, and tell the other tool."""
        with self._changing() as now:
            held = self._patient(vendor_id)
            word = {"state": state, "at": at}
            if held["consents"].get(channel) == word:
                return
            record = {**held, "consents": {**held["consents"], channel: word}}
            row = translate.consent_row(self.practice, held["body"], channel, state, now)
            self.book.change(record, row, now)

    def list_enrollments(self, patient_vendor_id: str) -> Sequence[EnrollmentRecord]:
        """All of the patient's enrollments, newest first."""
        with self._reading():
            found = self.book.enrollments_of(patient_vendor_id)
            return [translate.enrollment_record(record) for record in found]

    def enroll(self, body: EnrollBody, key: str) -> EnrollmentRecord:
        """Enroll; Refused `active_enrollment_exists` names the existing one."""
        with self._changing() as now:
            record = translate.new_enrollment(body, key, now)
            held = self.book.enrollment(record["id"])
            if held is not None:
                if held["request"] != record["request"]:
                    raise refused("idempotency_key_reused")
                return translate.enrollment_record(held)
            patient = self.book.patient(body["patient"])
            self._refuse_enrolling(body, patient, now)
            assert patient is not None
            self._change(translate.ENROLL, record, patient["body"], now)
            return translate.enrollment_record(record)

    def read_enrollment(self, vendor_id: str) -> EnrollmentRecord:
        """One enrollment as it is now."""
        with self._reading():
            return translate.enrollment_record(self._enrollment(vendor_id))

    def update_enrollment(self, vendor_id: str, body: ReminderBody) -> EnrollmentRecord:
        """Replace the reminder's details of an active enrollment."""
        with self._changing() as now:
            held = self._active(vendor_id)
            if held["reminder"] == body:
                return translate.enrollment_record(held)
            _refuse_past(body, now)
            record = translate.updated(held, body, now)
            self._change(translate.UPDATE, record, self._patient(held["patient"])["body"], now)
            return translate.enrollment_record(record)

    def cancel_enrollment(self, vendor_id: str, reason: CancelReason) -> EnrollmentRecord:
        """End it; ended before is fine."""
        with self._changing() as now:
            held = self._enrollment(vendor_id)
            if held["status"] != translate.ACTIVE:
                return translate.enrollment_record(held)
            record = translate.ended(held, EnrollmentStatus.CANCELLED, now)
            patient = self._patient(held["patient"])["body"]
            self._change(translate.CANCEL, record, patient, now, reason)
            return translate.enrollment_record(record)

    def resend(self, vendor_id: str, key: str) -> None:
        """Have the first message sent again with the present details."""
        with self._changing() as now:
            held = self._enrollment(vendor_id)
            if translate.was_sent(held, key):
                return
            record = translate.resent(self._active(vendor_id), key, now)
            self._change(translate.RESEND, record, self._patient(held["patient"])["body"], now)

    def list_messages(self, vendor_id: str) -> Sequence[SentMessage]:
        """What was put out to be sent for an enrollment."""
        with self._reading():
            return translate.sent_messages(self._enrollment(vendor_id))

    def send_message(self, to: str, text: str, key: str) -> None:
        """Have one of the practice's own numbers texted (the waitlist desk)."""
        if not E164.fullmatch(to):
            raise refused("invalid_phone")
        with self._changing() as now:
            text_id = translate.text_id(key)
            if self.book.text(text_id) is None:
                row = translate.text_row(self.practice, to, text, now)
                self.book.change({"id": text_id, "at": now.isoformat()}, row, now)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A look at the book, which is whole at any time, if the work is still ours."""
        with mapping_errors(self.connection):
            self.guard()
            yield

    @contextmanager
    def _changing(self) -> Iterator[datetime]:
        """Our turn, with the present moment, by which everything of one change is dated."""
        with mapping_errors(self.connection), self.book.changing():
            yield database_now()

    def _patient(self, vendor_id: str) -> Record:
        return _found(self.book.patient, vendor_id)

    def _enrollment(self, vendor_id: str) -> Record:
        return _found(self.book.enrollment, vendor_id)

    def _active(self, vendor_id: str) -> Record:
        found = self._enrollment(vendor_id)
        if found["status"] != translate.ACTIVE:
            raise refused(NOT_ACTIVE, 409)
        return found

    def _change(
        self,
        change: str,
        record: Record,
        patient: PatientBody,
        now: datetime,
        reason: CancelReason | None = None,
    ) -> None:
        row = translate.enrollment_row(self.practice, change, record, patient, now, reason)
        self.book.change(record, row, now)

    def _refuse_enrolling(self, body: EnrollBody, patient: Record | None, now: datetime) -> None:
        if patient is None:
            raise refused("patient_not_found", 404)
        campaigns = {one.external_id: one for one in library.read(self.book.places)}
        campaign = campaigns.get(body["campaign"])
        if campaign is None:
            raise refused("campaign_not_found", 404)
        if not campaign.active:
            raise refused("campaign_inactive")
        reminder = body["reminder"]
        _refuse_past(reminder, now)
        existing = self.book.active_of_visit(reminder["visit"]["appointment"])
        if existing is not None:
            raise refused(ACTIVE_EXISTS, 409, existing["id"])
        said = {channel: word["state"] for channel, word in patient["consents"].items()}
        wanted = [name for name in reminder["channels"] if name in set(campaign.channels)]
        open_ = [name for name in wanted if said.get(name) != "opted_out"]
        if wanted and not open_:
            raise refused("opted_out")
        if not any(_reaches(name, reminder["recipient"]) for name in open_):
            raise refused("no_reachable_channel")


def _found(read: Callable[[str], Record | None], vendor_id: str) -> Record:
    found = read(vendor_id)
    if found is None:
        raise refused(NOT_FOUND, 404)
    return found


def _refuse_past(body: ReminderBody, now: datetime) -> None:
    if datetime.fromisoformat(body["visit"]["starts_at"]) <= now:
        raise refused("appointment_in_past")


def _reaches(channel: str, recipient: RecipientBody) -> bool:
    held: Mapping[str, Any] = recipient
    return any(held[name] for name in REACHED_BY.get(channel, ()))
