"""A STOP belongs to the number or address it was sent from, whoever the reminder was about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.models import Appointment, ConsentEvent, Effect, WorkItem
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import change, the_one

MOTHERS = {"guarantorphone": "6172267055", "guarantoremail": "ida.quimby@example.org"}


def a_child(clinic: Clinic, **fields: Any) -> str:
    """A child of the mother at whose number and address all of them are reminded."""
    born = f"05/04/{datetime.now(UTC).year - 6}"
    names = {"guarantorfirstname": "Ida", "guarantorlastname": "Quimby"}
    mother = {**names, **MOTHERS, "guarantorrelationshiptopatient": "3"}
    return clinic.patient(dob=born, **{**mother, **fields})


def ways(clinic: Clinic, visit: str) -> set[str]:
    return set(the_one(clinic, visit)["channels_allowed"])


def recorded(clinic: Clinic, patient: str) -> dict[str, str]:
    """The consents in Relatient's record of a patient."""
    patients = clinic.state()["relatient"]["patients"]
    [record] = [one for one in patients if one["external_id"].endswith(f":{patient}")]
    return record["consents"]


@pytest.fixture
def children(clinic: Clinic) -> list[str]:
    return [a_child(clinic), a_child(clinic)]


@pytest.fixture
def visits(clinic: Clinic, children: list[str]) -> list[str]:
    visits = [clinic.book(child, days=day) for day, child in enumerate(children, 2)]
    clinic.sync()
    assert all(ways(clinic, visit) == {"sms", "email"} for visit in visits)
    return visits


def test_a_stop_about_one_child_ends_the_texts_about_the_other(clinic, children, visits):
    one, other = children
    clinic.consent(one, "sms", "opted_out")
    clinic.sync()
    assert [ways(clinic, visit) for visit in visits] == [{"email"}, {"email"}]
    # Relatient is told of the other child, once; of the first it knew before Kept did.
    assert recorded(clinic, other) == {"sms": "opted_out"}
    [told] = Effect.objects.filter(kind="tell_consent")
    assert told.patient.external_id == other
    # Somebody else's number is not concerned, and who comes later is.
    later = clinic.book(a_child(clinic), days=4)
    elsewhere = clinic.book(a_child(clinic, guarantorphone="6172267066"), days=4)
    clinic.sync()
    assert ways(clinic, later) == {"email"}
    assert ways(clinic, elsewhere) == {"sms", "email"}
    # The desk is told, where the visit's own patient never said so, and can put it away for good.
    item = WorkItem.objects.get(appointment__external_id=visits[1], kind="texts_stopped")
    assert item.sentence.startswith("Somebody at the same number asked for no more texts")
    WorkItem.objects.filter(pk=item.pk).update(closed_at=item.opened_at)
    change(clinic, other, firstname="Nadia")
    assert WorkItem.objects.filter(appointment=item.appointment).count() == 1


def test_a_yes_from_the_number_by_whichever_childs_event_ends_it_for_all(clinic, children, visits):
    one, other = children
    third = a_child(clinic)
    visits = [*visits, clinic.book(third, days=5)]
    clinic.sync()
    clinic.consent(one, "sms", "opted_out")
    clinic.sync()
    clinic.consent(other, "sms", "opted_in")
    clinic.sync()
    assert all(ways(clinic, visit) == {"sms", "email"} for visit in visits)
    # What Kept wrote is taken back, what the mother said herself never.
    assert recorded(clinic, third)["sms"] == "opted_in"
    assert recorded(clinic, one)["sms"] == "opted_out"
    assert not WorkItem.objects.filter(kind="texts_stopped", closed_at=None).exists()
    before = Effect.objects.filter(kind="tell_consent").count()
    for child in (*children, third):
        change(clinic, child, firstname="Nadia")
    assert Effect.objects.filter(kind="tell_consent").count() == before


def test_an_event_that_repeats_what_kept_wrote_is_no_word_of_the_patient(clinic, children, visits):
    one, other = children
    clinic.consent(one, "sms", "opted_out")
    clinic.sync()
    clinic.consent(other, "sms", "opted_out")
    clinic.sync()
    assert ConsentEvent.objects.get().patient.external_id == one
    clinic.consent(one, "sms", "opted_in")
    clinic.sync()
    assert [ways(clinic, visit) for visit in visits] == [{"sms", "email"}] * 2
    assert recorded(clinic, other)["sms"] == "opted_in"


def test_an_address_is_left_alone_likewise_in_any_spelling(clinic: Clinic) -> None:
    spellings = ("ida.quimby@example.org", "Ida.Quimby@Example.org")
    children = [a_child(clinic, guarantoremail=spelling) for spelling in spellings]
    visits = [clinic.book(child, days=3) for child in children]
    clinic.sync()
    clinic.consent(children[1], "email", "opted_out")
    clinic.sync()
    assert [ways(clinic, visit) for visit in visits] == [{"sms"}, {"sms"}]
    assert recorded(clinic, children[0]) == {"email": "opted_out"}


def test_the_no_stays_with_the_number_that_its_reminder_went_to(clinic, children, visits):
    one, other = children
    # Her new number is in the chart before Kept hears of the STOP from the old one.
    clinic.control(f"athena/patients/{one}", {"guarantorphone": "6172267077"})
    clinic.consent(one, "sms", "opted_out", enrollment_id=the_one(clinic, visits[0])["id"])
    clinic.sync()
    assert ConsentEvent.objects.get().reach == "+16172267055"
    assert ways(clinic, visits[1]) == {"email"}
    change(clinic, other, guarantorphone="6172267088")
    assert ways(clinic, visits[1]) == {"sms", "email"}
    assert recorded(clinic, other)["sms"] == "opted_in"


def test_no_number_can_be_read_off_what_finds_it(clinic, children, visits) -> None:
    clinic.consent(children[0], "sms", "opted_out")
    clinic.sync()
    digests = set(Appointment.objects.values_list("sms_digest", flat=True))
    [word] = ConsentEvent.objects.all()
    assert digests == {word.reach_digest}
    assert "6172267055" not in word.reach_digest
