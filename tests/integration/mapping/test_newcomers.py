"""A visit that comes while a change of the rules is being stored goes by the new rules, too."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.mapping import rule_changes
from campaigns.models import Appointment, Practice
from tests.integration.rule_room import a_mapped_practice, change_to, visit

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_process"),
]
PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def only_on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, so nothing comes in between.")


def come_and_be_decided(practice: Practice) -> None:
    """In another process: the old rules are still what it sees."""
    with acting_as(process="test"):
        newcomer = visit(practice, enrolled_in="", look_due_at=database_now())
        look(newcomer.pk)
    connection.close()


def test_a_visit_decided_before_the_change_was_stored_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    practice = a_mapped_practice()
    mark = rule_changes.schedule_upcoming_looks

    def mark_and_be_interrupted(marked: Practice) -> int:
        count = mark(marked)
        other = Thread(target=come_and_be_decided, args=[marked])
        other.start()
        other.join(PATIENCE_SECONDS)
        return count

    monkeypatch.setattr(rule_changes, "schedule_upcoming_looks", mark_and_be_interrupted)
    change_to(practice, "cmp_es")
    [newcomer] = Appointment.objects.all()
    assert newcomer.look_due_at is not None
    assert newcomer.look_due_at <= database_now()
