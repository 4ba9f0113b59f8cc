"""Two people, or a person and a worker, at the same row in the same moment: one of them gets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.models import Appointment, CallClaim, Effect, Response
from campaigns.phone_calls.claims import ClaimedByAnother, claim
from campaigns.phone_calls.record import record_call, undo_call
from tests.factories import AppointmentFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread with a connection of its own; what they returned."""
    barrier, answers = Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            with acting_as(process="test"):
                barrier.wait(timeout=20)
                answers[place] = act()
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def claimed(visit: Appointment, user: Any) -> bool:
    try:
        claim(visit, user)
    except ClaimedByAnother:
        return False
    return True


def looked(visit: Appointment, response: Response) -> bool:
    """Look as soon as the time is over, as a sweeper does that finds it due."""
    assert response.hold_until is not None
    while database_now() < response.hold_until:
        continue
    look(visit.pk)
    return Effect.objects.filter(response=response).exists()


def undone(response: Response, user: Any, early: timedelta) -> bool:
    """Press as late as can be, or a moment too late."""
    assert response.hold_until is not None
    while database_now() < response.hold_until - early:
        continue
    return undo_call(response, user)


def test_of_two_who_claim_one_visit_one_gets_it() -> None:
    users = [UserFactory(), UserFactory()]
    for _ in range(ROUNDS):
        visit = AppointmentFactory()
        got = at_once(*(partial(claimed, visit, user) for user in users))
        assert sorted(got) == [False, True]
        assert CallClaim.objects.get(appointment=visit).user == users[got.index(True)]


def test_an_outcome_is_taken_back_or_sent_and_never_both() -> None:
    user = UserFactory()
    for number in range(ROUNDS):
        visit = AppointmentFactory()
        early = timedelta(milliseconds=number - ROUNDS // 4)
        soon = timedelta(milliseconds=150)
        response = record_call(visit, ReplyKind.NO_ANSWER, user, hold=soon)
        assert response is not None
        sent, back = at_once(
            partial(looked, visit, response), partial(undone, response, user, early)
        )
        assert sent is not back
        response.refresh_from_db()
        assert (response.outcome == ReplyOutcome.WITHDRAWN) is back


def test_the_same_press_twice_at_once_counts_once() -> None:
    user = UserFactory()
    visit, form = AppointmentFactory(), uuid4()

    def press() -> Response | None:
        return record_call(visit, ReplyKind.NO_ANSWER, user, form=form)

    first, second = at_once(press, press)
    assert (first is None) is not (second is None)
    assert visit.responses.count() == 1
