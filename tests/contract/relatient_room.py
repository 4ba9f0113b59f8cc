"""A practice connected to the simulated Relatient over real HTTP, for the tests beside this."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from campaigns.models import Practice
from campaigns.ports import Deadline
from integrations.models import Connection
from integrations.relatient.client import RelatientClient
from integrations.relatient.gateway import RelatientGateway, client_for
from integrations.simulators.server import SimulatorServer
from tests.contract.engagement_room import PRACTICE, EngagementRoom


@dataclass
class Room(EngagementRoom):
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

    def complete(self, enrollment: str) -> None:
        self.control(f"relatient/enrollments/{enrollment}/complete", {})

    def texts_to(self, number: str) -> list[str]:
        return [one["body"] for one in self.state()["messages"] if one.get("to") == number]


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
