"""Whether two texts say the same, however somebody spelled them: names, and whole reminders."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from campaigns.domain.effects import ReminderBody

# A digit more or less in any of these is another appointment, another link, another moment.
EXACT = frozenset({"appointment", "provider", "starts_at", "join_url"})
PHONES = frozenset({"mobile_phone", "home_phone"})
NATIONAL_DIGITS = 10


def plain_words(text: str) -> list[str]:
    """Lower case and without accents: "nunez" for Núñez."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))


def alike(one: ReminderBody | None, other: ReminderBody | None) -> bool:
    """Equal but for letter case, blanks, the order of channels and how phones are written."""
    return one is not None and other is not None and _plain("", one) == _plain("", other)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(key, child) for key, child in value.items()}
    if isinstance(value, list):
        return sorted(str(child) for child in value)
    text = str(value or "")
    if name in EXACT:
        return text
    if name in PHONES:
        return "".join(filter(str.isdigit, text))[-NATIONAL_DIGITS:]
    return " ".join(text.casefold().split())
