"""How athenahealth writes time: starts local to the department, audit stamps in US Eastern."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DATE = "%m/%d/%Y"
STAMP = "%m/%d/%Y %H:%M:%S"
CLOCK = "%H:%M"


def eastern(instant: datetime) -> str:
    return instant.astimezone(EASTERN).strftime(STAMP)


@lru_cache(maxsize=20_000)
def from_eastern(text: str) -> datetime:
    return datetime.strptime(text, STAMP).replace(tzinfo=EASTERN).astimezone(UTC)


@lru_cache(maxsize=5_000)
def read_date(text: str) -> date:
    return datetime.strptime(text, DATE).replace(tzinfo=UTC).date()


def local_start(instant: datetime, zone: ZoneInfo) -> dict[str, str]:
    local = instant.astimezone(zone)
    return {"date": local.strftime(DATE), "starttime": local.strftime(CLOCK)}


def start_instant(row: dict[str, str], zone: ZoneInfo) -> datetime:
    local = datetime.strptime(f"{row['date']} {row['starttime']}", f"{DATE} {CLOCK}")  # noqa: DTZ007
    return local.replace(tzinfo=zone).astimezone(UTC)


def standard_offset_hours(zone: ZoneInfo, now: datetime) -> int:
    """The zone's offset without daylight saving."""
    local = now.astimezone(zone)
    return hours((local.utcoffset() or timedelta()) - (local.dst() or timedelta()))


def current_offset_hours(zone: ZoneInfo, now: datetime) -> int:
    return hours(now.astimezone(zone).utcoffset() or timedelta())


def hours(offset: timedelta) -> int:
    return int(offset.total_seconds() // 3600)
