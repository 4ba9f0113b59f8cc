"""What a run counted and how long it took, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

# Counted name, then the words after a number; in the order in which they are said.
_COUNTED = {
    "seen": "seen",
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "duplicate": "known already",
    "accepted": "taken in",
    "would_enroll": "would get reminders",
    "checked": "compared",
    "drift": "differed",
    "repaired": "mended since",
    "by_hand": "changed at Relatient by hand",
    "written_twice": "written twice in the chart",
    "doubted": "to be read again",
    "expired": "times the vendor had dropped events",
    "errors": "could not be taken in",
}


def counted(counts: Mapping[str, Any]) -> str:
    """12 seen, 3 new, 1 could not be taken in; what is zero is left out."""
    numbers = {name: count for name, count in counts.items() if type(count) is int and count}
    known = [f"{numbers[name]:,} {words}" for name, words in _COUNTED.items() if name in numbers]
    others = [
        f"{count:,} {name.replace('_', ' ')}"
        for name, count in sorted(numbers.items())
        if name not in _COUNTED
    ]
    return ", ".join([*known, *others]) or "nothing new"


def lasted(time: timedelta) -> str:
    """under a second, 12 seconds, 3 min 20 s, 2 h 5 min."""
    seconds = int(time.total_seconds())
    if seconds < 1:
        return "under a second"
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"
