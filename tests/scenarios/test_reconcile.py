"""What no trigger tells is found by comparing with the chart; and how the command behaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit.context import acting_as
from campaigns.models import Appointment
from integrations.connections import registry
from integrations.models import Connection, Feed, FeedCursor, SyncRun
from integrations.operations import reconcile_now
from integrations.reconcile import nightly
from tests.integration.command_room import answered, refused, said
from tests.scenarios.clinic import JSON, PRACTICE, Clinic


def reconciled() -> JSON:
    """The command's JSON."""
    report, _ = answered("reconcile")
    return report


def test_with_nothing_wrong_nothing_is_written(clinic: Clinic) -> None:
    for days in (2, 9, 40):
        clinic.book(clinic.patient(), days=days)
    cancelled = clinic.book(clinic.patient(), days=5)
    clinic.control(f"athena/appointments/{cancelled}/cancel")
    clinic.sync()
    before = clinic.writes()
    for _ in range(2):
        report, status = answered("reconcile")
        assert (report["drift"], report["repaired"], status) == (0, 0, 0), report
        assert report["checked"] == 7
        assert report["practices"][PRACTICE]["checked"] == 7
    assert clinic.writes() == before
    assert not Appointment.objects.filter(reread_wanted=True).exists()


def test_a_visit_that_the_feed_never_told_of_is_found(clinic: Clinic) -> None:
    clinic.sync()
    appointment = clinic.book(clinic.patient(), days=20)
    clinic.drop_from_feed(appointment)
    clinic.sync()
    assert clinic.enrollments(appointment) == []
    report, status = answered("reconcile")
    assert (report["drift"], report["repaired"], status) == (1, 1, 0), report
    assert report["found"] == {"visits_missed": 1}
    assert len(clinic.active(appointment)) == 1
    assert reconciled()["drift"] == 0
    assert len(clinic.enrollments(appointment)) == 1


def test_a_visit_outside_the_dates_is_left_for_its_time(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=20)
    clinic.drop_from_feed(appointment)
    first, last = (datetime.now(UTC).date() + timedelta(days=n) for n in (1, 10))
    report, _ = answered("reconcile", "--from", str(first), "--to", str(last))
    assert report["drift"] == 0
    assert clinic.enrollments(appointment) == []


def test_a_confirmation_by_staff_that_was_missed_is_taken_in(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.control(f"athena/appointments/{appointment}/change", {"confirmation": "2"})
    clinic.drop_from_feed(appointment)
    clinic.sync()
    assert Appointment.objects.get().confirmation == ""
    report = reconciled()
    assert report["found"] == {"visits_changed": 1}
    assert Appointment.objects.get().confirmation == "confirmed"
    assert len(clinic.active(appointment)) == 1


def test_a_visit_that_the_list_lacks_is_read_by_itself(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=5)
    clinic.sync()
    # Moved in place, to a day that is not compared.
    clinic.control(
        f"athena/appointments/{appointment}/change", {"starts_at": clinic.ahead(days=90)}
    )
    clinic.drop_from_feed(appointment)
    report = reconciled()
    assert (report["found"], report["repaired"]) == ({"visits_not_listed": 1}, 1)
    [row] = clinic.active(appointment)
    assert row["appointment"]["starts_at"].startswith(clinic.ahead(days=90)[:13])
    assert reconciled()["drift"] == 0


def test_a_vendor_that_is_down_is_a_problem_and_it_goes_on_later(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=20)
    clinic.drop_from_feed(appointment)
    clinic.fault(kind="status", status=503, path="/relatient/v1/enrollments", method="GET")
    report, status = answered("reconcile")
    assert status == 1 and len(report["problems"]) == 1
    run = SyncRun.objects.get(kind="reconcile")
    assert (run.outcome, run.progress["phase"]) == ("failed", "reminders")
    report, status = answered("reconcile")
    assert (report["drift"], report["repaired"], status) == (1, 1, 0)
    run.refresh_from_db()
    assert run.outcome == "done" and run.counts["drift"] == 1
    assert SyncRun.objects.filter(kind="reconcile").count() == 1
    assert len(clinic.active(appointment)) == 1


def test_an_interrupted_comparison_goes_on_where_it_stopped(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=30)
    clinic.drop_from_feed(appointment)
    said_so: list[str] = []

    def pull_the_plug(text: str) -> None:
        said_so.append(text)
        if len(said_so) == 4:
            raise KeyboardInterrupt

    dates = nightly.dates_of(datetime.now(UTC).date())
    with acting_as(process="test"), pytest.raises(KeyboardInterrupt):
        reconcile_now.reconcile(clinic.practice, *dates, pull_the_plug)
    assert SyncRun.objects.get(kind="reconcile").outcome == "interrupted"
    with acting_as(process="test"):
        report = reconcile_now.reconcile(clinic.practice, *dates, said_so.append)
    windows = [text for text in said_so if text.startswith("athenahealth")]
    assert len(windows) == len(set(windows)) == 9
    assert (report["drift"], report["repaired"]) == (1, 1)
    assert len(clinic.active(appointment)) == 1


def test_one_comparison_at_a_time(clinic: Clinic) -> None:
    connection = Connection.objects.get(vendor="athenahealth")
    FeedCursor.objects.create(
        practice=clinic.practice,
        connection=connection,
        feed=Feed.RECONCILE,
        lease_token="another",
        lease_until=datetime.now(UTC) + timedelta(hours=1),
    )
    rests: list[float] = []
    dates = nightly.dates_of(datetime.now(UTC).date())
    with acting_as(process="test"):
        report = reconcile_now.reconcile(clinic.practice, *dates, lambda text: None, rests.append)
    assert report["problems"] == [reconcile_now.ELSEWHERE]
    assert len(rests) == reconcile_now.LONGEST_WAIT_SECONDS

    def the_killed_ones_lease_runs_out(seconds: float) -> None:
        FeedCursor.objects.filter(feed=Feed.RECONCILE).update(lease_until=datetime.now(UTC))

    waits = the_killed_ones_lease_runs_out
    with acting_as(process="test"):
        report = reconcile_now.reconcile(clinic.practice, *dates, lambda text: None, waits)
    assert report["problems"] == [] and SyncRun.objects.get(kind="reconcile").outcome == "done"


def test_what_it_says_to_people(clinic: Clinic) -> None:
    assert "checked 0, drift 0, repaired 0" in said("reconcile")
    assert "earlier date first" in refused(
        "reconcile", "--from", "2026-02-02", "--to", "2026-02-01"
    )
    assert "no date" in refused("reconcile", "--from", "tomorrow")
    with acting_as(process="test"):
        registry.pause(Connection.objects.get(vendor="relatient"), reason="quiet")
    report, status = answered("reconcile")
    assert status == 1 and "paused" in report["problems"][0]
    assert {"checked", "drift", "repaired"} <= set(report["practices"][PRACTICE])
