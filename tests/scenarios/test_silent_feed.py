"""Rows of the feed that another database took, of which this one is a copy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.ports import Deadline
from integrations.athenahealth import feed, poll
from integrations.athenahealth.client import client_for
from integrations.models import Connection, FeedCursor, SyncRun
from integrations.operations.restore import restored
from tests.scenarios.clinic import Clinic


def taken_by_another(clinic: Clinic) -> None:
    """The rows that wait are read, and stored nowhere."""
    connection = Connection.objects.get(vendor="athenahealth")
    for which in poll.KINDS:
        client = client_for(connection, deadline=Deadline.after(10), guard=lambda: None)
        feed.read_page(client, which)


def last_heard(ago: timedelta) -> None:
    """The feeds were last read by this database so long ago."""
    FeedCursor.objects.update(last_success_at=database_now() - ago)


@pytest.mark.parametrize(("minutes", "found"), [(119, 0), (121, 1)])
def test_after_two_hours_of_silence_what_was_read_meanwhile_is_read_again(
    clinic: Clinic, minutes: int, found: int
) -> None:
    clinic.sync()
    visit = clinic.book(clinic.patient())
    taken_by_another(clinic)
    last_heard(timedelta(minutes=minutes))
    clinic.sync()
    assert len(clinic.active(visit)) == found


def test_restored_reads_it_again_however_short_the_silence_was(clinic: Clinic) -> None:
    clinic.sync()
    visit = clinic.book(clinic.patient())
    taken_by_another(clinic)
    with acting_as(process="test"):
        report = restored(clinic.practice, lambda text: None)
    assert report["problems"] == []
    assert len(clinic.active(visit)) == 1


def test_restored_that_was_interrupted_goes_on_from_the_same_backup(clinic: Clinic) -> None:
    clinic.sync()
    last_heard(timedelta(hours=3))
    clinic.fault(kind="status", status=503, path="/relatient/v1/campaigns")
    with acting_as(process="test"):
        assert restored(clinic.practice, lambda text: None)["problems"]
    with acting_as(process="test"):
        assert restored(clinic.practice, lambda text: None)["problems"] == []
    done = SyncRun.objects.filter(outcome="done").values_list("progress", flat=True)
    [lost_since] = [progress["lost_since"] for progress in done if progress.get("lost_since")]
    assert lost_since < (database_now() - timedelta(hours=2)).isoformat()
