"""Lines of the other tool in Kept's words: what they leave out, and what they cannot mean."""

from datetime import UTC, datetime

import pytest

from campaigns.domain.values import Channel, ReplyKind
from campaigns.vendor_records import EventType
from integrations.folder import translate
from integrations.transport.errors import Nonsense

FIRST, SECOND = "2026-12-24T15:00:00Z", "2026-12-29T15:00:00Z"
ENROLLED, MOVED = "2026-12-01T12:00:00+00:00", "2026-12-10T12:00:00+00:00"
BETWEEN, AFTER = "2026-12-05T08:00:00-05:00", "2026-12-12T08:00:00-05:00"


def held(*starts: str) -> dict:
    told = list(zip((ENROLLED, MOVED), starts, strict=False))
    return {
        "id": "enr_1",
        "reminder": {"visit": {"appointment": "700", "starts_at": starts[-1]}},
        "told": told,
    }


def event(enrollment: dict | None = None, **row: str):
    payload = {"id": "e-1", "file": "abc", "line": 7, "taken_at": AFTER, "row": row}
    return translate.event_record("195900", payload, enrollment, "31" if enrollment else "")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_answer_that_names_its_enrollment_alone_is_whole() -> None:
    record = event(held(FIRST), event="Confirmed", enrollment_id="enr_1")
    assert (record.type, record.reply) == (EventType.REPLY, ReplyKind.CONFIRMED)
    assert (record.patient_external_id, record.appointment_external_id) == ("31", "700")
    assert record.told_starts_at == moment(FIRST)
    assert record.occurred_at == moment(AFTER)
    assert record.seq == 7


@pytest.mark.parametrize("said", [{}, {"occurred_at": BETWEEN}, {"occurred_at": AFTER}])
def test_after_a_move_an_answer_that_names_no_start_is_about_the_earlier_one(said: dict) -> None:
    record = event(held(FIRST, SECOND), event="confirmed", enrollment_id="enr_1", **said)
    assert record.told_starts_at == moment(FIRST)


def test_an_answer_that_names_its_start_is_about_that() -> None:
    said = {"occurred_at": AFTER, "starts_at": "2026-12-29T10:00:00-05:00"}
    record = event(held(FIRST, SECOND), event="confirmed", enrollment_id="enr_1", **said)
    assert record.told_starts_at == moment(SECOND)


def test_a_patients_stop_needs_no_enrollment() -> None:
    record = event(event="opted_out", patient_id="31", channel="SMS", text="STOP")
    assert (record.type, record.channel) == (EventType.OPTED_OUT, Channel.SMS)
    assert (record.patient_external_id, record.raw_text) == ("31", "STOP")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"event": "maybe", "enrollment_id": "enr_1"},
        {"event": "confirmed", "enrollment_id": "enr_1", "appointment_id": "701"},
        {"event": "confirmed", "enrollment_id": "enr_1", "practice_id": "1"},
        {"event": "confirmed", "enrollment_id": "enr_1", "occurred_at": "2026-12-05 08:00"},
        {"event": "confirmed", "enrollment_id": "enr_1", "starts_at": "tomorrow"},
        {"event": "opted_out", "enrollment_id": "enr_1"},
        {"event": "opted_out", "enrollment_id": "enr_1", "channel": "fax"},
    ],
)
def test_what_makes_no_sense_is_refused(row: dict) -> None:
    with pytest.raises(Nonsense):
        event(held(FIRST), **row)


@pytest.mark.parametrize(
    "row",
    [
        {"event": "confirmed"},
        {"event": "confirmed", "enrollment_id": "enr_9"},
        {"event": "confirmed", "appointment_id": "700"},
        {"event": "opted_out", "channel": "sms"},
        {"event": "failed"},
        {"event": "completed", "patient_id": "31"},
        {"event": "confirmed", "appointment_id": "7" * 200, "starts_at": FIRST},
    ],
)
def test_what_names_nobody_is_refused(row: dict) -> None:
    with pytest.raises(Nonsense):
        event(**row)
