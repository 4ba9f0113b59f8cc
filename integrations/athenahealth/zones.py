"""The zone of a department, from whatever its row says about it (contract section 4.4).

`timezonename` is missing on old rows and spelled in two ways. Then the standard offset and
`doesnotobservedst` decide, for the zones of the United States. What stays open is "" (unknown):
a visit without a zone is blocked and shown, never guessed.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# The older spelling of the same zones.
TODAYS_NAME = {
    "US/Alaska": "America/Anchorage",
    "US/Aleutian": "America/Adak",
    "US/Arizona": "America/Phoenix",
    "US/Central": "America/Chicago",
    "US/East-Indiana": "America/Indiana/Indianapolis",
    "US/Eastern": "America/New_York",
    "US/Hawaii": "Pacific/Honolulu",
    "US/Indiana-Starke": "America/Indiana/Knox",
    "US/Michigan": "America/Detroit",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
    "US/Samoa": "Pacific/Pago_Pago",
}

# Standard offset in hours, and whether summer time is kept.
BY_OFFSET = {
    (-4, False): "America/Puerto_Rico",
    (-5, True): "America/New_York",
    # No state is left with this; Panama is Eastern Standard Time all year.
    (-5, False): "America/Panama",
    (-6, True): "America/Chicago",
    (-7, True): "America/Denver",
    (-7, False): "America/Phoenix",
    (-8, True): "America/Los_Angeles",
    (-9, True): "America/Anchorage",
    (-10, True): "America/Adak",
    (-10, False): "Pacific/Honolulu",
}
# When the row is silent about summer time: what nearly everybody at that offset does.
WITHOUT_SUMMER_TIME = frozenset({-4, -10})


def department_zone(name: str, offset: int | None, no_summer_time: bool | None) -> str:
    """The IANA name, or "" when it cannot be known."""
    if "/" in name and _exists(name):
        return TODAYS_NAME.get(name, name)
    if offset is None:
        return ""
    if no_summer_time is None:
        no_summer_time = offset in WITHOUT_SUMMER_TIME
    return BY_OFFSET.get((offset, not no_summer_time), "")


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name of a folder of the zone database, such as America.
        return False
    return True
