"""A practice connected to the simulated Relatient over real HTTP, for the tests beside this."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody
from campaigns.models import Practice
from campaigns.ports import Deadline
from campaigns.vendor_records import EnrollmentRecord, PatientMirror
from integrations.models import Connection
from integrations.relatient.client import RelatientClient
from integrations.relatient.gateway import RelatientGateway, client_for
from integrations.simulators.server import SimulatorServer

PRACTICE = "195900"
CAMPAIGN = "cmp_followup_en"
# Every id is new, so that tests share one simulator without meeting each other's records.
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


@dataclass
class Room:
    """The practice's connection, the vendor behind it, and what can be done to either."""

    server: SimulatorServer
    connection: Connection

    def client(
        self, *, seconds: float = 20, guard: Callable[[], None] = lambda: None
    ) -> RelatientClient:
        self.connection.refresh_from_db()
        return client_for(self.connection, deadline=Deadline.after(seconds), guard=guard)

    @property
    def gateway(self) -> RelatientGateway:
        return RelatientGateway(self.client())

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.server.url}/_sim/{path}", data, method=method)) as answer:
            return json.load(answer)

    def fault(self, kind: str, path: str, **more: Any) -> None:
        self.control("faults", {"kind": kind, "path": path, **more})

    def settings(self, **switches: Any) -> None:
        self.control("settings", switches)

    def state(self) -> dict[str, Any]:
        return self.control("state", method="GET")["relatient"]

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


@pytest.fixture(scope="session")
def relatient_server() -> Iterator[SimulatorServer]:
    with SimulatorServer(port=0, seed=1, scenario="tiny", practice_id=PRACTICE) as server:
        # Many short tests share this vendor within one second; those of the limit set their own.
        server.simulation.switches.relatient_requests_per_second = 1_000_000
        yield server


@pytest.fixture
def room(relatient_server: SimulatorServer, db: None) -> Iterator[Room]:
    practice = Practice.objects.create(
        external_id=PRACTICE, name="Sample Clinic", relatient_requests_per_second=10_000
    )
    connection = Connection.objects.create(
        practice=practice,
        vendor="relatient",
        base_url=f"{relatient_server.url}/relatient",
        secret="demo-relatient-key",
    )
    room = Room(relatient_server, connection)
    before = room.control("settings", method="GET")
    yield room
    room.control("settings", before)
    room.control("faults", method="DELETE")
