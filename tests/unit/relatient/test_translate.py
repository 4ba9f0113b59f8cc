"""What is sent to Relatient, field by field, and that what comes back compares equal to it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.effects import EnrollBody, PatientBody, instant
from campaigns.domain.values import Channel, EnrollmentStatus, ReplyKind
from campaigns.vendor_records import EventType
from integrations.relatient import schemas, translate
from integrations.transport.errors import Nonsense

PRACTICE = "195900"
texts = st.text(max_size=20)
ids = st.text("0123456789abcdefXYZ-_", min_size=1, max_size=12)
phones = st.none() | st.from_regex(r"\+1[2-9]\d{9}", fullmatch=True)
emails = st.none() | st.just("pat@example.org")
channels = st.lists(st.sampled_from(["sms", "email", "voice"]), min_size=1, unique=True)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()).map(
    instant
)
visits = st.fixed_dictionaries(
    {
        "appointment": ids,
        "starts_at": instants,
        "time_zone": st.sampled_from(["America/New_York", "US/Eastern"]),
        "provider": ids,
        "provider_name": texts,
        "department_name": texts,
        "type_name": texts,
        "modality": st.sampled_from(["in_person", "telehealth"]),
        "join_url": st.sampled_from(["", "https://video.example.org/x"]),
    }
)
recipients = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["patient", "guardian"]),
        "name": texts,
        "relationship": texts,
        "mobile_phone": phones,
        "home_phone": phones,
        "email": emails,
    }
)
reminders = st.fixed_dictionaries(
    {
        "visit": visits,
        "recipient": recipients,
        "lead_channel": st.sampled_from(["sms", "email", "voice"]),
        "channels": channels,
    }
)
patients = st.fixed_dictionaries(
    {
        "patient": ids,
        "first_name": texts,
        "last_name": texts,
        "date_of_birth": st.none() | st.dates().map(lambda born: born.isoformat()),
        "email": emails,
        "mobile_phone": phones,
        "home_phone": phones,
        "language": st.sampled_from(["en", "es", "pt-BR"]),
    }
)


def _body(**visit: str) -> EnrollBody:
    return {
        "patient": "pat_1",
        "campaign": "cmp_1",
        "reminder": {
            "visit": {
                "appointment": "1192977",
                "starts_at": "2026-12-01T15:30:00Z",
                "time_zone": "America/New_York",
                "provider": "71",
                "provider_name": "Dr. Terry",
                "department_name": "Main Street",
                "type_name": "Annual visit",
                "modality": "in_person",
                "join_url": "",
                **visit,
            },
            "recipient": {
                "kind": "patient",
                "name": "",
                "relationship": "",
                "mobile_phone": "+16175550123",
                "home_phone": None,
                "email": None,
            },
            "lead_channel": "sms",
            "channels": ["sms", "email"],
        },
        "send_window": {"start": "09:00", "end": "21:00"},
    }


def _patient(**fields: str | None) -> PatientBody:
    return {
        "patient": "7001",
        "first_name": "Ann",
        "last_name": "",
        "date_of_birth": "1980-02-29",
        "email": None,
        "mobile_phone": "+16175550123",
        "home_phone": None,
        "language": "en",
        **fields,
    }


def _enrollment(sent: dict, **changes: object) -> schemas.Enrollment:
    answer = {
        **sent,
        "id": "enr_1",
        "status": "active",
        "created_at": "2026-11-22T12:00:00Z",
        "ended_at": None,
        "something_new": {"a": 1},
        **changes,
    }
    return schemas.Enrollment.model_validate(answer)


def _event(**fields: object) -> dict:
    return {
        "id": "evt_1",
        "seq": 7,
        "type": "response.confirmed",
        "occurred_at": "2026-11-22T12:00:00Z",
        "enrollment_id": "enr_1",
        "patient_external_id": "athena:195900:7001",
        "appointment_external_id": "athena:195900:1192977",
        "appointment_starts_at": "2026-12-01T15:30:00Z",
        "channel": "sms",
        "raw_text": "Y",
        **fields,
    }


def test_an_enrollment_is_sent_in_the_vendors_words():
    assert translate.enrollment_json(PRACTICE, _body()) == {
        "patient_id": "pat_1",
        "campaign_id": "cmp_1",
        "appointment": {
            "external_id": "athena:195900:1192977",
            "starts_at": "2026-12-01T15:30:00Z",
            "time_zone": "America/New_York",
            "provider_external_id": "athena:195900:71",
            "provider_name": "Dr. Terry",
            "department_name": "Main Street",
            "type_name": "Annual visit",
            "modality": "in_person",
        },
        "recipient": {
            "kind": "patient",
            "mobile_phone": "+16175550123",
            "home_phone": None,
            "email": None,
        },
        "lead_channel": "sms",
        "channels_allowed": ["sms", "email"],
        "send_window": {"start": "09:00", "end": "21:00"},
    }


def test_an_update_sends_the_reminder_alone():
    sent = translate.reminder_json(PRACTICE, _body()["reminder"])
    assert set(sent) == {"appointment", "recipient", "lead_channel", "channels_allowed"}


def test_a_window_that_is_not_whole_is_not_sent():
    body = _body()
    body["send_window"] = {"start": "09:00", "end": ""}
    assert "send_window" not in translate.enrollment_json(PRACTICE, body)


def test_a_new_patient_is_sent_without_what_is_not_known():
    assert translate.patient_json(PRACTICE, _patient()) == {
        "external_id": "athena:195900:7001",
        "first_name": "Ann",
        "date_of_birth": "1980-02-29",
        "mobile_phone": "+16175550123",
        "language": "en",
    }


def test_a_change_of_a_patient_empties_what_was_emptied():
    assert translate.patient_changes(_patient(date_of_birth=None)) == {
        "first_name": "Ann",
        "last_name": "",
        "email": None,
        "mobile_phone": "+16175550123",
        "home_phone": None,
        "language": "en",
    }


@given(reminders)
def test_an_enrollment_comes_back_equal_to_what_was_sent(reminder):
    body = EnrollBody(
        patient="pat_1",
        campaign="cmp_1",
        reminder=reminder,
        send_window={"start": "09:00", "end": "21:00"},
    )
    sent = translate.enrollment_json(PRACTICE, body)
    record = translate.enrollment_record(PRACTICE, _enrollment(sent))
    assert record.vendor_state == reminder
    assert record.appointment_external_id == reminder["visit"]["appointment"]
    assert (record.patient_vendor_id, record.campaign) == ("pat_1", "cmp_1")


@given(patients)
def test_a_patient_comes_back_equal_to_what_was_sent(body):
    sent = translate.patient_json(PRACTICE, body)
    answer = schemas.Patient.model_validate({**sent, "id": "pat_1", "etag": "e1"})
    assert translate.patient_mirror(PRACTICE, answer).vendor_state == body


def test_a_patient_without_a_language_speaks_the_vendors_default():
    answer = schemas.Patient(id="pat_1", etag="e1", external_id="athena:195900:7001")
    holds = translate.patient_mirror(PRACTICE, answer).vendor_state
    assert (holds["language"], holds["first_name"], holds["email"]) == ("en", "", None)


@pytest.mark.parametrize(
    "spelling", ["2026-12-01T15:30:00+00:00", "2026-12-01T10:30:00-05:00", "2026-12-01T15:30:00.4Z"]
)
def test_every_spelling_of_an_instant_is_the_same_instant(spelling):
    sent = translate.enrollment_json(PRACTICE, _body())
    sent["appointment"]["starts_at"] = spelling
    record = translate.enrollment_record(PRACTICE, _enrollment(sent))
    assert record.vendor_state["visit"]["starts_at"] == "2026-12-01T15:30:00Z"


def test_nulls_and_missing_fields_mean_the_same():
    sent = translate.enrollment_json(PRACTICE, _body(provider_name=""))
    sent["appointment"]["provider_name"] = None
    del sent["recipient"]["email"]
    record = translate.enrollment_record(PRACTICE, _enrollment(sent))
    assert record.vendor_state == _body(provider_name="")["reminder"]


def test_an_enrollment_that_names_nobody_writes_to_the_patient():
    sent = translate.enrollment_json(PRACTICE, _body())
    holds = translate.enrollment_record(PRACTICE, _enrollment(sent, recipient=None)).vendor_state
    assert holds["recipient"]["kind"] == "patient"
    assert holds["recipient"]["mobile_phone"] is None


@pytest.mark.parametrize(("status", "expected"), translate.ENROLLMENT_STATUSES.items())
def test_each_status_of_an_enrollment_has_a_meaning(status, expected):
    sent = translate.enrollment_json(PRACTICE, _body())
    record = translate.enrollment_record(PRACTICE, _enrollment(sent, status=status))
    assert record.status is expected


def test_an_unknown_status_is_nonsense():
    sent = translate.enrollment_json(PRACTICE, _body())
    with pytest.raises(Nonsense):
        translate.enrollment_record(PRACTICE, _enrollment(sent, status="dormant"))


@pytest.mark.parametrize("stranger", ["athena:1959:7001", "athena:195900:", "epic:195900:7001", ""])
def test_an_id_of_another_practice_is_nonsense_and_not_quoted(stranger):
    with pytest.raises(Nonsense) as caught:
        translate.own_id(PRACTICE, stranger)
    assert "7001" not in str(caught.value)


def test_an_id_with_a_colon_of_its_own_survives():
    external = translate.external_id(PRACTICE, "a:b")
    assert translate.own_id(PRACTICE, external) == "a:b"


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [
        ("response.confirmed", ReplyKind.CONFIRMED),
        ("response.cancelled", ReplyKind.CANCELLED),
        ("response.reschedule_requested", ReplyKind.RESCHEDULE_REQUESTED),
        ("response.unrecognized", ReplyKind.UNRECOGNIZED),
    ],
)
def test_a_reply_carries_its_kind_and_the_time_the_patient_was_told(spelled, kind):
    record = translate.event_record(PRACTICE, _event(type=spelled))
    assert (record.type, record.reply) == (EventType.REPLY, kind)
    assert (record.event_id, record.seq, record.raw_text) == ("evt_1", 7, "Y")
    assert record.patient_external_id == "7001"
    assert record.appointment_external_id == "1192977"
    assert record.enrollment_vendor_id == "enr_1"
    assert record.told_starts_at == datetime(2026, 12, 1, 15, 30, tzinfo=UTC)
    assert record.occurred_at - record.told_starts_at < timedelta(0)
    assert record.channel is Channel.SMS


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("message.delivered", EventType.MESSAGE_DELIVERED),
        ("message.failed", EventType.MESSAGE_FAILED),
        ("enrollment.completed", EventType.ENROLLMENT_COMPLETED),
        ("consent.opted_out", EventType.OPTED_OUT),
        ("consent.opted_in", EventType.OPTED_IN),
    ],
)
def test_the_other_events_are_no_replies(spelled, expected):
    record = translate.event_record(PRACTICE, _event(type=spelled))
    assert (record.type, record.reply) == (expected, None)


def test_a_consent_needs_no_appointment():
    bare = _event(type="consent.opted_out")
    for name in ("enrollment_id", "appointment_external_id", "appointment_starts_at", "raw_text"):
        del bare[name]
    record = translate.event_record(PRACTICE, bare)
    assert (record.patient_external_id, record.channel) == ("7001", Channel.SMS)
    assert (record.appointment_external_id, record.told_starts_at) == ("", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "response.maybe"},
        {"type": ""},
        {"appointment_starts_at": None},
        {"appointment_starts_at": "2026-12-01T15:30:00"},
        {"patient_external_id": ""},
        {"patient_external_id": "athena:1:7001"},
        {"type": "consent.opted_out", "channel": "pigeon"},
        {"type": "message.failed", "enrollment_id": None},
        {"seq": "seven"},
        {"id": None},
    ],
)
def test_an_event_that_makes_no_sense_is_refused_without_quoting_it(fields):
    with pytest.raises(Nonsense) as caught:
        translate.event_record(PRACTICE, _event(raw_text="my name is Ann", **fields))
    assert "Ann" not in str(caught.value)
    assert "7001" not in str(caught.value)


def test_a_reply_by_an_unknown_channel_is_still_a_reply():
    record = translate.event_record(PRACTICE, _event(channel="chat"))
    assert (record.reply, record.channel) == (ReplyKind.CONFIRMED, None)


def test_channels_of_a_campaign_come_in_the_order_of_its_steps():
    campaign = schemas.Campaign.model_validate(
        {
            "id": "cmp_1",
            "name": "Preventive Care",
            "language": "en",
            "modality": "any",
            "intensity": "high",
            "channels": ["email", "fax", "sms", "voice"],
            "steps": [
                {"offset": "-P7D", "channel": "sms"},
                {"offset": "-P3D", "channel": "voice"},
                {"offset": "-P1D", "channel": "sms"},
                {"offset": "-PT2H", "channel": "push"},
            ],
            "active": False,
        }
    )
    record = translate.campaign_record(campaign)
    assert record.channels == (Channel.SMS, Channel.VOICE, Channel.EMAIL)
    assert (record.external_id, record.modality, record.active) == ("cmp_1", "any", False)


def test_a_sent_message_keeps_what_became_of_it():
    message = schemas.Message(
        id="msg_1", channel="sms", status="failed", created_at=datetime(2026, 11, 22, tzinfo=UTC)
    )
    sent = translate.sent_message(message)
    assert (sent.vendor_id, sent.step, sent.status) == ("msg_1", "", "failed")


def test_every_status_that_a_record_can_have_is_one_of_ours():
    assert set(translate.ENROLLMENT_STATUSES.values()) <= set(EnrollmentStatus)
