"""Everything both vendors hold, behind one lock."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import RLock

from .athenahealth.gateway import AthenaGateway
from .faults import FaultDesk
from .ledger import Ledger
from .postbox import Postbox
from .relatient.gateway import RelatientGateway
from .storm import Storm
from .switches import Switches

PRACTICE_ID = "195900"


def wall_clock() -> datetime:
    return datetime.now(tz=UTC)


class Simulation:
    def __init__(
        self,
        *,
        seed: int = 1,
        clock: Callable[[], datetime] = wall_clock,
        practice_id: str = PRACTICE_ID,
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.practice_id = practice_id
        self.lock = RLock()
        self.switches = Switches()
        self.faults = FaultDesk()
        self.ledger = Ledger()
        self.storm = Storm()
        self.postbox = Postbox(self.switches, clock, seed)
        self.athena = AthenaGateway(practice_id, self.switches, clock, self.ledger, self.postbox)
        self.relatient = RelatientGateway(self.switches, clock, self.ledger, self.postbox)

    def external_id(self, id: str) -> str:
        """How Relatient is told of athenahealth's patients, appointments and providers."""
        return f"athena:{self.practice_id}:{id}"
