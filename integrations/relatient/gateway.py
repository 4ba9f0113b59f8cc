"""What campaigns ask of Relatient (campaigns/ports.py: EngagementGateway), for one practice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError

from campaigns.clock import database_now
from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody
from campaigns.domain.values import CancelReason, Vendor
from campaigns.ports import (
    THROTTLED,
    Deadline,
    EngagementGateway,
    GatewayError,
    Guard,
    Refused,
)
from campaigns.vendor_records import EnrollmentRecord, PatientMirror, SentMessage
from integrations.connections import circuit_breaker, registry
from integrations.drift.store import records_drift
from integrations.models import Connection, WriteAccess
from integrations.relatient import error_mapping, schemas, translate
from integrations.relatient.auth import ApiKey
from integrations.relatient.client import Learn, RelatientClient
from integrations.transport.client import HttpClient, HttpReply
from integrations.transport.errors import Nonsense
from integrations.transport.rate_limit import RateLimit

WAITLIST_NOTICE = "waitlist_notice"
# Who says it, of a consent that Kept has recorded.
CONSENT_SOURCE = "Kept"
# How long all processes pause after a throttle that names no time: Relatient counts by the second.
PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)


def build(connection: Connection, deadline: Deadline, guard: Guard) -> EngagementGateway:
    """The gateway of a connection."""
    return RelatientGateway(client_for(connection, deadline=deadline, guard=guard))


def client_for(connection: Connection, *, deadline: Deadline, guard: Guard) -> RelatientClient:
    """The client of one connection, paused or not; the place where the credentials are chosen."""
    practice = connection.practice
    # A key belongs to one practice, and Relatient counts the calls of each key.
    limiter = RateLimit(
        connection.host, practice.external_id, practice.relatient_requests_per_second
    )
    http = HttpClient(
        connection.base_url, vendor=Vendor.RELATIENT, practice_id=practice.pk, limiter=limiter
    )
    return RelatientClient(
        practice=practice.external_id,
        http=http,
        auth=ApiKey(connection.secret.strip()),
        deadline=deadline,
        guard=guard,
        learn=_learner(connection, limiter),
    )


def _learner(connection: Connection, limiter: RateLimit) -> Learn:
    def learn(write: bool, reply: HttpReply | None, error: GatewayError | None) -> None:
        circuit_breaker.learn(connection, error)
        try:
            _remember(connection, write, error)
            _ease_off(limiter, reply, error)
        except DatabaseError:
            # An outcome that cannot be stored never changes the result of the call.
            logger.exception("lesson_not_stored")

    return learn


def _ease_off(limiter: RateLimit, reply: HttpReply | None, error: GatewayError | None) -> None:
    """Hold back the calls of all processes, since they share the key."""
    if error is not None and error.code == THROTTLED:
        limiter.block_for(PAUSE_SECONDS if error.retry_after is None else error.retry_after)
    elif reply is not None and reply.headers.get("RateLimit-Remaining", "").strip() == "0":
        # The second's calls are used up: the next one would be refused.
        limiter.block_until(database_now().replace(microsecond=0) + timedelta(seconds=1))


def _remember(connection: Connection, write: bool, error: GatewayError | None) -> None:
    if error is None:
        if write:
            registry.note_write_access(connection, WriteAccess.WORKS)
    elif error.http_status == 401 and _key_is_still(connection.pk, connection.secret):
        registry.credentials_refused(connection, error.sentence)
    elif error.http_status == 403 and write:
        registry.note_write_access(connection, WriteAccess.REFUSED)


def _key_is_still(connection_id: int, key: str) -> bool:
    # A late answer to an old key must not pause the connection that was just mended.
    return Connection.objects.get(pk=connection_id).secret == key


@records_drift(lambda gateway: gateway.client.practice)
@dataclass(frozen=True)
class RelatientGateway:
    """Translates on the way out and on the way back; all the rest is the client's."""

    client: RelatientClient

    def find_patient(self, patient: str) -> PatientMirror | None:
        """The patient with this athenahealth id; Refused `ambiguous` when there are two."""
        external_id = translate.external_id(self.client.practice, patient)
        try:
            found = self.client.find_patient(external_id)
        except Refused as refused:
            if refused.code == error_mapping.PATIENT_NOT_FOUND:
                return None
            raise
        return self._mirror(found, write=False)

    def create_patient(self, body: PatientBody, key: str) -> PatientMirror:
        """Create; an existing record with the same id is returned unchanged."""
        fields = translate.patient_json(self.client.practice, body)
        try:
            created = self.client.create_patient(fields, key)
        except Refused as refused:
            # An older deployment refuses where the newer one returns what it has.
            if refused.code != error_mapping.ALREADY_EXISTS:
                raise
            existing = self.find_patient(body["patient"])
            if existing is None:
                raise
            return existing
        return self._mirror(created, write=True)

    def update_patient(self, vendor_id: str, body: PatientBody, etag: str) -> PatientMirror:
        """Make the record hold the body; Refused `changed_meanwhile` when it moved on."""
        changes = translate.patient_changes(body)
        return self._mirror(self.client.patch_patient(vendor_id, changes, etag), write=True)

    def record_consent(self, vendor_id: str, channel: str, state: str, at: str) -> None:
        """Have the record say opted_in or opted_out for a channel."""
        self.client.put_consent(vendor_id, channel, state, CONSENT_SOURCE, at)

    def list_enrollments(self, patient_vendor_id: str) -> Sequence[EnrollmentRecord]:
        """All of the patient's enrollments, newest first."""
        found = self.client.patient_enrollments(patient_vendor_id).enrollments
        return [self._record(enrollment, write=False) for enrollment in found]

    def enroll(self, body: EnrollBody, key: str) -> EnrollmentRecord:
        """Enroll; Refused `active_enrollment_exists` names the existing one."""
        fields = translate.enrollment_json(self.client.practice, body)
        return self._record(self.client.enroll(fields, key), write=True)

    def read_enrollment(self, vendor_id: str) -> EnrollmentRecord:
        """One enrollment as it is now."""
        return self._record(self.client.enrollment(vendor_id), write=False)

    def update_enrollment(self, vendor_id: str, body: ReminderBody) -> EnrollmentRecord:
        """Replace the reminder's details of an active enrollment."""
        fields = translate.reminder_json(self.client.practice, body)
        return self._record(self.client.patch_enrollment(vendor_id, fields), write=True)

    def cancel_enrollment(self, vendor_id: str, reason: CancelReason) -> EnrollmentRecord:
        """End it; ended before is fine."""
        ended = self.client.cancel_enrollment(vendor_id, reason.value)
        return self._record(ended, write=True)

    def resend(self, vendor_id: str, key: str) -> None:
        """Send the initial step again with the present details."""
        self.client.resend(vendor_id, key)

    def list_messages(self, vendor_id: str) -> Sequence[SentMessage]:
        """What was sent for an enrollment."""
        sent = self.client.enrollment_messages(vendor_id).messages
        return [translate.sent_message(message) for message in sent]

    def send_message(self, to: str, text: str, key: str) -> None:
        """Text one of the practice's own numbers (the waitlist desk)."""
        self.client.send_message(to, text, WAITLIST_NOTICE, key)

    def _mirror(self, patient: schemas.Patient, *, write: bool) -> PatientMirror:
        try:
            return translate.patient_mirror(self.client.practice, patient)
        except Nonsense as nonsense:
            raise error_mapping.nonsense(nonsense, write=write) from None

    def _record(self, enrollment: schemas.Enrollment, *, write: bool) -> EnrollmentRecord:
        try:
            return translate.enrollment_record(self.client.practice, enrollment)
        except Nonsense as nonsense:
            raise error_mapping.nonsense(nonsense, write=write) from None
