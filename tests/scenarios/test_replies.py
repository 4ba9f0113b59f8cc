"""What patients answer, over real HTTP: each answer gets one outcome, each chart write is read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import FRONT_DESK, AppointmentType, Effect, Practice, Response, WorkItem
from campaigns.worklist import text_presses
from tests.factories import UserFactory
from tests.scenarios.decision_stage import Stage
from tests.scenarios.decision_words import staged
from tests.scenarios.shared_clinic import SharedClinic


def enrolled(ward: SharedClinic, *words: str) -> Stage:
    """A visit in a week whose patient gets reminders."""
    stage = staged(ward, ["enrolled", *words])
    stage.settle()
    return stage


def outcomes(visit: str) -> dict[str, list[str]]:
    """Every stored answer of the visit, by what was answered."""
    found: dict[str, list[str]] = {}
    for row in Response.objects.filter(appointment__external_id=visit).order_by("occurred_at"):
        found.setdefault(row.kind, []).append(row.outcome)
    return found


def items(visit: str) -> list[str]:
    """What the desk has to see to."""
    rows = WorkItem.objects.filter(appointment__external_id=visit, closed_at=None)
    return sorted(rows.values_list("kind", flat=True))


def chart_writes(stage: Stage) -> list[str]:
    """The paths of the accepted changes of the visit in athenahealth."""
    return [write["path"].rpartition("/")[2] for write in stage.clinic.chart_writes(stage.visit)]


def test_a_confirmation_is_applied_once(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    stage.answer("confirmed")
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["applied"]}
    assert chart_writes(stage) == ["confirmationstatus"]
    assert items(stage.visit) == []


def test_an_answer_that_is_told_twice_counts_once(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    event = ward.answer(stage.visit, "confirmed")
    ward.control(f"relatient/events/{event['id']}/duplicate")
    ward.sync()
    ward.control(f"relatient/events/{event['id']}/duplicate")
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["applied"]}
    assert chart_writes(stage) == ["confirmationstatus"]


def test_of_two_answers_the_later_one_counts_in_whichever_order_they_come(
    ward: SharedClinic,
) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "cancelled", occurred_at=ward.ago(minutes=5))
    ward.answer(stage.visit, "confirmed", occurred_at=ward.ago(minutes=9))
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["superseded"], "cancelled": ["applied"]}
    assert chart_writes(stage) == ["cancel"]


def test_an_earlier_answer_that_arrives_after_the_later_was_written_changes_nothing(
    ward: SharedClinic,
) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "confirmed", occurred_at=ward.ago(minutes=5))
    ward.sync()
    ward.answer(stage.visit, "cancelled", occurred_at=ward.ago(minutes=9))
    ward.sync()
    assert outcomes(stage.visit) == {"cancelled": ["superseded"], "confirmed": ["applied"]}
    assert chart_writes(stage) == ["confirmationstatus"]
    assert len(ward.active(stage.visit)) == 1


def test_an_answer_about_an_old_start_is_stale(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    stage.change(starts_at=(stage.start + timedelta(days=1)).isoformat())
    ward.sync()
    stage.answer("confirmed")
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["stale"]}
    assert items(stage.visit) == ["stale_reply"]
    assert chart_writes(stage) == []


def test_an_answer_about_the_new_start_counts_beside_a_stale_one(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    later = (stage.start + timedelta(days=1)).isoformat()
    stage.change(starts_at=later)
    ward.sync()
    ward.answer(stage.visit, "confirmed", starts_at=later, occurred_at=ward.ago(minutes=5))
    ward.answer(stage.visit, "cancelled", starts_at=stage.start.isoformat())
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["applied"], "cancelled": ["stale"]}
    assert chart_writes(stage) == ["confirmationstatus"]


@pytest.mark.parametrize("event", ["cancel", "checkin", "checkout", "noshow"])
@pytest.mark.parametrize("kind", ["confirmed", "cancelled"])
def test_an_answer_about_a_visit_that_is_closed_is_a_conflict(
    ward: SharedClinic, event: str, kind: str
) -> None:
    stage = enrolled(ward)
    stage.happens(event)
    ward.sync()
    stage.answer(kind)
    ward.sync()
    assert outcomes(stage.visit) == {kind: ["conflict"]}
    assert items(stage.visit) == ["conflict"]
    assert chart_writes(stage) == []


def test_a_late_answer_about_a_visit_that_is_over_is_a_conflict(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    # The chart keeps whole minutes.
    over = (database_now() - timedelta(hours=1)).replace(second=0, microsecond=0).isoformat()
    stage.change(starts_at=over)
    ward.sync()
    ward.answer(stage.visit, "confirmed", starts_at=over)
    ward.sync()
    assert outcomes(stage.visit) == {"confirmed": ["conflict"]}
    assert chart_writes(stage) == []


def test_words_of_their_own_are_read_by_a_person(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "unrecognized", text="Is there parking?")
    ward.sync()
    assert outcomes(stage.visit) == {"unrecognized": ["for_staff"]}
    assert items(stage.visit) == ["unrecognized_reply"]
    assert chart_writes(stage) == []


@pytest.mark.parametrize("words", ["No worries, see you then", "please don't cancel"])
def test_words_against_the_label_leave_the_chart_and_the_reminders_alone(
    ward: SharedClinic, words: str
) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "cancelled", text=words)
    ward.sync()
    assert chart_writes(stage) == []
    assert ward.chart(stage.visit)["appointmentstatus"] == "f"
    assert len(ward.active(stage.visit)) == 1
    assert outcomes(stage.visit) == {"cancelled": ["for_staff"]}
    assert items(stage.visit) == ["words_disagree"]
    # Staff move the visit: the question has no object any more.
    stage.change(starts_at=(stage.start + timedelta(days=1)).isoformat())
    ward.sync()
    assert items(stage.visit) == []


def test_more_than_the_answer_is_told_beside_it(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "confirmed", text="C but please call me, my insurance changed")
    ward.sync()
    assert chart_writes(stage) == ["confirmationstatus"]
    assert outcomes(stage.visit) == {"confirmed": ["applied"]}
    assert items(stage.visit) == ["more_in_answer"]


def test_a_cancel_that_ends_the_texts_is_asked_about(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    patient = ward.row(stage.visit).patient.external_id
    later = ward.book(patient, days=20)
    ward.sync()
    ward.consent(patient, "sms", "opted_out", text="CANCEL")
    ward.sync()
    for visit in (stage.visit, later):
        assert all("sms" not in one["channels_allowed"] for one in ward.active(visit))
    assert chart_writes(stage) == []
    item = WorkItem.objects.get(kind="cancel_as_stop", closed_at=None)
    assert item.appointment.external_id == stage.visit
    start = ward.row(later).local_start
    assert f"They also have {start:%a, %b} {start.day}, " in item.sentence
    stage.happens("cancel")
    ward.sync()
    assert "cancel_as_stop" not in items(stage.visit)


def test_a_stop_in_words_ends_the_texts_and_can_be_taken_back(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    ward.answer(stage.visit, "unrecognized", text="Stop. Thank you")
    ward.sync()
    assert all("sms" not in one["channels_allowed"] for one in ward.active(stage.visit))
    assert outcomes(stage.visit) == {"unrecognized": ["for_staff"]}
    assert items(stage.visit) == ["stop_in_words"]
    dana = UserFactory(username="dana", role=FRONT_DESK, practices=[ward.practice])
    assert text_presses.still_want_texts(WorkItem.objects.get(closed_at=None), dana)
    ward.sync()
    assert items(stage.visit) == []
    assert any("sms" in one["channels_allowed"] for one in ward.active(stage.visit))


def test_a_wish_for_another_time_is_noted_once_and_put_on_the_list(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    event = ward.answer(stage.visit, "reschedule_requested")
    ward.sync()
    ward.control(f"relatient/events/{event['id']}/duplicate")
    ward.sync()
    assert outcomes(stage.visit) == {"reschedule_requested": ["applied"]}
    assert items(stage.visit) == ["reschedule_requested"]
    assert chart_writes(stage) == ["notes"]


@pytest.mark.parametrize(
    ("practice", "type_", "written"),
    [("auto", "", True), ("auto", "ask", False), ("ask", "", False), ("ask", "auto", True)],
)
def test_the_type_says_whether_a_cancellation_is_written_or_asked_about(
    ward: SharedClinic, practice: str, type_: str, written: bool
) -> None:
    stage = enrolled(ward)
    Practice.objects.update(on_cancel=practice)
    AppointmentType.objects.filter(external_id=stage.type_id).update(on_cancel=type_)
    stage.answer("cancelled")
    ward.sync()
    assert chart_writes(stage) == (["cancel"] if written else [])
    assert outcomes(stage.visit) == {"cancelled": ["applied" if written else "for_staff"]}
    assert ("cancel_requested" in items(stage.visit)) is not written


@pytest.mark.parametrize(
    ("kind", "write"), [("confirmed", "confirmationstatus"), ("cancelled", "cancel")]
)
def test_the_chart_is_read_before_the_write_and_read_back_after_it(
    ward: SharedClinic, kind: str, write: str
) -> None:
    stage = enrolled(ward)
    stage.answer(kind)
    mark = len(ward.calls)
    ward.collect_and_work()
    about = [(method, path) for method, path in ward.calls_since(mark, f"/{stage.visit}")]
    visit = f"/v1/195900/appointments/{stage.visit}"
    assert [(m, p) for m, p in about if p in (visit, f"{visit}/{write}")] == [
        ("GET", visit),
        ("PUT", f"{visit}/{write}"),
        ("GET", visit),
    ]


@pytest.mark.parametrize("event", ["cancel", "checkin"])
def test_nothing_is_overwritten_when_the_chart_moved_on_meanwhile(
    ward: SharedClinic, event: str
) -> None:
    stage = enrolled(ward)
    stage.happens(event)
    stage.answer("confirmed")
    ward.collect_and_work()
    assert chart_writes(stage) == []
    assert outcomes(stage.visit) == {"confirmed": ["conflict"]}


@pytest.mark.parametrize("kind", ["confirmed", "cancelled", "reschedule_requested"])
def test_our_own_write_in_the_feed_causes_nothing(ward: SharedClinic, kind: str) -> None:
    stage = enrolled(ward)
    stage.answer(kind)
    ward.collect_and_work()
    effects, writes = Effect.objects.count(), ward.writes()
    assert ward.feed_waiting() > 0, "the vendor has not echoed our write"
    ward.sync()
    assert (Effect.objects.count(), ward.writes()) == (effects, writes)
