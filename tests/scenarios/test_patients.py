"""Patients who change, who said no, or who exist twice; judged by what the vendors hold."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import (
    Appointment,
    Campaign,
    CampaignRule,
    ConsentEvent,
    Effect,
    Patient,
)
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import change, held_by_relatient, the_one


class TestChangesInTheChart:
    """Every visit of the patient is looked at again; nobody is told twice."""

    @pytest.fixture
    def patient(self, clinic: Clinic) -> str:
        return clinic.patient()

    @pytest.fixture
    def visits(self, clinic: Clinic, patient: str) -> list[str]:
        visits = [clinic.book(patient, days=2), clinic.book(patient, days=3)]
        clinic.sync()
        return visits

    def check(self, clinic: Clinic, visits: list[str]) -> list[dict[str, Any]]:
        enrollments = [the_one(clinic, visit) for visit in visits]
        for enrollment in enrollments:
            assert enrollment["status"] == "active"
            assert len(clinic.initial_messages(enrollment)) == 1
        return enrollments

    def test_a_new_number_reaches_all_their_reminders(self, clinic, patient, visits):
        change(clinic, patient, mobilephone="6172267044")
        for enrollment in self.check(clinic, visits):
            assert enrollment["recipient"]["mobile_phone"] == "+16172267044"
        [record] = clinic.state()["relatient"]["patients"]
        assert record["mobile_phone"] == "+16172267044"

    def test_the_name_that_they_prefer_is_used_in_all_their_reminders(
        self, clinic, patient, visits
    ):
        change(clinic, patient, firstname="Margaret", lastname="Ruiz", preferredname='"Peggy"')
        for enrollment in self.check(clinic, visits):
            assert enrollment["recipient"]["name"] == "Peggy Ruiz"
        [record] = clinic.state()["relatient"]["patients"]
        assert (record["first_name"], record["last_name"]) == ("Peggy", "Ruiz")
        assert Patient.objects.get().name == "Margaret Ruiz"

    def test_a_preference_against_texts_narrows_all_their_reminders(self, clinic, patient, visits):
        change(clinic, patient, contactpreference_appointment_sms=False)
        for enrollment in self.check(clinic, visits):
            assert enrollment["channels_allowed"] == ["email"]
            assert enrollment["lead_channel"] == "email"

    def test_a_consent_taken_back_narrows_and_one_given_widens_again(self, clinic, patient, visits):
        change(clinic, patient, consenttotext=False)
        for enrollment in self.check(clinic, visits):
            assert enrollment["channels_allowed"] == ["email"]
        change(clinic, patient, consenttotext=True)
        for enrollment in self.check(clinic, visits):
            assert set(enrollment["channels_allowed"]) == {"sms", "email"}

    def test_a_language_nobody_writes_falls_back_to_the_practices(self, clinic, patient, visits):
        change(clinic, patient, language6392code="por")
        for enrollment in self.check(clinic, visits):
            assert enrollment["campaign_id"] == "cmp_preventive_en"

    def test_a_language_with_a_campaign_of_its_own_moves_all_their_visits(
        self, clinic, patient, visits
    ):
        practice = clinic.practice
        spanish = Campaign.objects.get(practice=practice, external_id="cmp_preventive_es")
        CampaignRule.objects.create(
            practice=practice,
            appointment_type_id="82",
            modality="any",
            risk="standard",
            language="es",
            campaign=spanish,
        )
        change(clinic, patient, language6392code="spa")
        for visit in visits:
            [active] = clinic.active(visit)
            assert active["campaign_id"] == "cmp_preventive_es"
            assert len(clinic.initial_messages(active)) == 1
        [record] = clinic.state()["relatient"]["patients"]
        assert record["language"] == "es"


class TestOptOuts:
    def test_what_relatient_knew_before_kept_came_is_obeyed(self, clinic: Clinic) -> None:
        patient = clinic.patient()
        held_by_relatient(clinic, patient, consents={"sms": "opted_out", "email": "unknown"})
        visit = clinic.book(patient)
        clinic.sync()
        assert the_one(clinic, visit)["channels_allowed"] == ["email"]
        [word] = ConsentEvent.objects.all()
        assert (word.channel, word.state, word.source) == ("sms", "opted_out", "relatient record")

    def test_the_same_record_read_again_says_nothing_new(self, clinic: Clinic) -> None:
        patient = clinic.patient()
        held_by_relatient(clinic, patient, consents={"sms": "opted_out"})
        clinic.book(patient)
        clinic.sync()
        change(clinic, patient, email="another@example.org")
        assert ConsentEvent.objects.count() == 1

    def test_a_change_at_relatient_that_no_event_told_of_is_found_at_the_next_read(
        self, clinic: Clinic
    ) -> None:
        patient = clinic.patient()
        held_by_relatient(clinic, patient, consents={"sms": "opted_out"})
        visit = clinic.book(patient)
        clinic.sync()
        for state, channels in (
            ("opted_in", {"sms", "email"}),
            ("opted_out", {"email"}),
            ("opted_in", {"sms", "email"}),
        ):
            with clinic.simulator.simulation.lock:
                [record] = clinic.simulator.simulation.relatient.store.patients.values()
                record["consents"]["sms"] = state
            change(clinic, patient, email=f"{state}.{len(channels)}@example.org")
            assert set(the_one(clinic, visit)["channels_allowed"]) == channels
            change(clinic, patient, email="in.between@example.org")

    def test_an_event_of_earlier_that_comes_late_does_no_harm(self, clinic: Clinic) -> None:
        patient = clinic.patient()
        held_by_relatient(clinic, patient)
        visit = clinic.book(patient)
        clinic.consent(patient, "sms", "opted_out", occurred_at=clinic.ahead(days=-1))
        # The chart is read and the patient sent to Relatient before any event is collected.
        clinic.poll_and_work()
        assert the_one(clinic, visit)["channels_allowed"] == ["email"]
        clinic.collect_and_work()
        assert the_one(clinic, visit)["channels_allowed"] == ["email"]
        sources = ConsentEvent.objects.values_list("source", "state")
        assert set(sources) == {("relatient record", "opted_out"), ("relatient", "opted_out")}

    def test_every_way_refused_at_relatient_means_no_reminders_at_all(self, clinic: Clinic) -> None:
        patient = clinic.patient()
        refused = dict.fromkeys(["sms", "email", "voice"], "opted_out")
        held_by_relatient(clinic, patient, consents=refused)
        visit = clinic.book(patient)
        clinic.sync()
        assert clinic.enrollments(visit) == []
        assert Appointment.objects.get(external_id=visit).coverage_code == "opted_out"


class TestTwoRecordsAtRelatient:
    @pytest.fixture
    def patient(self, clinic: Clinic) -> str:
        return clinic.patient()

    @pytest.fixture
    def records(self, clinic: Clinic, patient: str) -> list[str]:
        return [held_by_relatient(clinic, patient) for _ in range(2)]

    @pytest.fixture
    def visit(self, clinic: Clinic, patient: str, records: list[str]) -> str:
        visit = clinic.book(patient)
        clinic.sync()
        return visit

    def test_the_visit_is_blocked_and_a_person_is_asked(self, clinic, visit):
        assert clinic.enrollments(visit) == []
        row = Appointment.objects.get(external_id=visit)
        assert (row.coverage_state, row.coverage_code) == ("blocked", "patient_ambiguous")
        assert [item.kind for item in row.work_items.filter(closed_at=None)] == [
            "patient_ambiguous"
        ]

    def test_after_they_were_merged_there_trying_again_enrolls(self, clinic, visit, records):
        clinic.control(f"relatient/patients/{records[0]}/merge", {"into": records[1]})
        clinic.try_again(Effect.objects.get(kind="upsert_patient", status="rejected"))
        clinic.work()
        assert [row["patient_id"] for row in clinic.active(visit)] == [records[1]]
        row = Appointment.objects.get(external_id=visit)
        assert row.coverage_code == "enrolled"
        assert not row.work_items.filter(closed_at=None).exists()

    def test_after_they_were_merged_there_a_new_fact_enrolls(self, clinic, patient, visit, records):
        clinic.control(f"relatient/patients/{records[0]}/merge", {"into": records[1]})
        change(clinic, patient, mobilephone="6172267066")
        assert [row["patient_id"] for row in clinic.active(visit)] == [records[1]]

    def test_until_then_the_refusal_stands(self, clinic, visit):
        asked = Effect.objects.count()
        clinic.sync()
        assert clinic.enrollments(visit) == []
        assert Effect.objects.count() == asked


def test_a_visit_handed_to_another_patient_is_enrolled_anew_for_them(clinic: Clinic) -> None:
    first, second = clinic.patient(), clinic.patient(mobilephone="6172267044")
    visit = clinic.book(first, days=3)
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/change", {"patientid": second})
    clinic.sync()
    ended, active = sorted(clinic.enrollments(visit), key=lambda row: row["created_at"])
    assert (ended["status"], active["status"]) == ("cancelled", "active")
    assert active["recipient"]["mobile_phone"] == "+16172267044"
    assert active["patient_id"] != ended["patient_id"]
    assert ended["ended_at"] <= active["created_at"]
