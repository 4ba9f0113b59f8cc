"""Which addresses are written to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.emails import address, typed_for_none

JANE = "jane@example.org"


@pytest.mark.parametrize(
    "raw",
    [
        JANE,
        f" {JANE} ",
        f"{JANE},",
        f"{JANE};",
        f"{JANE}.",
        f"<{JANE}>",
        f"'{JANE}'",
        f"mailto:{JANE}",
        "jane@exam\u200bple.org",
        "\ufeffjane@example.org",
        "jane @ example.org",
        f"{JANE}\r\n",
    ],
)
def test_what_has_one_reading_is_mended(raw: str) -> None:
    assert address(raw) == JANE


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "none",
        "jane",
        "@example.org",
        "jane@",
        "jane@example",
        "jane@example..org",
        "jane..doe@example.org",
        ".@example.org",
        "jane@example.org@example.org",
        "jane@example.org, joe@example.org",
        "jane@example.org joe@example.org",
        "jane doe@example.org",
        "jane@-example.org",
        "jane@example.o",
        "jane@example.123",
        "jane@192.168.0.1",
        "ja\u00a0ne@example.org",
        f"{'j' * 65}@example.org",
        f"jane@{'e' * 250}.org",
    ],
)
def test_what_has_none_or_several_is_no_address(raw: str) -> None:
    assert address(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "none@none.com",
        "jane@none.com.mx",
        "na@na.co.uk",
        "NONE@none.com",
        "none@gmail.com",
        "noemail@noemail.com",
        "no-email@gmail.com",
        "no.email@clinic.org",
        "na@na.com",
        "n/a@na.net",
        "declined@declined.com",
        "refused@yahoo.com",
        "unknown@unknown.org",
        "patient@noemail.org",
        "jane@none.com",
        "jane@mail.invalid",
        "jane@example.test",
        "jane@host.example",
        "x@x.com",
    ],
)
def test_what_is_typed_for_want_of_an_address_is_none(raw: str) -> None:
    assert address(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "jane@example.org",
        "jane@example.com",
        "jane@example.net",
        "na@lakeside.org",
        "nadia.none-smith@lakeside.org",
        "jane@nonesuch.org",
        "jane@testing.org",
        "unknownartist@example.org",
        "no.one@example.org",
        "jane+kept@mail.example.org",
        "o'neil@example.org",
        "Jane.Doe@Example.ORG",
        "jane@xn--bcher-kva.example.org",
    ],
)
def test_people_with_odd_names_keep_their_addresses(raw: str) -> None:
    assert address(raw) == raw


@given(st.text(max_size=60))
def test_no_text_whatever_raises_and_what_is_found_stays(raw: str) -> None:
    found = address(raw)
    assert found is None or (found.count("@") == 1 and address(found) == found)


@given(
    st.emails(domains=st.sampled_from(["example.org", "lakeside.example.com"])),
    st.text(" ,;<>\u200b\u200d\ufeff", max_size=4),
    st.text(" ,;<>\u200b\u200d\ufeff", max_size=4),
)
def test_nothing_around_an_address_hides_it(plain: str, before: str, behind: str) -> None:
    assert address(before + plain + behind) == address(plain)


NONE_WORDS = ["none", "noemail", "no-email", "No.Email", "declined", "refused", "unknown", "NONE1"]


@given(
    st.sampled_from(NONE_WORDS),
    st.sampled_from(["jane", "j.doe", "front-desk"]),
    st.sampled_from(["com", "org", "net", "co", "clinic", "xn--p1ai"]),
    st.booleans(),
)
def test_a_word_for_none_is_none_as_name_and_as_domain_with_any_ending(
    word: str, other: str, ending: str, as_name: bool
) -> None:
    domain = word.replace(".", "")
    raw = f"{word}@{other}.{ending}" if as_name else f"{other}@{domain}.{ending}"
    assert address(raw) is None


@given(
    st.emails(domains=st.just("example.org")),
    st.sampled_from([".invalid", ".test", ".example", ".localhost", ".local", ".TEST"]),
)
def test_no_name_is_reached_at_an_ending_that_delivers_to_nobody(mail: str, ending: str) -> None:
    assert address(mail.replace(".org", ending)) is None


@given(
    st.emails(domains=st.just("example.org")),
    st.emails(domains=st.just("example.com")),
    st.sampled_from([",", ", ", ";", " ", " or ", "/", "\n", " <"]),
)
def test_of_two_addresses_nobody_guesses_one(one: str, other: str, between: str) -> None:
    assert address(one + between + other) is None


@pytest.mark.parametrize(
    "raw",
    ["notiene@notiene.com", "No.Tiene@example.org", "x@no-tiene.mx"]
    + ["mailto:notiene@example.org", "<noti\u200bene@example.org>,", "x@notiene.com.mx"],
)
def test_a_practice_adds_its_own_words_for_having_no_address(raw: str) -> None:
    assert typed_for_none(raw, ["notiene"])
    assert not typed_for_none(raw, ["ninguno"])
    assert not typed_for_none("ada.notienes@example.org", ["notiene"])
