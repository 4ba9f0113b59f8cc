"""When a visit comes back to the desk after a call: nobody answered, or "call me later"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

# How long nobody is asked to call again after a call that nobody answered.
NO_ANSWER = timedelta(hours=2)
# The desk needs this long before the visit to try once more.
LAST_TRY = timedelta(hours=1)
_SOON = {
    "30m": ("in 30 minutes", timedelta(minutes=30)),
    "1h": ("in 1 hour", timedelta(hours=1)),
    "2h": ("in 2 hours", timedelta(hours=2)),
}
_AFTERNOON, _MORNING = time(14), time(9)


@dataclass(frozen=True)
class Offer:
    """One choice of when to call back; `at` is in the zone of the `now` it was made for."""

    code: str
    words: str
    at: datetime


def after_no_answer(now: datetime, starts_at: datetime | None) -> datetime | None:
    """When to try again: in two hours, but not past an hour before the visit; None is at once."""
    again = now + NO_ANSWER
    if starts_at is not None:
        again = min(again, starts_at - LAST_TRY)
    return again if again > now else None


def offers(now: datetime, starts_at: datetime | None) -> list[Offer]:
    """The choices for a call back, all before the visit; `now` is in the clinic's zone."""
    soon = [Offer(code, words, _after(now, wait)) for code, (words, wait) in _SOON.items()]
    afternoon = now.replace(hour=_AFTERNOON.hour, minute=0, second=0, microsecond=0)
    morning = afternoon.replace(hour=_MORNING.hour) + timedelta(days=1)
    more = [
        Offer("afternoon", "this afternoon", afternoon),
        Offer("tomorrow", "tomorrow morning", morning),
    ]
    return [one for one in soon + more if in_time(one.at, now, starts_at)]


def at_time(clock: time, now: datetime) -> datetime:
    """The next time that a clock at the clinic shows this: today, or tomorrow if it has passed."""
    today = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _after(now: datetime, wait: timedelta) -> datetime:
    # In the zone itself half an hour would be an hour and a half in the night of another clock.
    return (now.astimezone(UTC) + wait).astimezone(now.tzinfo)


def in_time(again: datetime, now: datetime, starts_at: datetime | None) -> bool:
    """Whether a call back lies ahead, and before the visit."""
    # Two times of one zone are compared by what the clock shows, which comes twice in one night.
    return again.astimezone(UTC) > now and (starts_at is None or again < starts_at)
