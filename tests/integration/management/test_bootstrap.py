"""Bootstrap with an environment in which something is misspelt: nothing is written."""

from __future__ import annotations

import pytest

from campaigns.models import Practice
from integrations.models import Connection
from tests.integration.command_room import answered, refused
from tests.scenarios.clinic import seed

pytestmark = pytest.mark.django_db

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("variable", "value", "permitted"),
    [
        ("PRACTICE_TIME_ZONE", "Eastern", "America/Chicago"),
        ("PRACTICE_TIME_ZONE", "america/new york", "America/Chicago"),
        ("PRACTICE_LANGUAGE", "English please", "en, es"),
        ("PRACTICE_LANGUAGE", "", "en, es"),
        ("WAITLIST_PHONE", "617-253", "+1 and ten digits"),
        ("WAITLIST_PHONE", "+44 20 7946 0018", "+1 and ten digits"),
        ("ALERT_EMAILS", ["admin@example.org", "the office"], "separated by commas"),
        ("PRACTICE_NAME", "x" * 121, "at most 120 characters"),
        ("ATHENA_PRACTICE_ID", "1" * 41, "at most 40 characters"),
    ],
)
def test_a_bad_value_is_named_with_what_is_permitted(
    settings, variable: str, value: object, permitted: str
) -> None:
    settings.KEPT_SEED = seed(NOWHERE) | {variable: value}
    sentence = refused("bootstrap")
    assert f"{variable}: " in sentence
    assert permitted in sentence
    assert not Practice.objects.exists()
    assert not Connection.objects.exists()


def test_all_bad_values_are_named_at_once(settings) -> None:
    bad = {"PRACTICE_TIME_ZONE": "Eastern", "WAITLIST_PHONE": "none", "ALERT_EMAILS": ["none"]}
    settings.KEPT_SEED = seed(NOWHERE) | bad
    sentence = refused("bootstrap")
    assert [name for name in bad if f"{name}: " in sentence] == list(bad)


def test_a_practice_that_is_there_is_not_touched_either(settings) -> None:
    settings.KEPT_SEED = seed(NOWHERE)
    _, status = answered("bootstrap")
    assert status == 1, "nobody answers there"
    settings.KEPT_SEED = seed(NOWHERE) | {"PRACTICE_TIME_ZONE": "Eastern"}
    assert "PRACTICE_TIME_ZONE: " in refused("bootstrap")
    assert Practice.objects.get().time_zone == "America/New_York"


def test_the_settings_may_be_left_empty_where_empty_means_none(settings) -> None:
    settings.KEPT_SEED = seed(NOWHERE) | {"WAITLIST_PHONE": "", "ALERT_EMAILS": []}
    answered("bootstrap")
    practice = Practice.objects.get()
    assert (practice.waitlist_phone, practice.alert_addresses()) == ("", [])
