"""athenahealth is down for hours: tried every five minutes, mailed once, and once at its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from audit.context import acting_as
from campaigns.models import Practice
from integrations.models import Connection, FeedCursor
from integrations.operations import run
from tests.scenarios.clinic import Clinic

NOW = datetime.now(UTC).replace(hour=14, minute=0, second=0, microsecond=0)


@pytest.fixture
def traveller(settings) -> Iterator[time_machine.Coordinates]:
    """A clock that moves only when it is told to."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


def next_poll() -> datetime:
    """When the appointment feed is tried next."""
    moment = FeedCursor.objects.get(feed="appointments").next_poll_at
    assert moment is not None
    return moment


def test_an_outage_is_mailed_once_and_its_end_once(
    traveller: time_machine.Coordinates, clinic: Clinic, mailoutbox: list
) -> None:
    clinic.sync()
    assert next_poll() - datetime.now(UTC) > timedelta(minutes=14)
    appointment = clinic.book(clinic.patient(), days=3)
    clinic.simulator.stop()

    for _ in range(4):
        clinic.poll_and_work()
        wait = next_poll() - datetime.now(UTC)
        assert timedelta(minutes=4) < wait <= timedelta(minutes=5)
        traveller.shift(timedelta(minutes=59))
    assert mailoutbox == []

    traveller.shift(timedelta(minutes=10))
    for _ in range(3):
        clinic.poll_and_work()
        traveller.shift(timedelta(minutes=16))
    [mail] = [m for m in mailoutbox if "changed appointments" in m.subject]
    assert mail.to == ["admin@example.org"]
    assert "cannot read" in mail.subject and "Nothing is lost" in mail.body

    clinic.simulator.start()
    traveller.shift(timedelta(minutes=16))
    clinic.sync()
    subjects = [m.subject for m in mailoutbox if "changed appointments" in m.subject]
    assert len(subjects) == 2 and "again" in subjects[1]
    assert len(clinic.active(appointment)) == 1
    traveller.shift(timedelta(minutes=16))
    clinic.sync()
    assert len([m for m in mailoutbox if "changed appointments" in m.subject]) == 2


def test_a_failed_poll_is_tried_again_after_the_time_that_was_set(
    traveller: time_machine.Coordinates, clinic: Clinic
) -> None:
    Practice.objects.update(retry_minutes=2)
    clinic.simulator.stop()
    clinic.poll_and_work()
    assert next_poll() - datetime.now(UTC) <= timedelta(minutes=2)
    clinic.simulator.start()


def test_while_nothing_is_sent_the_outage_still_counts_and_ends_by_itself(
    traveller: time_machine.Coordinates, clinic: Clinic, mailoutbox: list
) -> None:
    """The timer alone: the circuit is open for hours, and the mails go out as ever."""
    clinic.sync()
    appointment = clinic.book(clinic.patient(), days=3)
    clinic.simulator.stop()
    Practice.objects.update(retry_base_seconds=30)

    def minutes(count: int, step: float) -> None:
        for _ in range(count):
            with acting_as(process="test"):
                run.tick(clinic.practice, 5)
            traveller.shift(timedelta(minutes=step))

    minutes(8, 16)
    stands = Connection.objects.get(vendor="athenahealth")
    assert stands.opened_at is not None
    assert FeedCursor.objects.filter(feed="appointments", failing_since__isnull=False).exists()
    assert mailoutbox == []
    minutes(14, 16)
    [mail] = [m for m in mailoutbox if "changed appointments" in m.subject]
    assert "athenahealth does not answer at present" in mail.body

    clinic.simulator.start()
    minutes(3, 6)
    assert not Connection.objects.filter(opened_at__isnull=False).exists()
    assert len(clinic.active(appointment)) == 1
    subjects = [m.subject for m in mailoutbox if "changed appointments" in m.subject]
    assert len(subjects) == 2 and "again" in subjects[1]
