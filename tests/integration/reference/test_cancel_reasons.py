"""Which reason our cancellations carry, and where whoever sets it can read that."""

import pytest
from django.test import Client

from campaigns.models import ADMINS, ChartCancelReason, Practice
from tests.factories import UserFactory
from tests.integration.command_room import a_practice, answered, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice() -> Practice:
    return a_practice("195900")


def reason(practice: Practice, external_id: str, name: str, **flags: bool) -> None:
    ChartCancelReason.objects.create(practice=practice, external_id=external_id, name=name, **flags)


def in_force() -> str:
    return answered("configure")[0]["cancel_reason"]


def test_it_is_chosen_by_its_flags(practice: Practice) -> None:
    reason(practice, "-1", "PATIENT, BY THE SYSTEM", frees_slot=True)
    reason(practice, "7", "PATIENT NO SHOW", no_show=True, frees_slot=True)
    reason(practice, "8", "PATIENT RESCHEDULED", patient_rescheduled=True, frees_slot=True)
    reason(practice, "9", "PROVIDER ILL, PATIENT CALLED", provider_unavailable=True)
    reason(practice, "40", "PATIENT CANCELLED, SLOT KEPT")
    reason(practice, "41", "PATIENT CANCELLED", frees_slot=True)
    assert in_force() == "PATIENT CANCELLED (41), chosen by its flags; frees the slot"


def test_it_is_the_one_that_was_set(practice: Practice) -> None:
    reason(practice, "40", "PATIENT CANCELLED, SLOT KEPT")
    reason(practice, "41", "PATIENT CANCELLED", frees_slot=True)
    answer, _ = answered("configure", "cancel_reason_id=40")
    words = "PATIENT CANCELLED, SLOT KEPT (40), as set; does not free the slot"
    assert answer["cancel_reason"] == words
    assert f"Cancel reason in force: {words}." in said("configure")


def test_that_there_is_none_is_said(practice: Practice) -> None:
    assert in_force() == "none: no reason fits by its flags, so cancellations are left to the desk"
    Practice.objects.update(cancel_reason_id="40")
    assert in_force().startswith("none: reason 40 is not in athenahealth's list")


def test_each_practice_has_its_own(practice: Practice) -> None:
    other = a_practice("2")
    reason(practice, "41", "PATIENT CANCELLED", frees_slot=True)
    reason(other, "7", "PT CANCELLED PATIENT")
    answer, _ = answered("configure")
    assert "(41)" in answer["practices"]["195900"]["cancel_reason"]
    assert "(7)" in answer["practices"]["2"]["cancel_reason"]


def test_the_console_shows_it(client: Client, practice: Practice) -> None:
    reason(practice, "41", "PATIENT CANCELLED", frees_slot=True)
    client.force_login(UserFactory(role=ADMINS, practices=[practice]))
    page = client.get(f"/admin/campaigns/practice/{practice.pk}/change/").content.decode()
    assert "PATIENT CANCELLED (41), chosen by its flags; frees the slot" in page
    assert client.get("/admin/campaigns/practice/add/").status_code == 200
