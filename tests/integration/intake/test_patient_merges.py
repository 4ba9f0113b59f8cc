"""Merges in every order, with effects on their way; and words about consent from two sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.clock import database_now
from campaigns.decisions import snapshot
from campaigns.domain.consents import refusal
from campaigns.domain.values import Channel, EffectKind, EffectStatus, EnrollmentStatus, Vendor
from campaigns.execution import execute
from campaigns.execution.handlers import Completed
from campaigns.execution.settle import settle
from campaigns.intake import consents
from campaigns.intake.chart import Taken, locked_patient, take_patient
from campaigns.intake.events import Received, take_event
from campaigns.locking import lock_patient
from campaigns.models import Attempt, ConsentEvent, Effect, Enrollment, Patient
from campaigns.ports import NOT_FOUND, Refused
from campaigns.vendor_records import EventRecord, EventType, PatientRecord, ReadSpan
from integrations.models import Connection
from tests.factories import (
    AppointmentFactory,
    EffectFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


@pytest.fixture
def practice():
    return PracticeFactory()


@pytest.fixture
def gone(practice):
    return PatientFactory(practice=practice, external_id="7001", relatient_id="pat_old")


@pytest.fixture
def survivor(practice):
    return PatientFactory(practice=practice, external_id="7002", relatient_id="pat_new")


def read(practice, external_id: str, *previous: str, **more) -> Taken:
    now = database_now()
    record = PatientRecord(external_id, first_name="Rosa", previous_external_ids=previous)
    return take_patient(practice, record, ReadSpan(now, now), **more)


def enrolled(appointment) -> Enrollment:
    return Enrollment.objects.create(
        practice=appointment.practice,
        appointment=appointment,
        patient=appointment.patient,
        generation=1,
        campaign="cmp_preventive_en",
        status=EnrollmentStatus.ACTIVE,
        vendor_id=f"enr_{appointment.pk}",
        starts_at=appointment.starts_at,
        lead_channel="sms",
        created_at=timezone.now(),
    )


def owner(row) -> str:
    row.refresh_from_db()
    return row.patient.external_id


def test_visits_answers_consents_and_work_follow_and_the_trail_says_so(practice, gone, survivor):
    visit = AppointmentFactory(patient=gone, practice=practice)
    answer = ResponseFactory(appointment=visit)
    word = ConsentEvent.objects.create(
        practice=practice, patient=gone, channel="sms", state="opted_out", event_id="e", at=now()
    )
    effect = EffectFactory(appointment=visit, kind=EffectKind.WRITE_CONFIRMATION)
    assert read(practice, "7002", "7001") is Taken.CHANGED
    assert {owner(row) for row in (visit, answer, word, effect)} == {"7002"}
    assert visit.look_due_at is not None
    event = AuditEvent.objects.get(action="patient.merged")
    assert (event.patient_id, event.detail["earlier"]) == ("7002", "7001")
    assert event.detail["visits"] == 1


def test_what_is_relatients_stays_with_the_old_record(practice, gone, survivor):
    enrollment = enrolled(AppointmentFactory(patient=gone, practice=practice))
    read(practice, "7002", "7001")
    assert owner(enrollment) == "7001"
    assert enrollment.status == EnrollmentStatus.ACTIVE
    survivor.refresh_from_db()
    assert survivor.relatient_id == "pat_new"


def test_a_merge_seen_twice_is_one_merge(practice, gone, survivor):
    read(practice, "7002", "7001")
    assert read(practice, "7002", "7001") is Taken.UNCHANGED
    assert AuditEvent.objects.filter(action="patient.merged").count() == 1


def test_a_survivor_seen_first_gets_what_names_the_old_id_later(practice):
    read(practice, "7002", "7001")
    assert locked_patient(practice, "7001").external_id == "7002"


def test_a_stub_survivor_takes_over_once_it_is_read(practice, gone):
    stub = locked_patient(practice, "7002")
    visit = AppointmentFactory(patient=gone, practice=practice)
    assert read(practice, "7002", "7001") is Taken.NEW
    assert owner(visit) == stub.external_id


def test_a_chain_leads_to_its_end_in_one_step(practice, gone, survivor):
    visit = AppointmentFactory(patient=gone, practice=practice)
    read(practice, "7002", "7001")
    read(practice, "7003", "7002")
    assert owner(visit) == "7003"
    last = Patient.objects.get(external_id="7003")
    assert set(last.merged.values_list("external_id", flat=True)) == {"7001", "7002"}
    assert lock_patient(gone.pk) == last


def test_a_chain_that_was_undone_in_the_middle_leads_to_the_middle(practice, gone, survivor):
    """What names the oldest id belongs to the record that names it, not to the other patient."""
    word = ConsentEvent.objects.create(
        practice=practice, patient=gone, channel="sms", state="opted_out", event_id="e", at=now()
    )
    read(practice, "7002", "7001")
    read(practice, "7003", "7002")
    read(practice, "7002", "7001")
    read(practice, "7003")
    assert {locked_patient(practice, which).external_id for which in ("7001", "7002")} == {"7002"}
    assert owner(word) == "7002"
    assert AuditEvent.objects.filter(action="patient.merge_undone").count() == 1


def test_a_chain_that_is_told_backwards(practice, gone, survivor):
    visit = AppointmentFactory(patient=gone, practice=practice)
    read(practice, "7003", "7002")
    read(practice, "7002", "7001")
    assert owner(visit) == "7003"


def test_an_old_page_about_a_record_that_is_gone_describes_nobody(practice, gone, survivor):
    read(practice, "7002", "7001")
    before = Patient.objects.get(pk=survivor.pk).record
    assert read(practice, "7001", "7002") is Taken.UNCHANGED
    after = Patient.objects.get(pk=survivor.pk)
    assert (after.record, after.merged_into) == (before, None)


def test_an_id_that_was_answered_with_another_record_is_merged_into_it(practice, gone, survivor):
    visit = AppointmentFactory(patient=gone, practice=practice)
    read(practice, "7002", earlier=["7001"])
    assert owner(visit) == "7002"


def test_past_visits_are_read_anew_since_there_may_be_more_of_them(practice, gone, survivor):
    Patient.objects.filter(pk=survivor.pk).update(history_began=now(), history_ended=now())
    read(practice, "7002", "7001")
    survivor.refresh_from_db()
    assert survivor.history_ended is None


@pytest.mark.parametrize("status", [EffectStatus.QUEUED, EffectStatus.REJECTED])
def test_nobody_waits_for_the_old_record_any_more(practice, gone, survivor, status):
    visit = AppointmentFactory(patient=gone, practice=practice)
    effect = about_record(visit, status=status)
    read(practice, "7002", "7001")
    effect.refresh_from_db()
    assert effect.status == EffectStatus.SUPERSEDED


class TestOnTheirWay:
    """The merge is taken in between the claim of an effect and its end."""

    @pytest.fixture(autouse=True)
    def connected(self, practice) -> None:
        for vendor in (Vendor.ATHENAHEALTH, Vendor.RELATIENT):
            Connection.objects.create(
                practice=practice, vendor=vendor, base_url="https://vendor.example", secret="s"
            )

    def claimed(self, effect: Effect) -> Effect:
        claimed = execute.claim(effect.pk)
        assert claimed is not None
        return claimed

    def test_an_effect_about_a_visit_ends_under_the_survivor(self, practice, gone, survivor):
        visit = AppointmentFactory(patient=gone, practice=practice)
        effect = self.claimed(EffectFactory(appointment=visit, kind=EffectKind.READ_APPOINTMENT))
        other = AppointmentFactory(patient=survivor, practice=practice)
        read(practice, "7002", "7001")
        type(other).objects.update(look_due_at=None)
        settle(effect, Completed("Read."))
        effect.refresh_from_db()
        other.refresh_from_db()
        assert effect.status == EffectStatus.ACCEPTED
        assert owner(effect) == "7002"
        assert other.look_due_at is not None

    def test_a_patient_sent_under_the_old_id_does_not_become_the_survivors_record(
        self, practice, gone, survivor
    ):
        visit = AppointmentFactory(patient=gone, practice=practice)
        effect = self.claimed(about_record(visit, kind=EffectKind.UPSERT_PATIENT))
        own = about_record(
            AppointmentFactory(patient=survivor, practice=practice), kind=EffectKind.UPSERT_PATIENT
        )
        read(practice, "7002", "7001")
        # The survivor's own record need not wait for the other.
        assert execute.claim(own.pk) is not None
        settle(effect, Completed("Updated."))
        assert owner(effect) == "7001"
        assert effect.status == EffectStatus.ACCEPTED

    def test_a_read_that_finds_the_old_record_gone_bothers_nobody(self, practice, gone, survivor):
        visit = AppointmentFactory(patient=gone, practice=practice)
        effect = self.claimed(about_record(visit))
        read(practice, "7002", "7001")
        settle(effect, Refused("athenahealth does not know this record.", code=NOT_FOUND))
        effect.refresh_from_db()
        assert effect.status == EffectStatus.SUPERSEDED
        assert Attempt.objects.get(effect=effect).outcome == "rejected"


def about_record(visit, kind=EffectKind.READ_PATIENT, status=EffectStatus.QUEUED) -> Effect:
    effect = EffectFactory.build(
        appointment=visit, practice=visit.practice, patient=visit.patient, kind=kind, status=status
    )
    effect.appointment = None
    effect.save()
    return effect


def now() -> datetime:
    return timezone.now()


class TestWordsOfConsent:
    def newest(self, patient) -> list[tuple[str, str, str]]:
        rows = ConsentEvent.objects.filter(patient=patient).order_by("pk")
        return [(row.channel, row.state, row.source) for row in rows]

    def take(self, patient, held, at=None) -> None:
        consents.take_from_record(patient, "pat_1", held, at or now(), now())

    def test_unknown_adds_nothing_and_a_word_is_kept_with_source_and_time(self, survivor):
        at = now() - timedelta(minutes=1)
        self.take(survivor, {"sms": "opted_out", "email": "unknown"}, at)
        [word] = ConsentEvent.objects.all()
        assert (word.channel, word.state, word.at) == ("sms", "opted_out", at)
        assert AuditEvent.objects.get(action="consent.received").detail == {
            "channel": "sms",
            "state": "opted_out",
            "source": "relatient record",
        }

    def test_each_change_counts_once(self, survivor):
        for state in ("opted_out", "opted_out", "opted_in", "opted_out", "opted_out"):
            self.take(survivor, {"sms": state})
        states = [state for _, state, _ in self.newest(survivor)]
        assert states == ["opted_out", "opted_in", "opted_out"]

    def test_an_event_of_before_the_read_stays_older(self, practice, survivor):
        self.take(survivor, {"sms": "opted_in"})
        event = EventRecord(
            "evt_1",
            1,
            EventType.OPTED_OUT,
            now() - timedelta(hours=1),
            patient_external_id="7002",
            channel=Channel.SMS,
        )
        assert take_event(practice, event) is Received.NEW
        self.take(survivor, {"sms": "opted_in"})
        assert [source for *_, source in self.newest(survivor)] == ["relatient record", "relatient"]

    @pytest.mark.parametrize(("says_no", "says_yes"), [("7001", "7002"), ("7002", "7001")])
    def test_the_yes_of_one_record_does_not_end_the_no_of_the_other(
        self, practice, gone, survivor, says_no, says_yes
    ):
        for owner, state, hour in ((says_no, "opted_out", 2), (says_yes, "opted_in", 1)):
            patient = Patient.objects.get(external_id=owner)
            at = now() - timedelta(hours=hour)
            event = f"evt_{state}"
            consents.remember(
                patient, Channel.SMS, state, source="relatient", event_id=event, at=at, now=now()
            )
        read(practice, "7002", "7001")
        visit = AppointmentFactory(patient=survivor, practice=practice)
        assert self.is_refused(visit)
        # What the person says from now on counts as ever.
        again = EventRecord(
            "evt_2", 9, EventType.OPTED_IN, now(), patient_external_id="7001", channel=Channel.SMS
        )
        assert take_event(practice, again) is Received.NEW
        assert not self.is_refused(visit)

    def is_refused(self, visit):
        patient = snapshot.build(visit, {visit.pk}).patient
        return refusal(patient, Channel.SMS, "+16172267002") is not None


class TestMessaged:
    AT = datetime(2026, 11, 20, 15, tzinfo=UTC)

    def event(self, kind: EventType, enrollment, **more) -> EventRecord:
        return EventRecord(
            f"evt_{kind}",
            1,
            kind,
            self.AT,
            enrollment_vendor_id=enrollment.vendor_id,
            appointment_external_id=enrollment.appointment.external_id,
            **more,
        )

    @pytest.mark.parametrize(
        "kind",
        [
            EventType.MESSAGE_DELIVERED,
            EventType.MESSAGE_FAILED,
            EventType.ENROLLMENT_COMPLETED,
            EventType.REPLY,
        ],
    )
    def test_it_is_known_since_when_the_patient_was_written_to(self, practice, gone, kind):
        enrollment = enrolled(AppointmentFactory(patient=gone, practice=practice))
        take_event(practice, self.event(kind, enrollment))
        enrollment.refresh_from_db()
        assert enrollment.messaged_at == self.AT

    def test_the_first_report_counts_and_needs_no_look(self, practice, gone):
        enrollment = enrolled(AppointmentFactory(patient=gone, practice=practice))
        Enrollment.objects.update(messaged_at=self.AT - timedelta(days=1))
        take_event(practice, self.event(EventType.MESSAGE_DELIVERED, enrollment))
        enrollment.refresh_from_db()
        assert enrollment.messaged_at == self.AT - timedelta(days=1)
        assert enrollment.appointment.look_due_at is None
