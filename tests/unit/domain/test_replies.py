"""What becomes of a patient's answers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision
from campaigns.domain.effects import WAITLIST, EffectWanted
from campaigns.domain.snapshot import ReplyFacts, Snapshot
from campaigns.domain.values import (
    AppointmentStatus,
    Confirmation,
    EffectKind,
    EffectStatus,
    OnCancel,
    ReplyKind,
    ReplyOutcome,
    WorkItemKind,
)
from tests.unit.domain.snapshots import (
    NOW,
    START,
    a_reply,
    an_appointment,
    an_effect,
    enrolled,
    settings,
)

WRITES = (EffectKind.WRITE_CONFIRMATION, EffectKind.CANCEL_APPOINTMENT, EffectKind.SCHEDULE_NOTE)


def answered(*replies: ReplyFacts, **facts: Any) -> Snapshot:
    return replace(enrolled(), replies=replies, **facts)


def decided(*replies: ReplyFacts, **facts: Any) -> Decision:
    return decide(answered(*replies, **facts), NOW)


def outcomes(decision: Decision) -> dict[int, ReplyOutcome]:
    return {verdict.reply_id: verdict.outcome for verdict in decision.replies}


def writes(decision: Decision) -> list[EffectWanted]:
    return [effect for effect in decision.effects if effect.kind in WRITES]


def items(decision: Decision) -> list[WorkItemKind]:
    return [item.kind for item in decision.work_items]


def later(reply: ReplyFacts, minutes: int = 1, **fields: Any) -> ReplyFacts:
    at = reply.occurred_at + timedelta(minutes=minutes)
    return replace(reply, id=reply.id + 1, occurred_at=at, **fields)


def write_for(kind: EffectKind, status: EffectStatus, **fields: Any) -> Any:
    return an_effect(kind, status, **{"response_id": 1, "attempts": 1, **fields})


def test_a_confirmation_is_written_to_the_chart() -> None:
    decision = decided(a_reply())
    (write,) = writes(decision)
    assert write.kind is EffectKind.WRITE_CONFIRMATION
    assert write.body["confirmation_status"] == "1"
    assert write.body["expected"]["status"] == "scheduled"
    assert outcomes(decision) == {}


def test_what_the_desk_heard_is_confirmed_by_operator() -> None:
    (write,) = writes(decided(a_reply(by_staff=True, told_starts_at=None)))
    assert write.body["confirmation_status"] == "2"


def test_once_written_it_is_applied_and_the_visit_stays_enrolled() -> None:
    done = write_for(EffectKind.WRITE_CONFIRMATION, EffectStatus.ACCEPTED)
    decision = decided(a_reply(), effects=(done,))
    assert outcomes(decision) == {1: ReplyOutcome.APPLIED}
    assert not decision.effects


@pytest.mark.parametrize(
    "confirmation", [Confirmation.CONFIRMED, Confirmation.CONFIRMED_BY_OPERATOR]
)
def test_what_the_chart_says_already_is_not_written(confirmation: Confirmation) -> None:
    decision = decided(a_reply(), appointment=an_appointment(confirmation=confirmation))
    assert outcomes(decision) == {1: ReplyOutcome.APPLIED}
    assert not writes(decision)


def test_without_a_status_to_write_it_is_for_staff() -> None:
    decision = decided(a_reply(), settings=settings(confirmed_status_id=""))
    assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}
    assert items(decision) == [WorkItemKind.CHART_WRITE_FAILED]


@pytest.mark.parametrize("kind", [k for k in ReplyKind if k is not ReplyKind.UNRECOGNIZED])
def test_an_answer_about_an_old_start_is_stale(kind: ReplyKind) -> None:
    decision = decided(a_reply(kind, told_starts_at=START - timedelta(days=1)))
    assert outcomes(decision) == {1: ReplyOutcome.STALE}
    assert items(decision) == [WorkItemKind.STALE_REPLY]
    assert not writes(decision)


@pytest.mark.parametrize(
    "status", [status for status in AppointmentStatus if status != AppointmentStatus.SCHEDULED]
)
def test_an_answer_for_a_closed_visit_is_a_conflict(status: AppointmentStatus) -> None:
    for kind in (ReplyKind.CONFIRMED, ReplyKind.CANCELLED, ReplyKind.RESCHEDULE_REQUESTED):
        decision = decided(a_reply(kind), appointment=an_appointment(status=status))
        assert outcomes(decision) == {1: ReplyOutcome.CONFLICT}
        about_the_visit = {WorkItemKind.VISIT_NOT_FOUND}
        assert [kind for kind in items(decision) if kind not in about_the_visit] == [
            WorkItemKind.CONFLICT
        ]
        assert not writes(decision)


def test_an_answer_after_the_visit_is_a_conflict() -> None:
    snapshot = answered(a_reply())
    decision = decide(snapshot, START + timedelta(minutes=1))
    assert outcomes(decision) == {1: ReplyOutcome.CONFLICT}


def test_words_nobody_understands_are_for_staff() -> None:
    decision = decided(a_reply(ReplyKind.UNRECOGNIZED, told_starts_at=None))
    assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}
    assert items(decision) == [WorkItemKind.UNRECOGNIZED_REPLY]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ReplyKind.CONFIRMED, ReplyKind.CANCELLED),
        (ReplyKind.CANCELLED, ReplyKind.CONFIRMED),
        (ReplyKind.RESCHEDULE_REQUESTED, ReplyKind.CONFIRMED),
    ],
)
def test_the_answer_given_last_wins_in_whatever_order_they_arrive(
    first: ReplyKind, second: ReplyKind
) -> None:
    early = a_reply(first)
    late = later(early, kind=second)
    for order in ((early, late), (late, early)):
        decision = decided(*order)
        assert outcomes(decision) == {1: ReplyOutcome.SUPERSEDED}
        assert [write.response_id for write in writes(decision)] == [2]


def test_at_equal_times_the_higher_number_wins() -> None:
    first = a_reply(seq=7)
    second = later(first, 0, seq=8, kind=ReplyKind.CANCELLED)
    assert outcomes(decided(first, second)) == {1: ReplyOutcome.SUPERSEDED}


def test_an_earlier_answer_that_arrives_late_is_superseded_by_what_was_applied() -> None:
    applied = later(a_reply(), outcome=ReplyOutcome.APPLIED)
    assert outcomes(decided(a_reply(ReplyKind.CANCELLED), applied)) == {1: ReplyOutcome.SUPERSEDED}


def test_a_stale_answer_supersedes_nothing() -> None:
    stale = later(a_reply(), told_starts_at=START - timedelta(days=1))
    decision = decided(a_reply(), stale)
    assert outcomes(decision) == {2: ReplyOutcome.STALE}
    assert [write.response_id for write in writes(decision)] == [1]


def test_words_nobody_understands_supersede_nothing() -> None:
    words = later(a_reply(), kind=ReplyKind.UNRECOGNIZED)
    assert outcomes(decided(a_reply(), words)) == {2: ReplyOutcome.FOR_STAFF}


def test_a_confirmation_after_a_written_cancellation_is_a_conflict() -> None:
    cancelled = a_reply(ReplyKind.CANCELLED, outcome=ReplyOutcome.APPLIED)
    decision = decided(
        cancelled,
        later(cancelled, kind=ReplyKind.CONFIRMED, outcome=ReplyOutcome.PENDING),
        appointment=an_appointment(status=AppointmentStatus.CANCELLED),
    )
    assert outcomes(decision) == {2: ReplyOutcome.CONFLICT}


@pytest.mark.parametrize("status", [EffectStatus.CLAIMED, EffectStatus.UNKNOWN])
def test_while_its_write_is_on_its_way_an_answer_is_left_alone(status: EffectStatus) -> None:
    flying = write_for(EffectKind.CANCEL_APPOINTMENT, status, body={"reason": "old"})
    early = a_reply(ReplyKind.CANCELLED)
    decision = decided(early, later(early, kind=ReplyKind.CONFIRMED), effects=(flying,))
    assert outcomes(decision) == {}
    assert {"reason": "old"} in [write.body for write in writes(decision)]


@pytest.mark.parametrize("status", [EffectStatus.REJECTED, EffectStatus.PARKED])
def test_a_write_that_failed_is_for_staff(status: EffectStatus) -> None:
    failed = write_for(EffectKind.WRITE_CONFIRMATION, status, sentence="It was refused.")
    decision = decided(a_reply(), effects=(failed,))
    assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}
    assert items(decision) == [WorkItemKind.CHART_WRITE_FAILED]
    assert "It was refused." in decision.replies[0].sentence


def test_a_cancellation_is_written_with_the_practices_reason_and_a_marker() -> None:
    (write,) = writes(decided(a_reply(ReplyKind.CANCELLED, event_id="evt_1")))
    assert write.kind is EffectKind.CANCEL_APPOINTMENT
    assert write.body["reason"] == "7"
    assert re.fullmatch("Kept-r[0-9a-f]{10}", write.body["marker"])


def test_the_marker_goes_with_the_answer_and_not_with_our_number_of_it() -> None:
    (before,) = writes(decided(a_reply(ReplyKind.CANCELLED, id=1, event_id="evt_1")))
    (restored,) = writes(decided(a_reply(ReplyKind.CANCELLED, id=7, event_id="evt_1")))
    (another,) = writes(decided(a_reply(ReplyKind.CANCELLED, id=1, event_id="evt_2")))
    assert before.body["marker"] == restored.body["marker"] != another.body["marker"]


def test_where_staff_want_to_be_asked_the_enrollment_stays_as_it_is() -> None:
    ask = an_appointment(on_cancel=OnCancel.ASK)
    decision = decided(a_reply(ReplyKind.CANCELLED), appointment=ask)
    assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}
    assert items(decision) == [WorkItemKind.CANCEL_REQUESTED]
    assert not decision.effects


def test_what_staff_heard_need_not_be_asked_again() -> None:
    ask = an_appointment(on_cancel=OnCancel.ASK)
    (write,) = writes(decided(a_reply(ReplyKind.CANCELLED, by_staff=True), appointment=ask))
    assert write.kind is EffectKind.CANCEL_APPOINTMENT


def test_without_a_fitting_reason_the_cancellation_is_for_staff() -> None:
    decision = decided(a_reply(ReplyKind.CANCELLED), settings=settings(cancel_reason_id=""))
    assert items(decision) == [WorkItemKind.CHART_WRITE_FAILED]


def test_a_wish_for_another_time_is_noted_and_on_the_work_list_at_once() -> None:
    decision = decided(a_reply(ReplyKind.RESCHEDULE_REQUESTED))
    (note,) = writes(decision)
    assert note.kind is EffectKind.SCHEDULE_NOTE
    assert items(decision) == [WorkItemKind.RESCHEDULE_REQUESTED]
    done = write_for(EffectKind.SCHEDULE_NOTE, EffectStatus.ACCEPTED)
    applied = decided(a_reply(ReplyKind.RESCHEDULE_REQUESTED), effects=(done,))
    assert outcomes(applied) == {1: ReplyOutcome.APPLIED}
    assert items(applied) == [WorkItemKind.RESCHEDULE_REQUESTED]


def test_a_voicemail_is_noted_and_answers_nothing() -> None:
    voicemail = a_reply(ReplyKind.LEFT_VOICEMAIL, by_staff=True, told_starts_at=None)
    (note,) = writes(decided(voicemail))
    assert note.kind is EffectKind.SCHEDULE_NOTE
    confirmed = later(voicemail, kind=ReplyKind.CONFIRMED)
    assert outcomes(decided(voicemail, confirmed)) == {}


def cancelled_by_reply(**facts: Any) -> Decision:
    done = write_for(EffectKind.CANCEL_APPOINTMENT, EffectStatus.ACCEPTED)
    gone = an_appointment(status=AppointmentStatus.CANCELLED)
    return decided(
        a_reply(ReplyKind.CANCELLED),
        **{"appointment": gone, "effects": (done,), "enrollments": (), **facts},
    )


def test_a_cancellation_of_ours_tells_the_waitlist() -> None:
    decision = cancelled_by_reply()
    notice, waiting = decision.effects
    assert waiting.purpose == WAITLIST
    assert notice.kind is EffectKind.WAITLIST_NOTICE
    assert notice.body["to"] == "+16172279999"
    assert "Mon Mar 09, 02:00 PM" in notice.body["text"]
    assert "Quimby" not in notice.body["text"]
    assert decision.replies[0].sentence == "Cancelled in the chart."


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"settings": settings(waitlist_phone="")}, "no number"),
        ({"settings": settings(cancel_reason_frees_slot=False)}, "does not free"),
        (
            {
                "appointment": an_appointment(
                    status=AppointmentStatus.CANCELLED, starts_at=NOW + timedelta(hours=1)
                )
            },
            "about to start",
        ),
    ],
)
def test_or_says_why_it_does_not(facts: dict[str, Any], why: str) -> None:
    decision = cancelled_by_reply(**facts)
    assert EffectKind.WAITLIST_NOTICE not in {effect.kind for effect in decision.effects}
    assert why in decision.replies[0].sentence


@pytest.mark.parametrize(
    "status", [s for s in EffectStatus if s not in (EffectStatus.QUEUED, EffectStatus.SUPERSEDED)]
)
def test_the_waitlist_is_told_once(status: EffectStatus) -> None:
    done = write_for(EffectKind.CANCEL_APPOINTMENT, EffectStatus.ACCEPTED)
    notice = an_effect(EffectKind.WAITLIST_NOTICE, status, id=2)
    kinds = {effect.kind for effect in cancelled_by_reply(effects=(done, notice)).effects}
    assert EffectKind.WAITLIST_NOTICE not in kinds


def test_a_queued_notice_is_kept_until_it_would_come_too_late() -> None:
    done = write_for(EffectKind.CANCEL_APPOINTMENT, EffectStatus.ACCEPTED)
    body = {"to": "+16172279999", "text": "Open slot"}
    notice = an_effect(EffectKind.WAITLIST_NOTICE, id=2, body=body)
    assert cancelled_by_reply(effects=(done, notice)).effects[0].body == body
    soon = an_appointment(status=AppointmentStatus.CANCELLED, starts_at=NOW + timedelta(hours=1))
    assert not cancelled_by_reply(effects=(done, notice), appointment=soon).effects


def test_a_cancellation_by_others_tells_nobody() -> None:
    gone = an_appointment(status=AppointmentStatus.CANCELLED)
    decision = decided(appointment=gone)
    assert [effect.kind for effect in decision.effects] == [EffectKind.CANCEL_ENROLLMENT]


@pytest.mark.parametrize("status", [AppointmentStatus.CANCELLED, AppointmentStatus.CHECKED_IN])
def test_an_answer_about_a_closed_visit_waits_for_no_read_that_never_comes(
    status: AppointmentStatus,
) -> None:
    """The row of a cancelled visit may come back as an open slot."""
    closed = an_appointment(status=status, unreadable="status", unreadable_since=NOW)
    reply = a_reply(ReplyKind.CONFIRMED, occurred_at=NOW)
    decision = decided(reply, appointment=closed)
    assert outcomes(decision) == {reply.id: ReplyOutcome.CONFLICT}
    assert items(decision) == [WorkItemKind.CONFLICT]
