"""Numbers are found by a keyed digest, whichever of the present keys made it, and made anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings
from django.utils import timezone

from campaigns.address_digest import digest_of, digests_of, newest_mark
from campaigns.decisions import snapshot
from campaigns.domain.consents import EVENT, NO, RECORD, YES, refusal
from campaigns.domain.values import Channel
from campaigns.encryption import encrypt
from campaigns.intake import reach_renewal
from campaigns.intake.chart import take_patient
from campaigns.intake.consents import remember, take_from_record
from campaigns.models import Appointment, ConsentEvent, Patient
from campaigns.vendor_records import PatientRecord, ReadSpan
from tests.factories import AppointmentFactory, PracticeFactory

pytestmark = pytest.mark.django_db
MOBILE = "+16172267002"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def practice(as_process):
    return PracticeFactory()


@pytest.fixture(autouse=True)
def a_process_that_has_just_begun():
    reach_renewal._done.clear()


def record(external_id: str, mobile: str = MOBILE, **fields) -> PatientRecord:
    return PatientRecord(external_id, mobile_phone=mobile, consent_to_text=True, **fields)


def read(practice, external_id: str, **fields) -> Patient:
    now = timezone.now()
    take_patient(practice, record(external_id, **fields), ReadSpan(now, now))
    return Patient.objects.get(practice=practice, external_id=external_id)


def say(patient: Patient, state: str = NO, reach: str = MOBILE, source: str = EVENT) -> None:
    now = timezone.now()
    name = f"evt_{ConsentEvent.objects.count()}"
    remember(
        patient,
        Channel.SMS,
        state,
        source=source,
        event_id=name,
        at=now,
        now=now,
        reach=reach,
    )


def is_refused(patient: Patient, reach: str = MOBILE) -> bool:
    visit = AppointmentFactory(patient=patient, practice=patient.practice)
    return refusal(snapshot.build(visit, {visit.pk}).patient, Channel.SMS, reach) is not None


def renew(practice) -> None:
    reach_renewal.renew(practice, lambda: False)


@override_settings(FIELD_ENCRYPTION_KEYS=[OLD])
def test_a_stop_is_found_under_each_present_key_and_made_anew_under_the_newest(practice):
    one, other = read(practice, "7001"), read(practice, "7002")
    say(one)
    before = ConsentEvent.objects.get().reach_digest
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
        assert digests_of(MOBILE) == [digest_of(MOBILE), before]
        assert is_refused(other)
        renew(practice)
        word = ConsentEvent.objects.get()
        assert word.reach_digest == digest_of(MOBILE) != before
        assert word.reach == MOBILE
        assert is_refused(other)
        word.save()
        Patient.objects.get(pk=other.pk).save()
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
        assert digest_of(MOBILE) == ConsentEvent.objects.get().reach_digest


@override_settings(FIELD_ENCRYPTION_KEYS=[OLD])
def test_visits_get_their_digests_by_a_look_and_what_is_over_loses_them(practice):
    ahead = AppointmentFactory(practice=practice, sms_digest=digest_of(MOBILE), look_due_at=None)
    past = timezone.now() - timedelta(days=3)
    over = AppointmentFactory(practice=practice, starts_at=past, sms_digest=digest_of(MOBILE))
    bare = AppointmentFactory(practice=practice, coverage_state="enrolled", look_due_at=None)
    Appointment.objects.filter(pk=bare.pk).update(coverage_code="enrolled")
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
        renew(practice)
        for visit in (ahead, bare):
            visit.refresh_from_db()
            assert visit.look_due_at is not None
        over.refresh_from_db()
        assert over.sms_digest == ""


@override_settings(FIELD_ENCRYPTION_KEYS=[OLD])
def test_one_damaged_word_does_not_keep_the_others_from_being_made_anew(practice):
    patient = read(practice, "7001")
    say(patient)
    say(patient, reach="+16172267003")
    damaged, sound = ConsentEvent.objects.order_by("pk").values_list("pk", flat=True)
    ConsentEvent.objects.filter(pk=damaged).update(reach_digest="old:1")
    with override_settings(FIELD_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
        foreign = encrypt("+16172267002")
    from django.db import connection

    with connection.cursor() as cursor:
        table = ConsentEvent._meta.db_table
        cursor.execute(f"UPDATE {table} SET reach = %s WHERE id = %s", [foreign, damaged])
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
        renew(practice)
        kept = dict(ConsentEvent.objects.values_list("pk", "reach_digest"))
        assert kept[sound].startswith(newest_mark())
        assert kept[damaged] == "old:1"


def test_a_no_of_before_the_first_read_belongs_to_the_number_that_is_read(practice):
    stranger = Patient.objects.create(practice=practice, external_id="7001")
    say(stranger, reach="")
    other = read(practice, "7002")
    assert not is_refused(other)
    visit = AppointmentFactory(patient=other, practice=practice, sms_digest=digest_of(MOBILE))
    Appointment.objects.filter(pk=visit.pk).update(look_due_at=None)
    read(practice, "7001")
    assert is_refused(other)
    visit.refresh_from_db()
    assert visit.look_due_at is not None


def test_words_from_before_numbers_were_kept_get_the_present_one(practice):
    one, other = read(practice, "7001"), read(practice, "7002")
    say(one, reach="")
    say(one, state=YES, reach="", source=RECORD)
    renew(practice)
    assert [word.reach for word in ConsentEvent.objects.order_by("pk")] == [MOBILE, ""]
    assert is_refused(other)


class TestRelatientsRecord:
    """What its record of a patient says; the record names neither a time nor a number."""

    def take(self, patient: Patient, **held: str) -> None:
        now = timezone.now()
        take_from_record(patient, "pat_1", held, now, now)

    def test_a_no_holds_for_the_number_and_a_yes_is_no_yes_of_the_number(self, practice):
        one, other = read(practice, "7001"), read(practice, "7002")
        self.take(one, sms=NO)
        assert is_refused(other)
        self.take(other, sms=YES)
        assert is_refused(other)

    def test_a_yes_ends_the_no_that_it_takes_the_place_of(self, practice):
        one, other = read(practice, "7001"), read(practice, "7002")
        self.take(one, sms=NO)
        self.take(one, sms=YES)
        assert not is_refused(other)

    def test_what_kept_had_recorded_is_nobodys_word(self, practice):
        patient = read(practice, "7001")
        patient.told_consents = {"sms": {"state": NO, "at": timezone.now().isoformat()}}
        self.take(patient, sms=NO)
        assert not ConsentEvent.objects.exists()
        self.take(patient, sms=YES)
        self.take(patient, sms=YES)
        assert [word.state for word in ConsentEvent.objects.all()] == [YES]
