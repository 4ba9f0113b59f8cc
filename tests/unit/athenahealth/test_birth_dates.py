"""A date of birth in every form that people type: what it may mean, and never less."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.snapshot import BIRTH_DATE
from integrations.athenahealth import translate
from integrations.athenahealth.birth_dates import readings
from integrations.athenahealth.times import vendor_date

MARCH_4, APRIL_3 = date(2017, 3, 4), date(2017, 4, 3)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2017-03-04", (MARCH_4, APRIL_3)),
        ("2017/3/4", (MARCH_4, APRIL_3)),
        ("03.04.2017", (MARCH_4, APRIL_3)),
        ("03-04-2017", (MARCH_4, APRIL_3)),
        ("2017-03-04T00:00:00", (MARCH_4, APRIL_3)),
        ("13/04/2017", (date(2017, 4, 13),)),
        ("March 4, 2017", (MARCH_4,)),
        ("4th of Mar. 2017", (MARCH_4,)),
        ("20170304", (MARCH_4, APRIL_3)),
        ("0304 2017", ()),
        ("2017", ()),
        ("unknown", ()),
        ("13/45/1990", ()),
        ("00/00/0000", ()),
        ("01/01/0001", ()),
        ("?", ()),
    ],
)
def test_a_date_is_read_in_every_way_it_can_be(text: str, meant: tuple[date, ...]) -> None:
    assert readings(text) == meant


def test_two_digits_of_a_year_stand_for_either_century() -> None:
    found = readings("03/04/17")
    assert {day.year for day in found} >= {1917, 2017}
    assert MARCH_4 in found


FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%m-%d-%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%m%d%Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d-%b-%y",
    "%m/%d/%Y 00:00",
    " %m / %d / %Y ",
)


@given(st.dates(date(1901, 1, 1), date(2026, 12, 1)), st.sampled_from(FORMS))
def test_what_was_meant_is_always_among_the_readings(born: date, form: str) -> None:
    assert born in readings(born.strftime(form))


@given(st.text(max_size=20) | st.integers() | st.lists(st.integers()) | st.booleans())
def test_what_cannot_be_read_is_never_taken_for_absent(value: object) -> None:
    row = translate.patient({"patientid": "1", "dob": value})
    absent = value is None or (isinstance(value, str) and not value.strip())
    assert absent or row.date_of_birth is not None or row.unreadable == (BIRTH_DATE,)


@given(st.dates(date(1880, 1, 1), date(2199, 12, 31)))
def test_what_athenahealth_writes_has_one_reading(born: date) -> None:
    row = translate.patient({"patientid": "1", "dob": vendor_date(born)})
    assert (row.date_of_birth, row.unreadable, row.possible_birth_dates) == (born, (), ())
