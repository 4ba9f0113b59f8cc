"""Patients who are merged in athenahealth; judged by what the vendors hold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.intake.chart import take_appointment
from campaigns.models import Appointment, Effect, Patient, WorkItem
from campaigns.vendor_records import ReadSpan
from integrations.athenahealth import translate
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import change, held_by_relatient, the_one


def merge(clinic: Clinic, gone: str, into: str) -> None:
    clinic.control(f"athena/patients/{gone}/merge", {"into": into})


def long_ago() -> datetime:
    """A time of the next attempt that has come."""
    return database_now() - timedelta(minutes=1)


def forget_news(clinic: Clinic, feed_name: str) -> None:
    """The vendor never tells of what has happened."""
    with clinic.simulator.simulation.lock:
        for feed in clinic.simulator.simulation.athena.feeds.feeds.values():
            if feed.name == feed_name:
                feed.waiting, feed.queued = [], set()


def settled(clinic: Clinic) -> bool:
    """Nothing waits for a person, and another round changes nothing."""
    writes = clinic.writes()
    report = clinic.sync()
    assert report["work"]["parked"] == 0
    assert not Effect.objects.filter(status__in=["queued", "unknown", "claimed"]).exists()
    return clinic.writes() == writes


@pytest.mark.parametrize("answer", ["404", "survivor"])
class TestMerges:
    """Whatever a merged-away id answers, the visits and all that is known go on."""

    @pytest.fixture(autouse=True)
    def switch(self, clinic: Clinic, answer: str) -> None:
        clinic.control("settings", {"merged_patient_read": answer})

    def test_no_enrollment_is_lost_or_doubled(self, clinic: Clinic) -> None:
        gone = clinic.patient(mobilephone="6172267055")
        survivor = clinic.patient(mobilephone="6172267002")
        theirs, own = clinic.book(gone, days=2), clinic.book(survivor, days=3)
        clinic.sync()
        before = the_one(clinic, theirs), the_one(clinic, own)
        merge(clinic, gone, survivor)
        clinic.sync()
        after = the_one(clinic, theirs), the_one(clinic, own)
        assert [row["id"] for row in after] == [row["id"] for row in before]
        assert all(row["status"] == "active" for row in after)
        assert all(len(clinic.initial_messages(row)) == 1 for row in after)
        assert after[0]["recipient"]["mobile_phone"] == "+16172267002"
        assert settled(clinic)

    def test_the_enrollment_keeps_being_changed_and_ended_by_its_own_id(
        self, clinic: Clinic
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=3)
        clinic.sync()
        before = the_one(clinic, visit)
        merge(clinic, gone, survivor)
        clinic.control(f"athena/appointments/{visit}/change", {"starts_at": clinic.ahead(days=4)})
        clinic.sync()
        after = the_one(clinic, visit)
        assert after["id"] == before["id"]
        assert after["appointment"]["starts_at"] != before["appointment"]["starts_at"]
        assert len(clinic.initial_messages(after)) == 2
        clinic.control(f"athena/appointments/{visit}/cancel")
        clinic.sync()
        assert the_one(clinic, visit)["end_reason"] == "appointment_cancelled"

    def test_a_no_show_of_the_old_record_counts_against_the_survivors_visits(
        self, clinic: Clinic
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        missed = clinic.book(gone, days=-30)
        clinic.control(f"athena/appointments/{missed}/noshow")
        visit = clinic.book(survivor, days=3)
        clinic.sync()
        assert the_one(clinic, visit)["campaign_id"] == "cmp_preventive_en"
        merge(clinic, gone, survivor)
        clinic.sync()
        [active] = clinic.active(visit)
        assert active["campaign_id"] == "cmp_preventive_en_high"

    def test_an_opt_out_given_under_the_old_record_holds_for_the_survivor(
        self, clinic: Clinic
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient(mobilephone="6172267044")
        clinic.book(gone, days=2)
        visit = clinic.book(survivor, days=3)
        clinic.sync()
        clinic.consent(gone, "sms", "opted_out")
        clinic.sync()
        assert set(the_one(clinic, visit)["channels_allowed"]) == {"sms", "email"}
        merge(clinic, gone, survivor)
        clinic.sync()
        assert the_one(clinic, visit)["channels_allowed"] == ["email"]

    def test_a_yes_on_the_survivors_record_does_not_end_that_no(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        held_by_relatient(clinic, survivor, consents={"sms": "opted_in"})
        visit = clinic.book(gone, days=2)
        clinic.sync()
        clinic.consent(gone, "sms", "opted_out")
        clinic.sync()
        merge(clinic, gone, survivor)
        clinic.sync()
        assert the_one(clinic, visit)["channels_allowed"] == ["email"]

    def test_words_and_answers_that_still_name_the_old_id_land_at_the_survivor(
        self, clinic: Clinic
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        theirs, own = clinic.book(gone, days=2), clinic.book(survivor, days=3)
        clinic.sync()
        merge(clinic, gone, survivor)
        clinic.sync()
        clinic.consent(gone, "sms", "opted_out")
        clinic.answer(theirs, "confirmed")
        clinic.sync()
        for visit in (theirs, own):
            assert the_one(clinic, visit)["channels_allowed"] == ["email"]
        assert str(clinic.chart(theirs)["appointmentconfirmationid"]) == "2"
        assert not Patient.objects.filter(merged_into=None, external_id=gone).exists()

    def test_an_answer_given_before_the_merge_cancels_in_the_survivors_name(
        self, clinic: Clinic
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        clinic.sync()
        clinic.answer(visit, "cancelled")
        merge(clinic, gone, survivor)
        # Kept has not heard of the merge when it is about to cancel.
        clinic.collect_and_work()
        assert clinic.chart(visit)["appointmentstatus"] == "x"
        assert not WorkItem.objects.filter(kind="chart_write_failed").exists()
        clinic.sync()
        assert settled(clinic)

    def test_a_merge_of_which_only_the_visit_tells(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        clinic.sync()
        merge(clinic, gone, survivor)
        forget_news(clinic, "patients")
        clinic.sync()
        assert Appointment.objects.get(external_id=visit).patient.external_id == survivor
        assert len(clinic.active(visit)) == 1
        assert Patient.objects.get(external_id=gone).merged_into.external_id == survivor
        assert settled(clinic)

    def test_a_merge_of_which_only_the_patient_tells(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        clinic.sync()
        merge(clinic, gone, survivor)
        forget_news(clinic, "appointments")
        clinic.sync()
        assert Appointment.objects.get(external_id=visit).patient.external_id == survivor
        assert len(clinic.active(visit)) == 1
        assert settled(clinic)

    def test_a_patient_who_is_merged_before_they_were_ever_read(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        forget_news(clinic, "patients")
        clinic.fault(kind="status", status=503, method="GET", path=f"/patients/{gone}$")
        clinic.slow_retries()
        clinic.sync()
        assert clinic.enrollments(visit) == []
        merge(clinic, gone, survivor)
        forget_news(clinic, "appointments")
        forget_news(clinic, "patients")
        Effect.objects.filter(kind="read_patient", status="queued").update(
            next_attempt_at=long_ago()
        )
        clinic.work()
        assert len(clinic.active(visit)) == 1
        assert Appointment.objects.get(external_id=visit).patient.external_id == survivor
        assert settled(clinic)

    def test_a_chain_of_merges(self, clinic: Clinic) -> None:
        first, second, third = clinic.patient(), clinic.patient(), clinic.patient()
        visits = [clinic.book(one, days=2 + n) for n, one in enumerate((first, second, third))]
        clinic.sync()
        ids = [the_one(clinic, visit)["id"] for visit in visits]
        merge(clinic, first, second)
        clinic.sync()
        merge(clinic, second, third)
        clinic.sync()
        assert [the_one(clinic, visit)["id"] for visit in visits] == ids
        assert all(clinic.active(visit) for visit in visits)
        owners = {row.patient.external_id for row in Appointment.objects.all()}
        assert owners == {third}
        clinic.consent(first, "sms", "opted_out")
        clinic.sync()
        assert [the_one(clinic, visit)["channels_allowed"] for visit in visits] == [["email"]] * 3
        assert settled(clinic)

    @pytest.mark.parametrize("path", ["/relatient/v1/patients$", "/relatient/v1/enrollments$"])
    def test_a_merge_while_nobody_knows_whether_the_last_request_was_done(
        self, clinic: Clinic, path: str
    ) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        clinic.slow_retries()
        clinic.fault(kind="reset_after", method="POST", path=path)
        clinic.sync()
        assert Effect.objects.filter(status="unknown").count() == 1
        merge(clinic, gone, survivor)
        clinic.sync()
        Effect.objects.filter(status="unknown").update(next_attempt_at=long_ago())
        clinic.work()
        enrollment = the_one(clinic, visit)
        assert enrollment["status"] == "active"
        assert len(clinic.initial_messages(enrollment)) == 1
        assert settled(clinic)

    def test_a_merge_seen_twice_changes_nothing(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient(mobilephone="6172267044")
        clinic.book(gone, days=2)
        clinic.sync()
        merge(clinic, gone, survivor)
        clinic.sync()
        writes = clinic.writes()
        change(clinic, survivor, lastname="Exemplar")
        assert clinic.writes() == writes
        assert settled(clinic)

    @pytest.mark.parametrize("untold", ["", "appointments", "patients"])
    def test_a_merge_that_was_undone_leaves_two_patients(self, clinic: Clinic, untold: str) -> None:
        """Each has their own visits, number and consents again, whichever feed tells of it."""
        one, two = clinic.patient(), clinic.patient(mobilephone="6172267044")
        hers, his = clinic.book(one, days=2), clinic.book(two, days=3)
        clinic.sync()
        before = the_one(clinic, hers)
        clinic.consent(one, "email", "opted_out")
        clinic.sync()
        merge(clinic, one, two)
        clinic.sync()
        assert the_one(clinic, his)["channels_allowed"] == ["sms"]
        clinic.control(f"athena/patients/{one}/unmerge")
        if untold:
            forget_news(clinic, untold)
            # Then the survivor's own record has to tell, with its next change.
            change(clinic, two, lastname="Exemplar")
        clinic.sync()
        owners = {row.external_id: row.patient.external_id for row in Appointment.objects.all()}
        assert owners == {hers: one, his: two}
        assert not Patient.objects.filter(merged_into__isnull=False).exists()
        assert the_one(clinic, hers)["id"] == before["id"]
        assert clinic.active(hers)[0]["channels_allowed"] == ["sms"]
        assert set(clinic.active(his)[0]["channels_allowed"]) == {"sms", "email"}
        assert clinic.active(hers)[0]["recipient"]["mobile_phone"] != "+16172267044"
        assert clinic.active(his)[0]["recipient"]["mobile_phone"] == "+16172267044"
        assert settled(clinic)

    def test_rows_read_before_the_merge_do_not_undo_it(self, clinic: Clinic) -> None:
        gone, survivor = clinic.patient(), clinic.patient()
        visit = clinic.book(gone, days=2)
        clinic.sync()
        row, seen = translate.appointment(clinic.chart(visit)), database_now()
        merge(clinic, gone, survivor)
        clinic.sync()
        with acting_as(process="test"):
            take_appointment(clinic.practice, row, ReadSpan(seen, seen))
        clinic.sync()
        assert Patient.objects.get(external_id=gone).merged_into.external_id == survivor
