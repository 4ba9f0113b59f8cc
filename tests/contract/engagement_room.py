"""What the tests of an engagement gateway ask of a room, whichever vendor stands in it."""

from __future__ import annotations

import itertools

from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody
from campaigns.ports import EngagementGateway
from campaigns.vendor_records import EnrollmentRecord, PatientMirror

PRACTICE = "195900"
CAMPAIGN, OTHER_CAMPAIGN, SWITCHED_OFF = "cmp_followup_en", "cmp_general_en", "cmp_flu_2019_en"
# Every id is new, so that tests share one vendor without meeting each other's records.
numbers = itertools.count(900_001)


def patient_body(**fields: str | None) -> PatientBody:
    return {
        "patient": str(next(numbers)),
        "first_name": "Nora",
        "last_name": "Sampleton",
        "date_of_birth": "1980-02-03",
        "email": "nora@example.org",
        "mobile_phone": "+16172267001",
        "home_phone": None,
        "language": "en",
        **fields,
    }


def reminder_body(**visit: str) -> ReminderBody:
    return {
        "visit": {
            "appointment": str(next(numbers)),
            "starts_at": "2090-06-01T15:30:00Z",
            "time_zone": "America/New_York",
            "provider": "71",
            "provider_name": "Dr. Terry",
            "department_name": "",
            "type_name": "Follow-up",
            "modality": "in_person",
            "join_url": "",
            **visit,
        },
        "recipient": {
            "kind": "patient",
            "name": "",
            "relationship": "",
            "mobile_phone": "+16172267001",
            "home_phone": None,
            "email": "nora@example.org",
        },
        "lead_channel": "sms",
        "channels": ["sms", "email"],
    }


class EngagementRoom:
    """A practice connected to a vendor; what differs from vendor to vendor is below the line."""

    def patient(self, **fields: str | None) -> PatientMirror:
        body = patient_body(**fields)
        return self.gateway.create_patient(body, f"new-{body['patient']}")

    def enroll_body(self, reminder: ReminderBody | None = None) -> EnrollBody:
        return {
            "patient": self.patient().vendor_id,
            "campaign": CAMPAIGN,
            "reminder": reminder or reminder_body(),
            "send_window": {"start": "09:00", "end": "21:00"},
        }

    def enrollment(self) -> EnrollmentRecord:
        return self.gateway.enroll(self.enroll_body(), f"enroll-{next(numbers)}")

    @property
    def gateway(self) -> EngagementGateway:
        raise NotImplementedError

    def complete(self, enrollment: str) -> None:
        """The vendor has sent the last step."""
        raise NotImplementedError

    def texts_to(self, number: str) -> list[str]:
        """What a number of the practice's own is sent."""
        raise NotImplementedError
