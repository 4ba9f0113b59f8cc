"""What the desk has done about a visit so far: its calls, in words, and who is calling now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.labels import REPLIES, REPLY_OUTCOMES
from campaigns.local_time import clock, lately, zone_of
from campaigns.models import CallClaim, Response

# How many calls a row names; the visit's own page has them all.
NAMED = 3
_CHART = {
    ReplyOutcome.APPLIED: "in the chart",
    ReplyOutcome.FOR_STAFF: "not in the chart",
    ReplyOutcome.PENDING: "on its way to the chart",
}


@dataclass(frozen=True)
class Attempt:
    """One call: how it went, when, by whom, and whether the chart knows."""

    words: str
    when: str
    by: str
    state: str
    note: str


@dataclass(frozen=True)
class Attempts:
    """The newest calls, and how many more there were; `note` is the last one that was left."""

    newest: tuple[Attempt, ...] = ()
    earlier: int = 0
    note: str = ""

    @property
    def total(self) -> int:
        """How often somebody called."""
        return len(self.newest) + self.earlier


@dataclass(frozen=True)
class Calling:
    """Who is calling about a visit just now."""

    user_id: int
    name: str
    since: str


def attempts_of(answers: Iterable[Response], zone: str, now: datetime) -> Attempts:
    """The desk's calls among the answers about a visit; newest first."""
    calls = [_attempt(a, zone, now) for a in answers if a.by_staff]
    note = next((call.note for call in calls if call.note), "")
    return Attempts(tuple(calls[:NAMED]), max(0, len(calls) - NAMED), note)


def _attempt(answer: Response, zone: str, now: datetime) -> Attempt:
    outcome = ReplyOutcome(answer.outcome)
    state = _CHART.get(outcome) or REPLY_OUTCOMES[outcome]
    if answer.hold_until is not None and answer.hold_until > now:
        state = "can be taken back"
    return Attempt(
        words=REPLIES[ReplyKind(answer.kind)],
        when=lately(answer.occurred_at, zone, now),
        by=called(answer.given_by),
        state=state,
        note=answer.note,
    )


def calling_on(row: Any, zone: str, now: datetime) -> Calling | None:
    """The claim of a visit that was read together with its claim; None when nobody calls."""
    claim: CallClaim | None = getattr(row, "claim", None)
    if claim is None or claim.until <= now:
        return None
    since = clock(claim.claimed_at.astimezone(zone_of(zone)))
    return Calling(claim.user_id, called(claim.user), since)


def called(user: Any) -> str:
    """A colleague by name."""
    return str(user.get_full_name() or user.get_username()) if user is not None else "a colleague"
