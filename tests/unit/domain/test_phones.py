"""Which numbers can be texted or called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.phones import dialable, dialable_by_hand, textable


@pytest.mark.parametrize(
    "raw", ["6172271234", "(617) 227-1234", "617.227.1234", "+1 617 227 1234", "1-617-227-1234"]
)
def test_every_way_to_write_a_number_is_one_number(raw: str) -> None:
    assert dialable(raw) == textable(raw) == "+16172271234"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "none",
        "227-1234",
        "000-000-0000",
        "999-999-9999",
        "1234567890",
        "617227123",
        "+44 20 7946 0018",
        "+52 55 1234 5678",
        "617-555-0123",
    ],
)
def test_what_is_malformed_foreign_or_fictitious_reaches_nobody(raw: str) -> None:
    assert dialable(raw) is None
    assert textable(raw) is None


@pytest.mark.parametrize("raw", ["800-345-1234", "888-345-1234", "900-345-1234"])
def test_toll_free_and_premium_numbers_are_not_texted(raw: str) -> None:
    assert textable(raw) is None


def test_a_toll_free_number_can_be_called() -> None:
    assert dialable("800-345-1234") == "+18003451234"


def test_canada_is_in_the_same_plan() -> None:
    assert textable("416-323-1234") == "+14163231234"


@pytest.mark.parametrize("raw", ["617-226-7110 x204", "617-226-7110 ext. 204", "6172267110,204"])
def test_a_switchboard_is_called_by_hand_only(raw: str) -> None:
    assert dialable(raw) is None
    assert textable(raw) is None
    number = dialable_by_hand(raw)
    assert number is not None and number.startswith("+16172267110")


def test_by_hand_the_extension_stays_with_the_number() -> None:
    assert dialable_by_hand("617-226-7110 x204") == "+16172267110;ext=204"
    assert dialable_by_hand("617-227-1234") == "+16172271234"


@given(st.text(max_size=30))
def test_no_text_whatever_raises(raw: str) -> None:
    number = dialable(raw)
    assert number is None or (number.startswith("+1") and len(number) == 12)
    assert textable(raw) in (None, number)
