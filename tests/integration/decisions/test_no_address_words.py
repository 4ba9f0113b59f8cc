"""What a practice's own people type for want of an address is no address in a decision."""

from __future__ import annotations

import pytest

from campaigns.decisions import snapshot
from campaigns.domain.snapshot import Contact
from campaigns.models import Practice
from campaigns.practices.settings import change, read
from tests.factories import AppointmentFactory, PatientFactory, PracticeFactory

pytestmark = pytest.mark.django_db


def test_an_address_in_the_practices_own_words_is_none(as_process: None) -> None:
    practice: Practice = PracticeFactory()
    mother = Contact(name="Ida Quimby", email="ida@sincorreo.net")
    real = Contact(name="Una Quimby", email="una.quimby@example.org")
    record = {"email": "Sin.Correo@example.org", "guarantor": mother, "emergency": real}
    patient = PatientFactory(practice=practice, describe=record)
    visit = AppointmentFactory(patient=patient, practice=practice)

    def addresses() -> list[str]:
        known = snapshot.build(visit, {visit.pk}).patient
        return [known.email, known.guarantor.email, known.emergency.email]

    assert "" not in addresses()
    change(practice, read(practice, ["no_address_words=sin correo"]))
    visit.refresh_from_db()
    visit.practice.refresh_from_db()
    assert addresses() == ["", "", "una.quimby@example.org"]
    assert visit.look_due_at is not None
