"""What follows from an age of majority that differs by department."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from campaigns.domain.desired_enrollment import plan
from campaigns.domain.snapshot import Consent, Contact
from campaigns.domain.values import Channel
from tests.unit.domain.snapshots import HOME, HOME_E164, NOW, a_patient, a_snapshot, settings


@pytest.mark.parametrize("majority", [18, 19])
def test_visits_that_write_to_child_and_guardian_have_relatient_record_one_thing(
    majority: int,
) -> None:
    # Eighteen, with a mother whose number was refused on a brother's account.
    mother = Contact(name="Ida Quimby", relationship="mother", mobile_phone=HOME)
    no = Consent(Channel.SMS, "opted_out", NOW, reach=HOME_E164, own=False)
    patient = a_patient(
        date_of_birth=date(2007, 8, 1), guarantor=mother, relatient_id="rp1", consents=(no,)
    )
    here = settings(age_of_majority=majority, ages_of_majority=(18, 19))
    (tell,) = plan(a_snapshot(patient=patient, settings=here), NOW).tells
    assert tell.body["state"] == "opted_out"
    told = replace(patient, told={Channel.SMS: replace(no, own=True)})
    assert not plan(a_snapshot(patient=told, settings=here), NOW).tells
