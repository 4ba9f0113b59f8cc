"""A practice connected to both simulated vendors over real HTTP, and what the vendors then hold.

Assertions are made on the simulators' state, not on our own tables.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from audit.context import acting_as
from campaigns.models import Campaign, CampaignRule, Practice
from integrations import operations
from integrations.bootstrap import bootstrap
from integrations.simulators.server import SimulatorServer

PRACTICE = "195900"
JSON = dict[str, Any]

RULES = [
    ("82", "any", "standard", "any", "cmp_preventive_en"),
    ("82", "any", "enhanced", "any", "cmp_preventive_en_high"),
    ("83", "any", "any", "any", "cmp_followup_en"),
    ("91", "any", "any", "any", "cmp_telehealth_en"),
]


def seed(url: str) -> JSON:
    """What the environment would say of this practice."""
    return {
        "ATHENA_BASE_URL": url,
        "ATHENA_CLIENT_ID": "kept-demo",
        "ATHENA_CLIENT_SECRET": "demo-secret",
        "ATHENA_PRACTICE_ID": PRACTICE,
        "ATHENA_WEBHOOK_SECRET": "",
        "RELATIENT_BASE_URL": f"{url}/relatient",
        "RELATIENT_API_KEY": "demo-relatient-key",
        "RELATIENT_WEBHOOK_SECRET": "",
        "PRACTICE_NAME": "Harbor Family Health",
        "PRACTICE_TIME_ZONE": "America/New_York",
        "PRACTICE_LANGUAGE": "en",
        "WAITLIST_PHONE": "+16172530199",
        "ALERT_EMAILS": ["admin@example.org"],
    }


class Clinic:
    """The practice, and both vendors' books."""

    def __init__(self, simulator: SimulatorServer) -> None:
        self.url = simulator.url

    def open(self) -> Practice:
        """Bootstrap, and map the campaigns."""
        with acting_as(process="test"):
            report = bootstrap()
        assert all(c["ok"] for c in report["connections"].values()), report["connections"]
        practice = self.practice
        practice.athena_requests_per_second = practice.relatient_requests_per_second = 1000
        practice.retry_base_seconds = 0.01
        practice.save()
        for type_id, modality, risk, language, campaign in RULES:
            CampaignRule.objects.create(
                practice=practice,
                appointment_type_id=type_id,
                modality=modality,
                risk=risk,
                language=language,
                campaign=Campaign.objects.get(practice=practice, external_id=campaign),
            )
        return practice

    @property
    def practice(self) -> Practice:
        """Read afresh."""
        return Practice.objects.get(external_id=PRACTICE)

    def sync(self) -> JSON:
        """What the operator's `sync` does."""
        with acting_as(process="test"):
            return operations.sync(self.practice)

    def control(self, path: str, body: Any = None, method: str = "POST") -> JSON:
        """Something happens at a vendor."""
        reply = requests.request(method, f"{self.url}/_sim/{path}", json=body or {}, timeout=10)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else {}

    def state(self) -> JSON:
        """Everything both vendors hold."""
        return requests.get(f"{self.url}/_sim/state", timeout=10).json()

    def patient(self, **fields: Any) -> str:
        """A patient in athenahealth; an empty description is a reachable adult."""
        return self.control("athena/patients", fields)["patientid"]

    def book(self, patient: str, days: float = 2, **fields: Any) -> str:
        """An appointment in athenahealth, some days ahead."""
        starts = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
        body = {"patientid": patient, "starts_at": starts.isoformat(), **fields}
        return self.control("athena/appointments", body)["appointmentid"]

    def answer(self, appointment: str, kind: str, **fields: Any) -> JSON:
        """The patient answers the reminder."""
        return self.control(
            "relatient/answer", {"appointmentid": appointment, "type": kind, **fields}
        )

    def chart(self, appointment: str) -> JSON:
        """The appointment's row in athenahealth."""
        rows = self.state()["athena"]["appointments"]
        rows = rows.values() if isinstance(rows, dict) else rows
        return next(row for row in rows if str(row["appointmentid"]) == appointment)

    def enrollments(self, appointment: str | None = None) -> list[JSON]:
        """Relatient's enrollments, of one appointment or all."""
        rows = self.state()["relatient"]["enrollments"]
        rows = list(rows.values()) if isinstance(rows, dict) else rows
        if appointment is None:
            return rows
        wanted = f"athena:{PRACTICE}:{appointment}"
        return [row for row in rows if row["appointment"]["external_id"] == wanted]

    def active(self, appointment: str) -> list[JSON]:
        """The active ones of an appointment."""
        return [row for row in self.enrollments(appointment) if row["status"] == "active"]

    def writes(self) -> list[JSON]:
        """Every state-changing call that a vendor accepted, in order."""
        return self.state()["writes"]
