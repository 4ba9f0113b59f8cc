"""Moments as people at the clinic say them: in the clinic's zone, which is named when in doubt."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

_REGIONS = ("America/", "Pacific/", "US/")


def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name, as rows hold it: checked when it was stored."""
    return ZoneInfo(name or "UTC")


def clock(moment: datetime) -> str:
    """2:30 PM."""
    return f"{moment:%I:%M %p}".lstrip("0")


def day(moment: datetime) -> str:
    """Monday, November 23."""
    return f"{moment:%A, %B} {moment.day}"


def day_and_time(moment: datetime, zone: str, now: datetime) -> str:
    """2:30 PM today; else with the day: tomorrow, 2:30 PM; Monday, November 23, 2:30 PM."""
    local, today = moment.astimezone(zone_of(zone)), now.astimezone(zone_of(zone)).date()
    days = {today: "", today + timedelta(days=1): "tomorrow, "}
    return f"{days.get(local.date(), f'{day(local)}, ')}{clock(local)}"


def relative_day(local: datetime, today: datetime) -> str:
    """Today, Monday, November 23; Tomorrow, Tuesday, November 24; else the day alone."""
    ahead = local.date() - today.date()
    near = {timedelta(0): "Today, ", timedelta(1): "Tomorrow, "}
    return near.get(ahead, "") + day(local)


def spoken(moment: datetime | None, zone: str) -> str:
    """Mon, Nov 23, 2026, 2:30 PM EST: complete, for lists and timelines."""
    if moment is None:
        return ""
    local = moment.astimezone(zone_of(zone))
    return f"{local:%a, %b} {local.day}, {local.year}, {clock(local)} {local.tzname()}"


def lately(moment: datetime, zone: str, now: datetime) -> str:
    """today, 2:30 PM; yesterday, 2:30 PM; Nov 20, 2:30 PM: for what happened these days."""
    local, today = moment.astimezone(zone_of(zone)), now.astimezone(zone_of(zone)).date()
    ago = (today - local.date()).days
    said = {0: "today", 1: "yesterday"}.get(ago, f"{local:%b} {local.day}")
    return f"{said}, {clock(local)}"


def ago(moment: datetime, now: datetime) -> str:
    """just now, 3 minutes ago, 2 hours ago, 5 days ago: how long something lasts already."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for size, unit in ((2 * 24 * 60, "day"), (2 * 60, "hour")):
        if minutes >= size:
            return f"{minutes // (size // 2)} {unit}s ago"
    return f"{minutes} minute{'' if minutes == 1 else 's'} ago"


def city(zone: str) -> str:
    """Los Angeles, for America/Los_Angeles."""
    return zone.rpartition("/")[2].replace("_", " ")


def zone_choices() -> list[tuple[str, str]]:
    """Every zone by its IANA name, those of the Americas and the Pacific first."""
    names = sorted(name for name in available_timezones() if "/" in name)
    names.sort(key=lambda name: not name.startswith(_REGIONS))
    return [(name, name.replace("_", " ")) for name in names]
