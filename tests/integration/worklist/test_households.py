"""Families of one day: one call, an outcome for each."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from campaigns.domain.snapshot import Contact
from campaigns.models import AppointmentType, Patient, Practice
from project.models import User
from tests.integration.worklist.desk_room import desk, named, practice, shown, visit_in

__all__ = ["desk", "practice"]

MOTHER = Contact("Luz Delgado", "Parent", "6172530143")


@pytest.fixture(autouse=True)
def thursday_noon(settings):
    """No day ends between two visits of a family."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(datetime(2026, 11, 19, 17, tzinfo=UTC), tick=False):
        yield


def families(client: Client) -> list[str]:
    return re.findall(r'<tbody class="family">(.*?)</tbody>', shown(client, "?show=all"), re.S)


def child(practice: Practice, name: str, **described) -> Patient:
    return named(
        practice,
        name,
        date_of_birth=date(2018, 3, 1),
        guarantor=MOTHER,
        mobile_phone="",
        **described,
    )


def test_children_of_one_guardian_stand_under_one_heading(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 20, patient=child(practice, "Ana"))
    visit_in(practice, 20.01, "Stranger")
    visit_in(practice, 20.02, patient=child(practice, "Ben"))
    (family,) = families(client)
    assert "Family: call once" in family
    assert "2 visits, ask for Luz Delgado (parent)" in family
    assert family.index("Ana Test") < family.index("Ben Test")
    assert "Stranger Test" not in family
    # Each is answered for on its own.
    assert family.count('value="confirmed"') == 2


def test_a_parents_own_visit_belongs_to_the_family(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 20, patient=child(practice, "Ana"))
    visit_in(practice, 20.01, patient=named(practice, "Luz", mobile_phone="6172530143"))
    (family,) = families(client)
    assert "Luz Test" in family and "Ana Test" in family


def test_connected_by_different_numbers_is_still_one_family(
    client: Client, practice: Practice, desk: User
) -> None:
    numbers = ("6172530143", ""), ("6172530143", "6172530144"), ("", "6172530144")
    for n, (mobile, home) in enumerate(numbers):
        patient = named(practice, f"Member{n}", mobile_phone=mobile, home_phone=home)
        visit_in(practice, 20 + n / 100, patient=patient)
    (family,) = families(client)
    assert "3 visits" in family


def test_two_visits_of_one_patient_are_one_call(
    client: Client, practice: Practice, desk: User
) -> None:
    patient = named(practice, "Twice")
    visit_in(practice, 20, patient=patient)
    visit_in(practice, 20.01, patient=patient)
    (family,) = families(client)
    assert "Same patient: call once" in family


def test_other_days_and_the_same_office_make_no_family(
    client: Client, practice: Practice, desk: User
) -> None:
    patient = named(practice, "Twice")
    visit_in(practice, 20, patient=patient)
    visit_in(practice, 60, patient=patient)
    for n in range(2):
        office = named(practice, f"Colleague{n}", mobile_phone="", work_phone="6172530199")
        visit_in(practice, 20, patient=office)
    assert families(client) == []


def test_a_confidential_visit_never_stands_under_the_family(
    client: Client, practice: Practice, desk: User
) -> None:
    AppointmentType.objects.filter(practice=practice).update(confidential=True)
    teen = named(
        practice,
        "Teen",
        date_of_birth=date(2012, 1, 1),
        mobile_phone="6172530143",
        guarantor=MOTHER,
    )
    visit_in(practice, 20, patient=teen)
    for name, hours in (("Ana", 20.01), ("Ben", 20.02)):
        visit_in(practice, hours, patient=child(practice, name), type_external_id="83")
    (family,) = families(client)
    assert "Teen Test" not in family
    assert "Teen Test" in shown(client, "?show=all")
