"""A practice connected to the simulated athenahealth over real HTTP, for the tests beside this."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from campaigns.models import Department, Practice
from campaigns.ports import Deadline
from integrations import vendors
from integrations.athenahealth.client import AthenaClient, client_for
from integrations.athenahealth.gateway import AthenaGateway
from integrations.models import Connection
from integrations.simulators.server import SimulatorServer

PRACTICE = "195900"
DEPARTMENTS = ("1", "62", "102")


def nobody_minds() -> None:
    """A guard that never finds the lease lost."""


@dataclass
class AthenaRoom:
    """The practice's connection, the vendor behind it, and what can be done to either."""

    server: SimulatorServer
    practice: Practice
    connection: Connection

    def client(
        self, *, seconds: float = 20, guard: Callable[[], None] = nobody_minds
    ) -> AthenaClient:
        self.connection.refresh_from_db()
        return client_for(self.connection, deadline=Deadline.after(seconds), guard=guard)

    def gateway(
        self, *, seconds: float = 20, guard: Callable[[], None] = nobody_minds
    ) -> AthenaGateway:
        return vendors.ehr(PRACTICE, deadline=Deadline.after(seconds), guard=guard)

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.server.url}/_sim/{path}", data, method=method)) as answer:
            return json.load(answer)

    def fault(self, kind: str, path: str, **more: Any) -> None:
        self.control("faults", {"kind": kind, "path": path, **more})

    def settings(self, **switches: Any) -> None:
        self.control("settings", switches)

    def state(self) -> dict[str, Any]:
        return self.control("state", method="GET")["athena"]

    def patient(self, **fields: Any) -> str:
        return self.control("athena/patients", fields)["patientid"]

    def book(self, patient: str, starts_at: str = "2090-06-01T15:30:00Z", **fields: Any) -> str:
        body = {"patientid": patient, "starts_at": starts_at, **fields}
        return self.control("athena/appointments", body)["appointmentid"]

    def row(self, appointment: str) -> dict[str, Any]:
        rows = self.state()["appointments"]
        return next(row for row in rows if row["appointmentid"] == appointment)


@pytest.fixture(scope="session")
def athena_server() -> Iterator[SimulatorServer]:
    with SimulatorServer(port=0, seed=1, scenario="tiny", practice_id=PRACTICE) as server:
        yield server


def _room(server: SimulatorServer) -> Iterator[AthenaRoom]:
    practice = Practice.objects.create(
        external_id=PRACTICE, name="Sample Clinic", athena_requests_per_second=10_000
    )
    for department in DEPARTMENTS:
        Department.objects.create(practice=practice, external_id=department, name=department)
    connection = Connection.objects.create(
        practice=practice,
        vendor="athenahealth",
        base_url=server.url,
        client_id="kept-demo",
        secret="demo-secret",
    )
    room = AthenaRoom(server, practice, connection)
    before = room.control("settings", method="GET")
    # Every test signs in anew, which the vendor would not allow.
    room.settings(token_requests_per_minute=100_000)
    yield room
    room.control("settings", before)
    room.control("faults", method="DELETE")


@pytest.fixture
def athena(athena_server: SimulatorServer, db: None) -> Iterator[AthenaRoom]:
    yield from _room(athena_server)


@pytest.fixture
def shared_athena(athena_server: SimulatorServer, transactional_db: None) -> Iterator[AthenaRoom]:
    """As athena, for tests with several threads or open transactions."""
    yield from _room(athena_server)
