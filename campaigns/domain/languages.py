"""The chart's language code (ISO 639-2, B or T, or junk) as BCP-47."""

from __future__ import annotations

import langcodes

# What athenahealth sends for "no answer"; they are no languages.
_NO_ANSWER = frozenset({"", "declined", "und", "mul", "zxx", "mis"})


def language_of(code: str, default: str) -> tuple[str, str]:
    """The language to write in, and how it was found: `stated` or `default`."""
    tag = tag_of(code)
    return (default, "default") if tag is None else (tag, "stated")


def tag_of(code: str) -> str | None:
    """The code as a BCP-47 tag in its usual spelling, or None when it names no language."""
    cleaned = (code or "").strip().lower()
    if cleaned in _NO_ANSWER:
        return None
    try:
        tag = langcodes.standardize_tag(cleaned)
    except ValueError:
        return None
    return tag if langcodes.Language.get(tag).is_valid() else None


def same_language(left: str, right: str) -> bool:
    """Whether two tags name one language, such as es and es-MX."""
    if left == right:
        return True
    tags = tag_of(left), tag_of(right)
    # A rule typed with something that is no language fits nobody, and must not stop the look.
    if None in tags:
        return False
    return len({langcodes.Language.get(tag).language for tag in tags if tag}) == 1
