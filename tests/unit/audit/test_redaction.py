import datetime as dt
from enum import StrEnum
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.redaction import MASK, ForbiddenDetail, mask, redacted


class Channel(StrEnum):
    SMS = "sms"


@pytest.mark.parametrize(
    "key",
    ["name", "firstName", "last_name", "mobile_phone", "email", "dob", "birth_date", "home_address"]
    + ["raw_text", "body", "api_key", "client_secret", "access_token", "raw_payload", "ssn"],
)
def test_a_detail_that_names_a_person_or_a_secret_is_refused(key: str) -> None:
    with pytest.raises(ForbiddenDetail, match=key):
        redacted({key: "x"})


def test_a_forbidden_key_is_found_at_any_depth() -> None:
    with pytest.raises(ForbiddenDetail):
        redacted({"changes": [{"to": {"phone": "x"}}]})


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(ForbiddenDetail) as refusal:
        redacted({"first_name": "Marguerite"})
    assert "Marguerite" not in str(refusal.value)


def test_flags_about_a_channel_are_kept() -> None:
    assert redacted({"channels": {"email": True, "phone": False, "mobile": None}}) == {
        "channels": {"email": True, "phone": False, "mobile": None}
    }


@pytest.mark.parametrize(
    "value",
    ["call 212-555-0142", "(212) 555 0142", "+12125550142", "2125550142", "+44 20 7946 0958"]
    + ["write to ann@example.com", "123-45-6789", "born 04/09/1971"],
)
def test_a_value_that_reaches_or_identifies_somebody_is_masked(value: str) -> None:
    assert MASK in redacted({"reason": value})["reason"]
    assert not any(len(part) > 3 for part in mask(value).split() if part.isdigit())


@pytest.mark.parametrize(
    "value",
    ["2026-11-22T12:00:00+00:00", "cmp_preventive_en", "appointment 98765", "12.5 %"]
    + ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "no_contact_channel"],
)
def test_ordinary_values_stay_as_they_are(value: str) -> None:
    assert mask(value) == value


def test_ids_may_be_long_numbers() -> None:
    detail = {"enrollment_id": "2125550142", "ids": ["2125550142"], "key": "enroll:2125550142:1"}
    assert redacted(detail) == detail


def test_our_own_kinds_of_value_become_json() -> None:
    at = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    assert redacted({"start": at, "channel": Channel.SMS, "tried": ("a", "b"), "share": 0.5}) == {
        "start": "2026-03-01T09:00:00+00:00",
        "channel": "sms",
        "tried": ["a", "b"],
        "share": 0.5,
    }


def test_an_object_is_refused_rather_than_printed() -> None:
    with pytest.raises(ForbiddenDetail, match="SimpleNamespace"):
        redacted({"patient": SimpleNamespace()})


@given(st.from_regex(r"\+1[2-9]\d{9}", fullmatch=True), st.text("abc .,:;", max_size=20))
def test_no_us_number_survives_wherever_it_stands(number: str, around: str) -> None:
    assert number not in mask(f"{around} {number} {around}")
