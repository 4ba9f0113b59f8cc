"""Instants as the contract writes them: ISO-8601 in UTC with a Z."""

import re
from datetime import UTC, datetime, timedelta

DURATION = re.compile(r"^-P(?:(?P<days>\d+)D)?(?:T(?P<hours>\d+)H)?$")


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return moment.astimezone(UTC)


def before_appointment(offset: str) -> timedelta:
    """`-P7D` or `-PT3H`: how long before the appointment a step is sent."""
    match = DURATION.match(offset)
    if match is None:
        raise ValueError(offset)
    return timedelta(days=int(match["days"] or 0), hours=int(match["hours"] or 0))
