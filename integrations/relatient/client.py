"""Relatient's endpoints, one method each. Nothing is repeated here; retries live in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from campaigns.domain.values import Vendor
from campaigns.ports import Deadline, GatewayError, Guard
from integrations.relatient import error_mapping
from integrations.relatient.auth import Authentication
from integrations.relatient.schemas import (
    Answer,
    CampaignPage,
    Enrollment,
    EnrollmentList,
    EnrollmentPage,
    EventPage,
    Message,
    MessageList,
    Patient,
    Ping,
)
from integrations.transport import errors
from integrations.transport.client import HttpClient, HttpFailure, HttpReply, MalformedReply

# Every endpoint, with the permission of the key that it needs.
PERMISSIONS = {
    "GET /ping": "",
    "GET /patients": "patients.read",
    "POST /patients": "patients.write",
    "PATCH /patients/{id}": "patients.write",
    "GET /patients/{id}/enrollments": "patients.read",
    "PUT /patients/{id}/consents/{channel}": "patients.write",
    "GET /campaigns": "patients.read",
    "GET /enrollments": "patients.read",
    "POST /enrollments": "enrollments.write",
    "GET /enrollments/{id}": "patients.read",
    "PATCH /enrollments/{id}": "enrollments.write",
    "POST /enrollments/{id}/cancel": "enrollments.write",
    "POST /enrollments/{id}/resend": "enrollments.write",
    "GET /enrollments/{id}/messages": "patients.read",
    "GET /events": "events.read",
    "POST /messages": "messages.write",
    "GET /messages/{id}": "patients.read",
}
CAMPAIGN_PAGE, ENROLLMENT_PAGE, EVENT_PAGE = 200, 500, 500

AnswerT = TypeVar("AnswerT", bound=Answer)
EndT = TypeVar("EndT")
Json = dict[str, Any]
# Called at the end of every call: whether it was a write, the answer, and the error if any.
Learn = Callable[[bool, HttpReply | None, GatewayError | None], None]


def _nothing_learned(write: bool, reply: HttpReply | None, error: GatewayError | None) -> None:
    """For a caller that keeps no connection, such as a test."""


@dataclass(frozen=True)
class RelatientClient:
    """One practice's calls within one deadline; the guard runs before each of them."""

    practice: str
    http: HttpClient
    auth: Authentication
    deadline: Deadline
    guard: Guard
    learn: Learn = _nothing_learned

    def ping(self) -> Ping:
        """GET /ping: whose key this is and what it may do."""
        return self._call("GET /ping", Ping)

    def find_patient(self, external_id: str) -> Patient:
        """GET /patients: by the id of the source system."""
        return self._call("GET /patients", Patient, params={"external_id": external_id})

    def create_patient(self, fields: Json, key: str) -> Patient:
        """POST /patients: an existing record of the same id comes back unchanged."""
        return self._call("POST /patients", Patient, json=fields, key=key)

    def patch_patient(self, patient: str, fields: Json, etag: str) -> Patient:
        """PATCH /patients/{id}: refused when the record has changed since the etag."""
        endpoint = "PATCH /patients/{id}"
        return self._call(endpoint, Patient, ids={"id": patient}, json=fields, etag=etag)

    def patient_enrollments(self, patient: str, status: str = "") -> EnrollmentList:
        """GET /patients/{id}/enrollments: newest first."""
        endpoint, params = "GET /patients/{id}/enrollments", _given(status=status)
        return self._call(endpoint, EnrollmentList, ids={"id": patient}, params=params)

    def put_consent(self, patient: str, channel: str, state: str, source: str, at: str) -> Patient:
        """PUT /patients/{id}/consents/{channel}: opted_in, opted_out or unknown."""
        return self._call(
            "PUT /patients/{id}/consents/{channel}",
            Patient,
            ids={"id": patient, "channel": channel},
            json={"state": state, "source": source, "at": at},
        )

    def campaigns(self, cursor: str = "", limit: int = CAMPAIGN_PAGE) -> CampaignPage:
        """GET /campaigns: one page of the practice's library."""
        params = _given(cursor=cursor, limit=str(limit))
        return self._call("GET /campaigns", CampaignPage, params=params)

    def enrollments(
        self, status: str, cursor: str = "", limit: int = ENROLLMENT_PAGE
    ) -> EnrollmentPage:
        """GET /enrollments: one page of the practice's with this status, oldest first."""
        params = _given(status=status, cursor=cursor, limit=str(limit))
        return self._call("GET /enrollments", EnrollmentPage, params=params)

    def enroll(self, fields: Json, key: str) -> Enrollment:
        """POST /enrollments: at most one active per appointment."""
        return self._call("POST /enrollments", Enrollment, json=fields, key=key)

    def enrollment(self, enrollment: str) -> Enrollment:
        """GET /enrollments/{id}: as it is now."""
        return self._call("GET /enrollments/{id}", Enrollment, ids={"id": enrollment})

    def patch_enrollment(self, enrollment: str, fields: Json) -> Enrollment:
        """PATCH /enrollments/{id}: replaces the details; steps not yet sent are re-timed."""
        endpoint = "PATCH /enrollments/{id}"
        return self._call(endpoint, Enrollment, ids={"id": enrollment}, json=fields)

    def cancel_enrollment(self, enrollment: str, reason: str) -> Enrollment:
        """POST /enrollments/{id}/cancel: ended now or before."""
        endpoint = "POST /enrollments/{id}/cancel"
        return self._call(endpoint, Enrollment, ids={"id": enrollment}, json={"reason": reason})

    def resend(self, enrollment: str, key: str) -> None:
        """POST /enrollments/{id}/resend: the initial step again; the answer has no body."""
        self._ended(
            "POST /enrollments/{id}/resend",
            lambda reply: None,
            ids={"id": enrollment},
            json={"step": "initial"},
            key=key,
        )

    def enrollment_messages(self, enrollment: str) -> MessageList:
        """GET /enrollments/{id}/messages: what was sent, and what became of it."""
        return self._call("GET /enrollments/{id}/messages", MessageList, ids={"id": enrollment})

    def events(self, after: str = "", limit: int = EVENT_PAGE) -> EventPage:
        """GET /events: in order of seq; without a cursor from the oldest event held."""
        params = _given(after=after, limit=str(limit))
        return self._call("GET /events", EventPage, params=params)

    def send_message(self, to: str, body: str, purpose: str, key: str) -> Message:
        """POST /messages: one text to a number of the practice."""
        fields = {"to": to, "body": body, "purpose": purpose}
        return self._call("POST /messages", Message, json=fields, key=key)

    def message(self, message: str) -> Message:
        """GET /messages/{id}: as it is now."""
        return self._call("GET /messages/{id}", Message, ids={"id": message})

    def _call(self, endpoint: str, shape: type[AnswerT], **request: Any) -> AnswerT:
        def read(reply: HttpReply) -> AnswerT:
            try:
                return shape.model_validate(reply.json())
            except (MalformedReply, ValidationError):
                # Not chained: the error of the parser holds the payload.
                raise errors.nonsense(Vendor.RELATIENT, reply, changes=_writes(endpoint)) from None

        return self._ended(endpoint, read, **request)

    def _ended(self, endpoint: str, read: Callable[[HttpReply], EndT], **request: Any) -> EndT:
        """Send, read the answer, and report how the call ended."""
        writes, reply = _writes(endpoint), None
        try:
            reply = self._send(endpoint, **request)
            if not reply.ok:
                permission = PERMISSIONS[endpoint]
                raise error_mapping.failure(reply, write=writes, permission=permission)
            content = read(reply)
        except GatewayError as error:
            self.learn(writes, reply, error)
            raise
        self.learn(writes, reply, None)
        return content

    def _send(
        self,
        endpoint: str,
        *,
        ids: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        key: str = "",
        etag: str = "",
    ) -> HttpReply:
        method, template = endpoint.split(" ")
        quoted = {name: quote(value, safe="") for name, value in (ids or {}).items()}
        try:
            return self.http.send(
                method,
                "/v1" + template.format(**quoted),
                template="/v1" + template,
                params=params,
                json=json,
                headers={**self.auth.headers(), **_conditions(key, etag)},
                deadline=self.deadline,
                guard=self.guard,
            )
        except HttpFailure as failure:
            writes = _writes(endpoint)
            raise errors.from_failure(Vendor.RELATIENT, failure, changes=writes) from None


def _writes(endpoint: str) -> bool:
    return not endpoint.startswith("GET ")


def _given(**params: str) -> dict[str, str]:
    return {name: value for name, value in params.items() if value}


def _conditions(key: str, etag: str) -> dict[str, str]:
    return _given(**{"Idempotency-Key": key, "If-Match": etag})
