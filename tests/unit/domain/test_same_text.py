"""What counts as the same reminder in another spelling, and what does not."""

from copy import deepcopy
from typing import Any

import pytest

from campaigns.domain.effects import ReminderBody
from campaigns.domain.same_text import alike

HELD: ReminderBody = {
    "visit": {
        "appointment": "1001",
        "starts_at": "2026-03-02T15:00:00Z",
        "time_zone": "America/New_York",
        "provider": "71",
        "provider_name": "Dr. Ada Quill",
        "department_name": "Harbor North",
        "type_name": "Annual visit",
        "modality": "telehealth",
        "join_url": "https://video.example.org/aBc",
    },
    "recipient": {
        "kind": "patient",
        "name": "",
        "relationship": "",
        "mobile_phone": "+16175550123",
        "home_phone": None,
        "email": "nova@example.org",
    },
    "lead_channel": "sms",
    "channels": ["sms", "email"],
}


def changed(part: str, name: str, value: Any) -> Any:
    other: Any = deepcopy(HELD)
    if part:
        other[part][name] = value
    else:
        other[name] = value
    return other


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("visit", "provider_name", " dr.  ADA quill"),
        ("recipient", "mobile_phone", "(617) 555-0123"),
        ("recipient", "home_phone", ""),
        ("recipient", "email", "Nova@Example.org"),
        ("", "channels", ["email", "sms"]),
    ],
)
def test_spelled_differently(part: str, name: str, value: Any) -> None:
    assert alike(HELD, changed(part, name, value))


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("visit", "starts_at", "2026-03-02T15:30:00Z"),
        ("visit", "join_url", "https://video.example.org/abc"),
        ("visit", "department_name", "Harbor South"),
        ("recipient", "mobile_phone", "+16175550124"),
        ("recipient", "email", None),
        ("", "channels", ["sms"]),
        ("", "lead_channel", "email"),
    ],
)
def test_something_else(part: str, name: str, value: Any) -> None:
    assert not alike(HELD, changed(part, name, value))


def test_nothing_is_like_nothing() -> None:
    assert not alike(None, HELD) and not alike(HELD, None) and not alike(None, None)
