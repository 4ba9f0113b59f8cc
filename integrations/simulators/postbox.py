"""What the vendors still have to tell by webhook: batching, disorder, retries, dead letters.

An event goes to each destination that listens. Events wait for a moment and leave together as a
parcel. One that is not answered with 2xx is sent again after `webhook_retry_seconds`, twice as long
each time, until it is too old: then it is given up and can be asked for again.

Everything here happens under the simulation's lock; sending.py does the talking, without it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from threading import Event as Signal
from typing import Any, Protocol

from .relatient.times import instant
from .switches import Switches

Event = dict[str, Any]

LONGEST_PAUSE = timedelta(hours=1)
# A vendor replays what was given up for up to seven days (contract, section 7).
DEAD_LETTERS_HELD = timedelta(days=7)
DELIVERED_REMEMBERED = 2000


class Destination(Protocol):
    """Who is told, and how the vendor writes to them."""

    @property
    def vendor(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def timeout_seconds(self) -> float: ...
    @property
    def retry_for_seconds(self) -> float: ...

    def listens(self, now: datetime) -> bool: ...
    def letter(self, parcel: "Parcel", now: datetime) -> tuple[bytes, dict[str, str]]: ...
    def settled(self, parcel: "Parcel", accepted: bool) -> None: ...


@dataclass
class Parcel:
    """One POST to make, without events for a handshake, or where `says` names the status that a
    heartbeat or a handshake tells of.

    `state` is waiting, sending, delivered or given_up.
    """

    number: int
    to: Destination
    events: list[Event]
    made_at: datetime
    due_at: datetime
    state: str = "waiting"
    attempts: int = 0
    answer: str = ""
    ended_at: datetime | None = None
    says: tuple[str, str] | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "vendor": self.to.vendor,
            "to": self.to.name,
            "url": self.to.url,
            "handshake": not self.events,
            "events": [event["id"] for event in self.events],
            "state": self.state,
            "attempts": self.attempts,
            "answer": self.answer,
            "made_at": instant(self.made_at),
            "due_at": instant(self.due_at),
            "ended_at": instant(self.ended_at) if self.ended_at else None,
        }


@dataclass
class Pending:
    """The events of one destination that are in no parcel yet."""

    to: Destination
    events: list[Event] = field(default_factory=list)
    oldest: datetime | None = None


class Postbox:
    def __init__(self, switches: Switches, clock: Callable[[], datetime], seed: int) -> None:
        self.switches = switches
        self.clock = clock
        self.rng = Random(f"post:{seed}")
        self.numbers = count(1)
        self.pending: dict[str, Pending] = {}
        self.heap: list[tuple[datetime, int, Parcel]] = []
        self.sending: dict[int, Parcel] = {}
        self.given_up: list[Parcel] = []
        self.delivered: deque[Parcel] = deque(maxlen=DELIVERED_REMEMBERED)
        self.totals = {"delivered": 0, "dropped": 0, "attempts": 0}
        self.signal = Signal()

    def add(self, to: Destination, event: Event) -> None:
        pending = self.pending.setdefault(to.name, Pending(to))
        pending.oldest = pending.oldest or self.clock()
        pending.events.append(event)
        self.signal.set()

    def shake_hands(self, to: Destination) -> None:
        self._post(to, [])

    def report(self, to: Destination, kind: str, status: str) -> None:
        """A heartbeat or a handshake that says how the subscription stands."""
        self._post(to, [], (kind, status))

    def _post(
        self, to: Destination, events: list[Event], says: tuple[str, str] | None = None
    ) -> None:
        now = self.clock()
        parcel = Parcel(next(self.numbers), to, events, made_at=now, due_at=now, says=says)
        heappush(self.heap, (now, parcel.number, parcel))
        self.signal.set()

    def take(self) -> Parcel | None:
        """The next parcel that is due, now being sent; drops what nobody listens for any more."""
        now = self.clock()
        self._pack(now)
        while self.heap and self.heap[0][0] <= now:
            parcel = heappop(self.heap)[2]
            if parcel.says is None and not parcel.to.listens(now):
                self.totals["dropped"] += max(len(parcel.events), 1)
                continue
            parcel.state = "sending"
            parcel.attempts += 1
            self.totals["attempts"] += 1
            self.sending[parcel.number] = parcel
            return parcel
        return None

    def _pack(self, now: datetime) -> None:
        hold = timedelta(seconds=self.switches.webhook_hold_seconds)
        size = max(self.switches.webhook_batch, 1)
        for name, pending in list(self.pending.items()):
            held_long_enough = pending.oldest is None or now - pending.oldest >= hold
            while len(pending.events) >= size or (pending.events and held_long_enough):
                self._pack_one(pending, size)
            if not pending.events:
                del self.pending[name]

    def _pack_one(self, pending: Pending, size: int) -> None:
        chosen, pending.events = self._chosen(pending.events, size)
        if not self._happens(self.switches.webhook_duplicate):
            self._post(pending.to, chosen)
        elif self.rng.random() < 0.5:
            self._post(pending.to, chosen)
            self._post(pending.to, list(chosen))
        else:
            self._post(pending.to, [*chosen, *chosen])

    def _chosen(self, events: list[Event], size: int) -> tuple[list[Event], list[Event]]:
        """The oldest, or any of them in any order."""
        if not self._happens(self.switches.webhook_shuffle):
            return events[:size], events[size:]
        order = self.rng.sample(range(len(events)), min(size, len(events)))
        rest = [event for place, event in enumerate(events) if place not in set(order)]
        return [events[place] for place in order], rest

    def _happens(self, share: float) -> bool:
        return self.rng.random() < share

    def settle(self, parcel: Parcel, accepted: bool, answer: str) -> None:
        """An attempt is over: `answer` is the status, or the name of what went wrong."""
        now = self.clock()
        del self.sending[parcel.number]
        parcel.answer = answer
        if accepted:
            parcel.state, parcel.ended_at = "delivered", now
            self.delivered.append(parcel)
            self.totals["delivered"] += 1
            parcel.to.settled(parcel, True)
            return
        pause = timedelta(seconds=self.switches.webhook_retry_seconds)
        parcel.due_at = now + min(pause * 2 ** min(parcel.attempts - 1, 30), LONGEST_PAUSE)
        if parcel.due_at - parcel.made_at > timedelta(seconds=parcel.to.retry_for_seconds):
            parcel.state, parcel.ended_at = "given_up", now
            self.given_up.append(parcel)
            parcel.to.settled(parcel, False)
        else:
            parcel.state = "waiting"
            heappush(self.heap, (parcel.due_at, parcel.number, parcel))

    def replay(self, numbers: list[int] | None) -> int:
        """Send dead letters again, all or these; how many there were."""
        now = self.clock()
        held = [one for one in self.given_up if now - (one.ended_at or now) <= DEAD_LETTERS_HELD]
        chosen = [one for one in held if numbers is None or one.number in numbers]
        self.given_up = [one for one in held if one not in chosen]
        for parcel in chosen:
            parcel.state, parcel.attempts, parcel.ended_at = "waiting", 0, None
            parcel.made_at = parcel.due_at = now
            heappush(self.heap, (now, parcel.number, parcel))
        self.signal.set()
        return len(chosen)

    def shown(self) -> dict[str, Any]:
        waiting = [entry[2] for entry in sorted(self.heap, key=lambda entry: entry[:2])]
        unpacked = sum(len(one.events) for one in self.pending.values())
        return {
            "unpacked": unpacked,
            "waiting": [one.shown() for one in [*self.sending.values(), *waiting]],
            "delivered": [one.shown() for one in self.delivered],
            "given_up": [one.shown() for one in self.given_up],
            "totals": dict(self.totals),
        }
