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


@pytest.mark.parametrize(
    "raw",
    ["617-227-1234 (cell)", "cell: 617 227 1234", "C 6172271234", "6172271234 mobile phone"]
    + ["617-227-1234 celular", "móvil 617-227-1234"],
)
def test_a_word_for_what_the_number_is_hides_it_from_nobody(raw: str) -> None:
    assert dialable(raw) == textable(raw) == "+16172271234"


@pytest.mark.parametrize(
    "raw",
    ["617-227-1234 home", "(h) 617-227-1234", "617.227.1234/landline"]
    + ["617-227-1234 work", "casa: 617-227-1234"],
)
def test_what_is_called_a_landline_is_not_texted(raw: str) -> None:
    assert (dialable(raw), textable(raw)) == ("+16172271234", None)


@pytest.mark.parametrize(
    "raw",
    [
        "do not text 617-227-1234",
        "wrong number 6172271234",
        "617-227-1234 mom",
        "617-227-1234 or 617-227-1235",
        # Letters are no digits in somebody's own number.
        "617-CAT-1234",
        "617226 cell",
        "617-227 home",
        # The extension was left out.
        "617-226-7110 x",
        "617-226-7110 ext",
    ],
)
def test_any_other_word_leaves_no_number(raw: str) -> None:
    assert (dialable(raw), textable(raw), dialable_by_hand(raw)) == (None, None, None)


NUMBERS = st.tuples(
    st.sampled_from(["617", "312", "602", "213", "416"]),
    st.integers(220, 299).map(str),
    st.integers(0, 9999).map("{:04}".format),
)
BETWEEN = st.sampled_from(["", " ", "-", ".", "\u2013", "\u00a0", " - "])


@given(
    NUMBERS,
    st.sampled_from(["", "1", "+1", "1-", "+1 ", "1."]),
    st.tuples(BETWEEN, BETWEEN),
    st.booleans(),
    st.text(" \t\u200b", max_size=3),
)
def test_a_number_is_the_same_however_it_is_set(
    number: tuple[str, str, str], country: str, between: tuple[str, str], brackets: bool, end: str
) -> None:
    area, exchange, line = number
    first = f"({area})" if brackets else area
    raw = f"{country}{first}{between[0]}{exchange}{between[1]}{line}{end}"
    assert dialable(raw) == textable(raw) == f"+1{area}{exchange}{line}"


@given(
    NUMBERS,
    st.sampled_from(["x", " x", " X ", " ext ", " ext. ", ";ext=", " #", ",", " extension "]),
    st.integers(1, 99999),
)
def test_no_extension_is_lost_on_the_way(
    number: tuple[str, str, str], word: str, extension: int
) -> None:
    raw = f"{''.join(number)}{word}{extension}"
    assert (dialable(raw), textable(raw)) == (None, None)
    assert dialable_by_hand(raw) == f"+1{''.join(number)};ext={extension}"


@given(NUMBERS, st.text("0123456789", min_size=1, max_size=6), st.sampled_from(["", " ", "-", "/"]))
def test_digits_too_many_are_no_number(
    number: tuple[str, str, str], more: str, between: str
) -> None:
    raw = f"{''.join(number)}{between}{more}"
    assert (dialable(raw), dialable_by_hand(raw)) == (None, None)


@given(st.text(max_size=30))
def test_no_text_whatever_raises(raw: str) -> None:
    number = dialable(raw)
    assert number is None or (number.startswith("+1") and len(number) == 12)
    assert textable(raw) in (None, number)
