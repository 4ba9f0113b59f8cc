"""A vendor's value that no column can hold: cut where it decides nothing, else refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from campaigns.clock import database_now
from campaigns.domain.values import Channel
from campaigns.enrollments.status import adopt
from campaigns.intake.chart import take_appointment
from campaigns.intake.events import Received, take_event
from campaigns.models import Appointment, Campaign, ConsentEvent, Practice
from campaigns.vendor_records import CampaignRecord, ReadSpan
from integrations.athenahealth import translate
from integrations.models import Connection
from integrations.relatient import feed, schemas
from integrations.relatient import translate as relatient
from integrations.setup import reference_data
from integrations.transport.errors import Nonsense
from tests.factories import DepartmentFactory, PracticeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]

ROW: dict[str, Any] = {
    "appointmentid": "1",
    "patientid": "5",
    "departmentid": "1",
    "appointmenttypeid": "82",
    "appointmenttype": "Physical",
    "appointmentstatus": "f",
    "date": "03/04/2030",
    "starttime": "09:30",
    "duration": 20,
}


@pytest.fixture
def practice() -> Practice:
    made = PracticeFactory()
    DepartmentFactory(practice=made)
    return made


def taken(practice: Practice, **fields: Any) -> Appointment:
    record = translate.appointment({**ROW, **fields})
    assert record is not None
    now: datetime = database_now()
    take_appointment(practice, record, ReadSpan(now, now))
    return Appointment.objects.get()


@pytest.mark.parametrize(
    ("field", "value", "column", "kept"),
    [
        ("scheduledby", "b" * 81, "scheduled_by", "b" * 80),
        ("cancelledby", "c" * 5000, "cancelled_by", "c" * 80),
        ("appointmenttype", "t" * 1000, "type_name", "t" * 160),
        ("patientappointmenttypename", "p" * 161, "public_type_name", "p" * 160),
        ("patientappointmenttypename", "\N{DOG FACE}" * 161, "public_type_name", "🐶" * 160),
        ("duration", 9_999_999_999, "duration_minutes", None),
        ("duration", "99999", "duration_minutes", None),
        ("duration", -20, "duration_minutes", None),
        ("duration", 1440, "duration_minutes", 1440),
    ],
)
def test_what_decides_nothing_keeps_no_visit_from_its_reminder(
    practice: Practice, field: str, value: object, column: str, kept: object
) -> None:
    visit = taken(practice, **{field: value})
    assert getattr(visit, column) == kept
    assert visit.look_due_at is not None


@pytest.mark.parametrize(
    "field",
    [
        "appointmentid",
        "patientid",
        "departmentid",
        "appointmenttypeid",
        "appointmentconfirmationid",
        "cancelreasonid",
        "rescheduledappointmentid",
    ],
)
@pytest.mark.parametrize("value", ["7" * 41, "x" * 5000])
def test_an_id_that_is_none_is_refused_with_its_name(field: str, value: str) -> None:
    with pytest.raises(Nonsense) as refusal:
        translate.appointment({**ROW, field: value})
    assert field in refusal.value.sentence
    assert value not in refusal.value.sentence


def test_an_id_of_the_greatest_length_is_one(practice: Practice) -> None:
    assert taken(practice, appointmentid="7" * 40).external_id == "7" * 40


def test_a_patients_id_likewise() -> None:
    with pytest.raises(Nonsense, match="patientid"):
        translate.patient({"patientid": "5" * 41})


EVENT: dict[str, Any] = {
    "id": "evt_1",
    "seq": 1,
    "type": "response.confirmed",
    "occurred_at": "2030-03-01T12:00:00Z",
    "enrollment_id": "enr_1",
    "patient_external_id": "athena:195900:5",
    "appointment_external_id": "athena:195900:1",
    "appointment_starts_at": "2030-03-04T14:30:00Z",
}
ENROLLMENT: dict[str, Any] = {
    "id": "enr_1",
    "status": "active",
    "patient_id": "pat_1",
    "campaign_id": "cmp_1",
    "lead_channel": "sms",
    "channels_allowed": ["sms"],
    "created_at": "2030-03-01T12:00:00Z",
    "appointment": {
        "external_id": "athena:195900:1",
        "starts_at": "2030-03-04T14:30:00Z",
        "time_zone": "America/New_York",
        "provider_external_id": "athena:195900:71",
    },
}


@pytest.mark.parametrize("field", ["id", "enrollment_id"])
def test_an_answer_reaches_the_desk_whatever_relatient_calls_it(
    practice: Practice, field: str
) -> None:
    visit = taken(practice)
    event = relatient.event_record("195900", {**EVENT, field: "e" * 200})
    assert take_event(practice, event, database_now()) is Received.NEW
    assert take_event(practice, event, database_now()) is Received.DUPLICATE
    assert visit.responses.count() == 1


@pytest.mark.parametrize("field", ["patient_external_id", "appointment_external_id"])
def test_an_event_whose_record_cannot_be_named_is_refused_with_the_field(field: str) -> None:
    with pytest.raises(Nonsense, match="external_id"):
        relatient.event_record("195900", {**EVENT, field: "athena:195900:" + "7" * 41})


def test_what_became_of_a_message_names_its_enrollment_or_is_refused() -> None:
    told = {**EVENT, "type": "message.failed", "enrollment_id": "e" * 81}
    with pytest.raises(Nonsense, match="enrollment_id"):
        relatient.event_record("195900", told)


@pytest.mark.parametrize("field", ["id", "campaign_id"])
def test_an_enrollment_that_no_column_can_name_is_refused_with_the_field(field: str) -> None:
    with pytest.raises(Nonsense, match=field):
        relatient.listed_enrollment("195900", {**ENROLLMENT, field: "x" * 81})
    longest = {**ENROLLMENT, "id": "x" * 80, "campaign_id": "x" * 80}
    assert relatient.listed_enrollment("195900", longest).vendor_id == "x" * 80


@pytest.mark.parametrize(("sent", "kept"), [(2**70, 2**63 - 1), (-(2**70), 1 - 2**63)])
def test_an_answer_whose_number_no_column_holds_is_taken_all_the_same(
    practice: Practice, sent: int, kept: int
) -> None:
    visit = taken(practice)
    event = relatient.event_record("195900", {**EVENT, "seq": sent})
    assert take_event(practice, event, database_now()) is Received.NEW
    assert visit.responses.get().seq == kept


def test_a_stop_is_heeded_whatever_else_its_event_names(practice: Practice) -> None:
    stop = {**EVENT, "type": "consent.opted_out", "channel": "sms", "raw_text": "STOP"}
    stop |= {"enrollment_id": "e" * 81, "appointment_external_id": f"athena:195900:{'9' * 41}"}
    event = relatient.event_record("195900", stop)
    assert take_event(practice, event, database_now()) is Received.NEW
    assert ConsentEvent.objects.get().state == "opted_out"
    with pytest.raises(Nonsense, match="external_id"):
        relatient.event_record(
            "195900", {**stop, "patient_external_id": f"athena:195900:{'5' * 41}"}
        )


@pytest.mark.parametrize("lead", ["postcard", "pager"])
def test_a_lead_channel_of_any_length_keeps_no_enrollment_from_being_adopted(
    practice: Practice, lead: str
) -> None:
    visit, now = taken(practice), database_now()
    row = {**ENROLLMENT, "id": "e" * 80, "lead_channel": lead}
    adopted = adopt(visit, relatient.listed_enrollment("195900", row), ReadSpan(now, now))
    adopted.refresh_from_db()
    assert (adopted.vendor_id, adopted.lead_channel) == ("e" * 80, "")
    # As it came, so that the next look sees that it is not what the visit should have.
    assert adopted.vendor_state["lead_channel"] == lead


def test_a_patient_at_relatient_is_refused_likewise() -> None:
    fields = {"id": "p" * 81, "etag": "e" * 500, "external_id": "athena:195900:5"}
    with pytest.raises(Nonsense, match="id"):
        relatient.patient_mirror("195900", schemas.Patient(**fields))


def test_no_word_of_a_campaign_keeps_the_others_from_the_library(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    wordy = CampaignRecord(
        "cmp_1", "n" * 500, "en", "telehealth" * 9, "high" * 9, (Channel.SMS,), active=True
    )
    plain = replace(wordy, external_id="cmp_2", name="Plain", modality="any", intensity="high")
    monkeypatch.setattr(feed, "campaign_library", lambda _: [wordy, plain])
    connection = Connection.objects.create(practice=practice, vendor="relatient", secret="s")
    assert reference_data.load(connection, lambda: None) == {"campaigns": 2}
    row = Campaign.objects.get(external_id="cmp_1")
    # Cut, they are still no words that Kept knows.
    assert (row.name, row.modality, row.intensity) == ("n" * 160, "telehealthte", "highhighhi")
