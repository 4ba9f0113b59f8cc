"""A process died while it read a feed: who asks for the feed is told, and can wait for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Appointment
from integrations.models import Feed, FeedCursor
from tests.integration.command_room import answered, said
from tests.scenarios.clinic import Clinic

pytestmark = pytest.mark.django_db(transaction=True)


def died_reading(which: Feed, seconds: float) -> None:
    """A process took the feed's lease, and will not come back for it."""
    until = database_now() + timedelta(seconds=seconds)
    FeedCursor.objects.filter(feed=which).update(lease_token="of the dead", lease_until=until)


@pytest.mark.parametrize(
    ("which", "command"), [(Feed.APPOINTMENTS, "poll"), (Feed.EVENTS, "collect")]
)
def test_a_pull_says_that_it_waits_for_another_process(
    clinic: Clinic, which: Feed, command: str
) -> None:
    died_reading(which, seconds=90)
    report, status = answered(command)
    assert status == 0
    assert 80 <= report["waiting_for_lease"] <= 90
    assert "another process holds the feed" in said(command)


def test_a_free_feed_is_not_waited_for(clinic: Clinic) -> None:
    for command in ("poll", "collect", "sync"):
        report, status = answered(command)
        assert status == 0
        assert "waiting_for_lease" not in str(report)


def test_sync_counts_the_feed_that_it_did_not_read(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    died_reading(Feed.APPOINTMENTS, seconds=90)
    report, status = answered("sync")
    assert status == 0
    assert report["poll"]["waiting_for_lease"] > 80
    assert "waiting_for_lease" not in report["collect"]
    assert report["work"]["remaining"] == 1
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("which", [Feed.APPOINTMENTS, Feed.EVENTS])
def test_sync_with_seconds_waits_and_goes_on(clinic: Clinic, which: Feed) -> None:
    appointment = clinic.book(clinic.patient())
    died_reading(which, seconds=1.5)
    report, status = answered("sync", "--seconds", "60")
    assert status == 0
    assert "waiting_for_lease" not in str(report)
    assert report["work"]["remaining"] == 0
    assert len(clinic.active(appointment)) == 1


def test_sync_with_seconds_gives_up_when_they_are_over(clinic: Clinic) -> None:
    died_reading(Feed.APPOINTMENTS, seconds=90)
    report, _ = answered("sync", "--seconds", "0.5")
    assert report["poll"]["waiting_for_lease"] > 80
    assert report["work"]["remaining"] == 1
