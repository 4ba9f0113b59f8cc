"""The chart's language codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.languages import language_of, same_language, tag_of


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("eng", "en"),
        ("spa", "es"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("ger", "de"),
        ("deu", "de"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("ENG", "en"),
        (" spa ", "es"),
        ("es-mx", "es-MX"),
    ],
)
def test_both_kinds_of_iso_codes_are_understood(code: str, tag: str) -> None:
    assert language_of(code, "ht") == (tag, "stated")


@pytest.mark.parametrize(
    "code", ["", "declined", "Declined", "und", "mul", "zxx", "junk", "q!", "xx"]
)
def test_no_answer_and_junk_mean_the_practices_language(code: str) -> None:
    assert language_of(code, "en") == ("en", "default")


def test_null_means_the_practices_language() -> None:
    assert language_of(None, "en") == ("en", "default")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("es", "es", True),
        ("es", "es-MX", True),
        ("es-ES", "es-MX", True),
        ("es", "en", False),
        ("en", "no language", False),
        ("", "en", False),
    ],
)
def test_regions_do_not_make_another_language(left: str, right: str, same: bool) -> None:
    assert same_language(left, right) is same_language(right, left) is same


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_whatever_raises(left: str, right: str) -> None:
    tag = tag_of(left)
    assert tag is None or tag_of(tag) == tag
    same_language(left, right)
