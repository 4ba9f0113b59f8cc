"""Who is of age depends on where the visit takes place: 19 in Alabama and Nebraska."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.models import AuditEvent
from campaigns.models import Department
from tests.integration.command_room import answered, refused
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import the_one

YEAR = timedelta(days=365.25)


def an_eighteen_year_old(clinic: Clinic) -> str:
    born = datetime.now(UTC) - 18.5 * YEAR
    return clinic.patient(
        dob=born.strftime("%m/%d/%Y"),
        mobilephone="6172267055",
        guarantorfirstname="Ida",
        guarantorlastname="Exemplar",
        guarantorrelationshiptopatient="18",
        guarantorphone="6172275678",
    )


def test_at_one_department_a_patient_is_a_child_and_at_the_other_grown_up(clinic: Clinic) -> None:
    here, there = Department.objects.order_by("external_id").values_list("external_id", flat=True)[
        :2
    ]
    patient = an_eighteen_year_old(clinic)
    at_home = clinic.book(patient, days=2, departmentid=here)
    in_alabama = clinic.book(patient, days=4, departmentid=there)
    clinic.sync()
    for visit in (at_home, in_alabama):
        assert the_one(clinic, visit)["recipient"]["kind"] == "patient"
    setting = f"age_of_majority.{there}"
    told, status = answered("configure", f"{setting}=19")
    assert (told["settings"][setting], status) == (19, 0)
    clinic.sync()
    assert the_one(clinic, at_home)["recipient"]["kind"] == "patient"
    assert the_one(clinic, in_alabama)["recipient"]["kind"] == "guardian"
    assert the_one(clinic, in_alabama)["recipient"]["mobile_phone"] == "+16172275678"
    event = AuditEvent.objects.filter(action="practice.configured").latest("pk")
    assert event.detail["changed"] == [[setting, "", "19"]]
    told, _ = answered("configure", f"{setting}=")
    assert setting not in told["settings"]
    clinic.sync()
    assert the_one(clinic, in_alabama)["recipient"]["kind"] == "patient"


def test_only_departments_and_ages_that_exist_are_taken(clinic: Clinic) -> None:
    known = Department.objects.order_by("external_id").first()
    assert known is not None
    assert "there is no department '999'" in refused("configure", "age_of_majority.999=19")
    assert "only age_of_majority" in refused("configure", f"language.{known.external_id}=es")
    assert "25" in refused("configure", f"age_of_majority.{known.external_id}=40")
    known.refresh_from_db()
    assert known.age_of_majority is None
