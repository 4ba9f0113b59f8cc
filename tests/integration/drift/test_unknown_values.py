"""What a vendor sends and no table of ours names: counted by value, shown, never guessed at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.test import Client

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.models import ADMINS, Appointment, Campaign, Patient, Practice
from integrations.athenahealth import translate as athena
from integrations.drift import observe, store
from integrations.drift.consequence_text import CONSEQUENCES, consequence_of
from integrations.drift.observe import DriftKind
from integrations.models import InboundMessage, InboundStatus, UnknownValue
from integrations.relatient import schemas
from integrations.relatient import translate as relatient
from integrations.setup.bootstrap import bootstrap
from integrations.transport.errors import Nonsense
from tests.factories import PracticeFactory, UserFactory
from tests.scenarios.clinic import PRACTICE, Clinic
from tests.scenarios.conftest import clinic, simulator

__all__ = ["clinic", "simulator"]

VISIT = {
    "appointmentid": "850244",
    "date": "06/01/2026",
    "starttime": "08:30",
    "departmentid": "1",
    "patientid": "7001",
    "appointmentstatus": "f",
}
PATIENT = {"patientid": "7001", "firstname": "Nora", "status": "active"}
ENROLLMENT = {
    "id": "enr_1",
    "status": "active",
    "patient_id": "pat_1",
    "campaign_id": "cmp",
    "appointment": {
        "external_id": f"athena:{PRACTICE}:1",
        "starts_at": "2026-06-01T12:00:00Z",
        "time_zone": "America/New_York",
        "provider_external_id": f"athena:{PRACTICE}:71",
    },
    "lead_channel": "sms",
    "channels_allowed": ["sms"],
    "created_at": "2026-05-01T12:00:00Z",
}
EVENT = {
    "id": "evt_1",
    "seq": 1,
    "type": "message.delivered",
    "occurred_at": "2026-05-01T12:00:00Z",
}


def seen(translate, row) -> set[tuple[str, str]]:
    """What a translation did not know, whether or not it could make sense of the row."""
    with observe.collected() as found:
        try:
            translate(row)
        except Nonsense as nonsense:
            assert "Nora" not in nonsense.sentence
    return {(one.what, one.value) for one in found}


@pytest.mark.parametrize(
    ("fields", "what", "value"),
    [
        ({"appointmentstatus": "z"}, "appointment status", "z"),
        ({"appointmentstatus": "Nora is late"}, "appointment status", "text of 12 characters"),
        ({"cancelreasonnoshow": "perhaps"}, "yes or no: cancelreasonnoshow", "perhaps"),
        ({"duration": "a while"}, "shape: duration", "text of 7 characters"),
        ({"providerid": ["71"]}, "shape: providerid", "list of 1"),
        ({"appointmentnotes": ["Nora"]}, "shape: appointmentnotes", "list of 1"),
    ],
)
def test_an_odd_field_of_a_visit_is_told(fields, what, value) -> None:
    assert seen(athena.appointment, {**VISIT, **fields}) == {(what, value)}


@pytest.mark.parametrize(
    ("fields", "what", "value"),
    [
        ({"status": "frozen"}, "patient status", "frozen"),
        ({"language6392code": "xxxxx"}, "language code", "xxxxx"),
        ({"contactpreference": "PIGEON"}, "contact preference", "PIGEON"),
        ({"guarantorrelationshiptopatient": "27"}, "guarantor's relation", "27"),
        ({"contactrelationship": "NEIGHBOR"}, "emergency contact's relation", "NEIGHBOR"),
        ({"contactrelationship": "my aunt Nora"}, "emergency contact's relation",
         "text of 12 characters"),
        ({"donotcall": "maybe"}, "yes or no: donotcall", "maybe"),
        ({"consenttotext": "6172267001"}, "yes or no: consenttotext", "text of 10 characters"),
    ],
)  # fmt: skip
def test_an_odd_field_of_a_patient_is_told(fields, what, value) -> None:
    assert seen(athena.patient, {**PATIENT, **fields}) == {(what, value)}


@pytest.mark.parametrize("row", [VISIT, {**VISIT, "appointmentstatus": "x"}])
def test_a_plain_visit_tells_nothing(row) -> None:
    assert seen(athena.appointment, row) == set()


@pytest.mark.parametrize("code", ["", "declined", "eng", "ger", "deu", "und", None])
def test_a_language_that_is_known_or_not_given_tells_nothing(code) -> None:
    assert seen(athena.patient, {**PATIENT, "language6392code": code}) == set()


@pytest.mark.parametrize(
    ("fields", "what", "value"),
    [
        ({"type": "message.bounced"}, "event type", "message.bounced"),
        ({"channel": "pigeon", "enrollment_id": "enr_1"}, "channel", "pigeon"),
        ({"seq": "first"}, "shape: event", "object with keys id, occurred_at, seq, type"),
    ],
)
def test_an_odd_event_is_told(fields, what, value) -> None:
    found = seen(lambda row: relatient.event_record(PRACTICE, row), {**EVENT, **fields})
    assert found == {(what, value)}


def test_an_odd_enrollment_message_or_campaign_is_told() -> None:
    def enrollment(row):
        return relatient.enrollment_record(PRACTICE, schemas.Enrollment.model_validate(row))

    assert seen(enrollment, {**ENROLLMENT, "status": "snoozed"}) == {
        ("enrollment status", "snoozed")
    }
    patient = schemas.Patient(
        id="p", etag="e", external_id=f"athena:{PRACTICE}:1", consents={"sms": "paused", "fax": "x"}
    )
    assert seen(lambda row: relatient.patient_mirror(PRACTICE, row), patient) == {
        ("consent state", "paused"),
        ("channel", "fax"),
    }
    message = schemas.Message(
        id="m", channel="sms", status="vaporized", created_at=datetime(2026, 5, 1, tzinfo=UTC)
    )
    assert seen(relatient.sent_message, message) == {("message status", "vaporized")}
    campaign = schemas.Campaign(
        id="c", name="C", language="en", modality="hybrid", intensity="extreme",
        channels=["sms", "fax"], steps=[], active=True,
    )  # fmt: skip
    assert seen(relatient.campaign_record, campaign) == {
        ("campaign modality", "hybrid"),
        ("campaign intensity", "extreme"),
        ("channel", "fax"),
    }


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("z", "z"),
        (7, "7"),
        ("A.b-c_d:e", "A.b-c_d:e"),
        ("617226", "617226"),
        ("6172267", "text of 7 characters"),
        ("1979-04-05", "text of 10 characters"),
        ("nora@example.org", "text of 16 characters"),
        ("Nora Sampleton", "text of 14 characters"),
        ("x" * 41, "text of 41 characters"),
        ("", "text of 0 characters"),
        (None, "nothing"),
        (True, "yes or no"),
        (1.5, "number"),
        (["Nora"], "list of 1"),
        ({"b": "Nora", "a": 1}, "object with keys a, b"),
        ({"Nora Sampleton": 1}, "object and others"),
    ],
)
def test_only_a_plain_code_is_kept_and_never_a_patients_words(value, described) -> None:
    assert observe.described(value) == described


def test_every_kind_of_unknown_value_has_its_consequence() -> None:
    assert set(CONSEQUENCES) == set(DriftKind)
    assert consequence_of("shape: duration") == CONSEQUENCES[DriftKind.SHAPE]
    assert consequence_of("something older") not in CONSEQUENCES.values()


def met(practice: Practice, vendor: str, what: str, value: str) -> None:
    """A translation met a value that no table of ours names."""
    with store.recording_drift(practice.external_id):
        observe.unknown(vendor, DriftKind(what), value)


def test_the_first_sight_is_audited_and_the_others_are_counted(db, as_process) -> None:
    practice = PracticeFactory()
    for _ in range(3):
        met(practice, "athenahealth", "patient status", "frozen")
    [row] = UnknownValue.objects.all()
    assert (row.times, row.value) == (3, "frozen")
    assert row.first_seen_at < row.last_seen_at
    [event] = AuditEvent.objects.filter(action="vendor.unknown_value")
    assert event.detail == {"vendor": "athenahealth", "what": "patient status", "value": "frozen"}


def test_each_practice_counts_its_own(db, as_process) -> None:
    for practice in (PracticeFactory(), PracticeFactory()):
        met(practice, "relatient", "channel", "fax")
    assert list(UnknownValue.objects.values_list("times", flat=True)) == [1, 1]


def test_two_processes_that_see_it_first_count_it_twice_in_one_row(transactional_db) -> None:
    practice, start = PracticeFactory(), Barrier(4)

    def see() -> None:
        try:
            start.wait()
            with store.recording_drift(practice.external_id):
                observe.unknown("relatient", DriftKind.CHANNEL, "fax")
        finally:
            connections.close_all()

    threads = [Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [row] = UnknownValue.objects.all()
    assert row.times == 4
    assert AuditEvent.objects.filter(action="vendor.unknown_value").count() == 1


def test_what_was_unknown_is_kept_although_the_work_failed(db) -> None:
    practice = PracticeFactory()
    with pytest.raises(Nonsense), store.recording_drift(practice.external_id):
        athena.appointment({**VISIT, "appointmentstatus": "z"})
    assert UnknownValue.objects.get().value == "z"


def values() -> dict[str, str]:
    return dict(UnknownValue.objects.values_list("what", "value"))


def test_a_visit_with_an_unknown_status_is_parked_and_nobody_is_enrolled(clinic: Clinic) -> None:
    odd, plain = clinic.book(clinic.patient()), clinic.book(clinic.patient())
    clinic.control(f"athena/appointments/{odd}/change", {"appointmentstatus": "z"})
    clinic.sync()
    assert values() == {"appointment status": "z"}
    assert InboundMessage.objects.filter(status=InboundStatus.PARKED).count() == 1
    assert not Appointment.objects.filter(external_id=odd).exists()
    assert clinic.active(odd) == [] and len(clinic.active(plain)) == 1


def test_a_visit_whose_status_becomes_unknown_is_not_believed_any_more(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/change", {"appointmentstatus": "z"})
    clinic.sync()
    row = Appointment.objects.get(external_id=visit)
    assert (row.status, row.coverage_code) == ("scheduled", Code.RECORD_UNREADABLE)
    assert clinic.active(visit) == []
    assert values() == {"appointment status": "z"}


def test_ids_that_no_list_names_are_counted(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient())
    fields = {"providerid": "9971", "appointmentconfirmationid": "977"}
    clinic.control(f"athena/appointments/{visit}/change", fields)
    clinic.sync()
    assert values() == {"provider": "9971", "confirmation status": "977"}
    clinic.control(f"athena/appointments/{visit}/cancel")
    clinic.control(f"athena/appointments/{visit}/change", {"cancelreasonid": "4141"})
    clinic.sync()
    assert values()["cancel reason"] == "4141"
    assert clinic.active(visit) == []


def test_a_patient_of_unknown_status_is_not_reminded(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient(status="frozen"))
    clinic.sync()
    assert values() == {"patient status": "frozen"}
    assert clinic.enrollments(visit) == []
    assert Patient.objects.get().read_ended is None
    assert Appointment.objects.get(external_id=visit).coverage_code == "vendor_rejected"


def test_an_error_code_of_relatient_that_is_not_in_its_contract_is_counted(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient())
    clinic.refuse("POST", "/relatient/v1/enrollments", 422, "moon_too_full")
    clinic.sync()
    assert values() == {"error code": "moon_too_full"}
    assert Appointment.objects.get(external_id=visit).coverage_code == "vendor_rejected"


def test_a_campaign_for_an_unknown_modality_is_not_used(clinic: Clinic) -> None:
    with clinic.simulator.simulation.lock:
        library = clinic.simulator.simulation.relatient.store.campaigns
        library["cmp_followup_en"] = {**library["cmp_followup_en"], "modality": "hybrid"}
    with acting_as(process="test"):
        bootstrap()
    assert values() == {"campaign modality": "hybrid"}
    assert Campaign.objects.get(external_id="cmp_followup_en").modality == "hybrid"
    visit = clinic.book(clinic.patient(), appointmenttypeid="83")
    clinic.sync()
    assert clinic.enrollments(visit) == []


def test_an_ordinary_practice_shows_nothing_unknown(clinic: Clinic) -> None:
    visits = [clinic.book(clinic.patient(), days=day) for day in (2, 3)]
    clinic.sync()
    clinic.answer(visits[0], "confirmed")
    clinic.answer(visits[1], "cancelled")
    clinic.sync()
    assert values() == {}


@pytest.fixture
def practice(db, as_process) -> Practice:
    made = PracticeFactory()
    met(made, "athenahealth", "appointment status", "z")
    met(PracticeFactory(), "relatient", "channel", "fax")
    return made


def test_the_console_says_what_came_and_what_kept_does_with_it(
    client: Client, practice: Practice
) -> None:
    client.force_login(UserFactory(role=ADMINS, practices=[practice]))
    page = client.get("/admin/integrations/unknownvalue/").content.decode()
    assert "appointment status" in page and CONSEQUENCES[DriftKind.APPOINTMENT_STATUS] in page
    assert "fax" not in page
    first = client.get("/admin/").content.decode()
    assert "first seen in the last 7 days" in first
    row = UnknownValue.objects.get(practice=practice)
    assert client.get(f"/admin/integrations/unknownvalue/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/integrations/unknownvalue/{row.pk}/delete/").status_code == 403


def test_the_first_page_forgets_what_is_no_news(client: Client, practice: Practice) -> None:
    UnknownValue.objects.update(first_seen_at=datetime.now(UTC) - timedelta(days=8))
    client.force_login(UserFactory(role=ADMINS, practices=[practice]))
    assert "first seen in the last 7 days" not in client.get("/admin/").content.decode()
