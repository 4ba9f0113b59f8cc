"""What the desk says of a call, taking it back, and who is calling."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.decisions.look import look
from campaigns.domain.reply_kinds import CALL_OUTCOMES
from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.models import (
    FRONT_DESK,
    PROMPT,
    Appointment,
    CallClaim,
    ChartCancelReason,
    Effect,
    Response,
)
from campaigns.phone_calls.claims import CLAIMED_FOR, ClaimedByAnother, claim, release
from campaigns.phone_calls.record import (
    TAKEN_BACK,
    CallDetails,
    NotInTime,
    record_call,
    undo_call,
)
from project.models import User
from tests.factories import AppointmentFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]
JUST_BEFORE, JUST_AFTER = timedelta(seconds=9.9), timedelta(seconds=10.1)


@pytest.fixture
def traveller(settings):
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def visit(traveller: time_machine.Coordinates) -> Appointment:
    return AppointmentFactory(starts_at=timezone.now() + timedelta(hours=30))


@pytest.fixture
def dana(visit: Appointment) -> User:
    return UserFactory(username="dana", role=FRONT_DESK, practices=[visit.practice])


@pytest.fixture
def ravi(visit: Appointment) -> User:
    return UserFactory(username="ravi", role=FRONT_DESK, practices=[visit.practice])


def said(visit: Appointment, kind: ReplyKind, user: User, **more) -> Response:
    response = record_call(visit, kind, user, **more)
    assert response is not None
    return response


@pytest.mark.parametrize("kind", sorted(CALL_OUTCOMES.keys() - {ReplyKind.CALL_BACK}))
def test_every_outcome_says_who_when_and_waits_ten_seconds(
    visit: Appointment, dana: User, kind: ReplyKind
) -> None:
    response = said(visit, kind, dana, details=CallDetails(note=" Ask for Luz. "))
    assert (response.given_by, response.occurred_at) == (dana, timezone.now())
    assert response.note == "Ask for Luz."
    assert response.hold_until == timezone.now() + timedelta(seconds=10)
    visit.refresh_from_db()
    assert (visit.look_due_at, visit.look_priority) == (response.hold_until, PROMPT)


def test_a_note_stays_out_of_the_trail(visit: Appointment, dana: User) -> None:
    said(visit, ReplyKind.NO_ANSWER, dana, details=CallDetails(note="Ask for Luz."))
    event = AuditEvent.objects.get(action="response.received")
    assert event.detail == {"kind": "no_answer", "by": "staff"}


def test_nothing_follows_while_it_can_be_taken_back(
    visit: Appointment, dana: User, traveller: time_machine.Coordinates
) -> None:
    response = said(visit, ReplyKind.NO_ANSWER, dana)
    Appointment.objects.update(look_due_at=timezone.now())
    traveller.shift(JUST_BEFORE)
    assert look(visit.pk) is not None
    assert not Effect.objects.filter(response=response).exists()
    visit.refresh_from_db()
    assert visit.look_due_at == response.hold_until
    traveller.shift(timedelta(seconds=0.2))
    assert look(visit.pk) is not None
    assert Effect.objects.get(response=response).kind == "schedule_note"


def test_taken_back_in_time_it_was_never_said(
    visit: Appointment, dana: User, traveller: time_machine.Coordinates
) -> None:
    response = said(visit, ReplyKind.CONFIRMED, dana)
    traveller.shift(JUST_BEFORE)
    assert undo_call(response, dana)
    traveller.shift(timedelta(minutes=1))
    look(visit.pk)
    response.refresh_from_db()
    assert (response.outcome, response.outcome_sentence) == (ReplyOutcome.WITHDRAWN, TAKEN_BACK)
    assert not Effect.objects.filter(response=response).exists()
    event = AuditEvent.objects.get(action="response.withdrawn")
    assert (event.actor, event.appointment_id) == ("dana", visit.external_id)


def test_an_older_answer_counts_again(
    visit: Appointment, dana: User, traveller: time_machine.Coordinates
) -> None:
    first = said(visit, ReplyKind.RESCHEDULE_REQUESTED, dana)
    traveller.shift(timedelta(seconds=5))
    assert undo_call(said(visit, ReplyKind.CANCELLED, dana), dana)
    traveller.shift(timedelta(minutes=1))
    look(visit.pk)
    assert Effect.objects.get(response=first).purpose == "reschedule_requested"


@pytest.mark.parametrize("looked", [True, False])
def test_after_ten_seconds_it_is_too_late(
    visit: Appointment, dana: User, traveller: time_machine.Coordinates, looked: bool
) -> None:
    response = said(visit, ReplyKind.NO_ANSWER, dana)
    traveller.shift(JUST_AFTER)
    if looked:
        look(visit.pk)
    assert not undo_call(response, dana)
    response.refresh_from_db()
    assert response.outcome == ReplyOutcome.PENDING


def test_a_clock_that_was_set_back_takes_nothing_back_that_is_on_its_way(
    visit: Appointment, dana: User, traveller: time_machine.Coordinates
) -> None:
    response = said(visit, ReplyKind.NO_ANSWER, dana)
    traveller.shift(JUST_AFTER)
    look(visit.pk)
    traveller.shift(-timedelta(seconds=5))
    assert not undo_call(response, dana)


def test_it_is_taken_back_once(visit: Appointment, dana: User) -> None:
    response = said(visit, ReplyKind.NO_ANSWER, dana)
    assert undo_call(response, dana)
    assert not undo_call(response, dana)
    assert AuditEvent.objects.filter(action="response.withdrawn").count() == 1


def test_nobody_answered_so_it_comes_back_in_two_hours(visit: Appointment, dana: User) -> None:
    response = said(visit, ReplyKind.NO_ANSWER, dana)
    assert response.again_at == timezone.now() + timedelta(hours=2)
    assert said(visit, ReplyKind.LEFT_VOICEMAIL, dana).again_at is None


@pytest.mark.parametrize("hours", [None, 0, 30, 31])
def test_a_call_back_needs_a_time_before_the_visit(
    visit: Appointment, dana: User, hours: int | None
) -> None:
    again = None if hours is None else timezone.now() + timedelta(hours=hours)
    with pytest.raises(NotInTime):
        record_call(visit, ReplyKind.CALL_BACK, dana, details=CallDetails(again_at=again))
    assert not visit.responses.exists()


def test_a_call_back_is_off_the_list_until_its_time(visit: Appointment, dana: User) -> None:
    again = timezone.now() + timedelta(hours=29)
    response = said(visit, ReplyKind.CALL_BACK, dana, details=CallDetails(again_at=again))
    assert response.again_at == again


def test_the_reason_of_a_cancellation_is_one_of_the_practices(
    visit: Appointment, dana: User
) -> None:
    with pytest.raises(ValueError, match="no such cancel reason"):
        record_call(visit, ReplyKind.CANCELLED, dana, details=CallDetails(cancel_reason="7"))
    ChartCancelReason.objects.create(practice=visit.practice, external_id="7", name="PT SICK")
    details = CallDetails(cancel_reason="7")
    response = said(visit, ReplyKind.CANCELLED, dana, details=details)
    assert response.cancel_reason_external_id == "7"
    assert said(visit, ReplyKind.CONFIRMED, dana, details=details).cancel_reason_external_id == ""


def test_a_call_ends_with_what_a_call_can_end_with(visit: Appointment, dana: User) -> None:
    with pytest.raises(ValueError, match="unrecognized"):
        record_call(visit, ReplyKind.UNRECOGNIZED, dana)


def test_a_claim_keeps_others_away_for_ten_minutes(
    visit: Appointment, dana: User, ravi: User, traveller: time_machine.Coordinates
) -> None:
    claim(visit, dana)
    with pytest.raises(ClaimedByAnother) as standing:
        claim(visit, ravi)
    assert standing.value.claim.user == dana
    traveller.shift(CLAIMED_FOR + timedelta(seconds=1))
    assert claim(visit, ravi).user == ravi
    assert CallClaim.objects.get().user == ravi


def test_a_claim_can_be_kept_taken_over_and_given_back(
    visit: Appointment, dana: User, ravi: User, traveller: time_machine.Coordinates
) -> None:
    claim(visit, dana)
    traveller.shift(timedelta(minutes=9))
    assert claim(visit, dana).until == timezone.now() + CLAIMED_FOR
    claim(visit, ravi, take_over=True)
    assert not release(visit, dana)
    assert release(visit, ravi)
    assert not CallClaim.objects.exists()
    told = AuditEvent.objects.filter(action__startswith="call.").order_by("id")
    assert list(told.values_list("actor", "action")) == [
        ("dana", "call.claimed"),
        ("dana", "call.claimed"),
        ("ravi", "call.taken_over"),
        ("ravi", "call.released"),
    ]


def test_an_outcome_ends_the_claim(visit: Appointment, dana: User) -> None:
    claim(visit, dana)
    said(visit, ReplyKind.NO_ANSWER, dana)
    assert not CallClaim.objects.exists()


def test_what_another_is_calling_about_is_recorded_only_if_one_insists(
    visit: Appointment, dana: User, ravi: User
) -> None:
    claim(visit, dana)
    with pytest.raises(ClaimedByAnother):
        record_call(visit, ReplyKind.CONFIRMED, ravi)
    assert not visit.responses.exists()
    assert said(visit, ReplyKind.CONFIRMED, ravi, anyway=True).given_by == ravi
    assert not CallClaim.objects.exists()
