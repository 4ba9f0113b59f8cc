"""Throttling in all its dresses, for reads, writes and the feed that is emptied by reading it.

It is waited for. It is no sign of an outage, no step towards a person, and nothing is torn by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from audit.context import acting_as
from campaigns.models import Effect
from integrations.athenahealth import request
from integrations.connections.circuit_breaker import FAILURES_TO_OPEN
from integrations.models import Connection, Feed, FeedCursor, RequestBudget
from integrations.operations import run
from integrations.relatient import gateway
from integrations.transport import rate_limit
from tests.scenarios.clinic import Clinic

QUOTA_FAULT = {"fault": {"faultstring": "Quota", "detail": {"errorcode": "policies.ratelimit.Q"}}}
DRESSES: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "body": ""},
    "429_retry_after": {"status": 429, "headers": {"Retry-After": "1"}, "body": ""},
    "429_fault": {"status": 429, "body": QUOTA_FAULT},
    "403_text": {"status": 403, "body": "<h1>Developer Over Rate</h1>"},
    "403_fault": {"status": 403, "body": QUOTA_FAULT},
    "503_fault": {"status": 503, "body": QUOTA_FAULT},
}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A throttle that names no time is over soon."""
    monkeypatch.setattr(request, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(gateway, "PAUSE_SECONDS", 0.02)


def waiting_is_over() -> None:
    """The pauses that were asked for have passed."""
    RequestBudget.objects.update(blocked_until=None)
    past = datetime.now(UTC) - timedelta(seconds=1)
    Effect.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=past)


def nobody_was_blamed() -> None:
    """No circuit counts a throttle."""
    assert set(Connection.objects.values_list("failures", "opened_at")) == {(0, None)}


def in_all_dresses(clinic: Clinic, **where: str) -> None:
    """One after the other, and more than would open a circuit."""
    assert len(DRESSES) > FAILURES_TO_OPEN
    for dress in DRESSES.values():
        clinic.fault(kind="status", **where, **dress)


def throttled_attempts(kind: str) -> list[str]:
    """Codes of the tries at the only effect of its kind that did not succeed."""
    tries = Effect.objects.get(kind=kind).tries.exclude(outcome="accepted")
    assert set(tries.values_list("outcome", flat=True)) == {"later"}
    return list(tries.values_list("code", flat=True))


def test_a_throttled_read_is_waited_for(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.slow_retries()
    in_all_dresses(clinic, path="/booked/multipledepartment$")
    clinic.poll_and_work()
    for _ in DRESSES:
        waiting_is_over()
        clinic.work()
    nobody_was_blamed()
    assert throttled_attempts("read_history") == ["rate_limited"] * len(DRESSES)
    assert len(clinic.active(appointment)) == 1


@pytest.mark.parametrize("vendor", ["athenahealth", "relatient"])
def test_a_throttled_write_was_certainly_not_done(clinic: Clinic, vendor: str) -> None:
    appointment = clinic.book(clinic.patient())
    kind, path = "enroll", "/relatient/v1/enrollments$"
    if vendor == "athenahealth":
        clinic.sync()
        clinic.answer(appointment, "confirmed")
        kind, path = "write_confirmation", "confirmationstatus$"
    clinic.slow_retries()
    in_all_dresses(clinic, method="PUT" if vendor == "athenahealth" else "POST", path=path)
    clinic.sync()
    for _ in range(len(DRESSES) - 1):
        waiting_is_over()
        clinic.work()
    effect = Effect.objects.get(kind=kind)
    assert (effect.status, effect.unknown_since) == ("queued", None)
    assert throttled_attempts(kind) == ["rate_limited"] * len(DRESSES)
    nobody_was_blamed()
    waiting_is_over()
    clinic.work()
    assert Effect.objects.get(kind=kind).status == "accepted"
    assert len(clinic.enrollments(appointment)) == 1


def test_a_throttled_feed_is_not_torn(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    for dress in DRESSES.values():
        clinic.fault(kind="status", path="/v1/195900/appointments/changed$", **dress)
        with acting_as(process="test"):
            report = run.poll(clinic.practice, (Feed.APPOINTMENTS,))
        assert report["problems"] == [
            "athenahealth asks for fewer calls at present. Kept waits and tries again."
        ]
        assert not FeedCursor.objects.get(feed="appointments").dirty
        waiting_is_over()
    assert clinic.feed_waiting() == 1
    nobody_was_blamed()
    clinic.sync()
    assert len(clinic.active(appointment)) == 1


def test_a_write_that_may_have_been_done_is_not_parked_by_throttles(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="PUT", path="confirmationstatus$")
    clinic.collect_and_work()
    hours_ago = datetime.now(UTC) - timedelta(hours=9)
    Effect.objects.filter(kind="write_confirmation").update(unknown_since=hours_ago)
    clinic.fault(kind="status", status=429, path=f"/appointments/{appointment}$")
    waiting_is_over()
    clinic.work()
    assert Effect.objects.get(kind="write_confirmation").status == "unknown"
    waiting_is_over()
    clinic.work()
    assert Effect.objects.get(kind="write_confirmation").status == "accepted"
    assert len(clinic.chart_writes(appointment)) == 1


@pytest.fixture
def evening(settings) -> Iterator[time_machine.Traveller]:
    """Eight in the evening GMT, and going on from there."""
    settings.KEPT_CLOCK = "process"
    rate_limit._heard.clear()
    eight = datetime.now(UTC).replace(hour=20, minute=0, second=0, microsecond=0)
    with time_machine.travel(eight, tick=True) as traveller:
        yield traveller


def test_a_vendor_whose_midnight_comes_later_does_not_cost_a_day(
    evening: time_machine.Traveller, clinic: Clinic, mailoutbox: list
) -> None:
    clinic.sync()
    appointment = clinic.book(clinic.patient())
    evening.move_to(datetime.now(UTC).replace(hour=0, minute=0, second=2) + timedelta(days=1))
    # By its clock the day that is used up has a few seconds more.
    clinic.control("settings", {"athena_daily_quota": 0})
    clinic.sync()
    assert not RequestBudget.objects.filter(quota_spent=True).exists()
    clinic.control("settings", {"athena_daily_quota": 50_000})
    evening.shift(timedelta(seconds=30))
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    assert not [mail for mail in mailoutbox if "takes no more calls" in mail.subject]


@pytest.mark.parametrize("style", ["429", "403"])
def test_a_used_up_day_is_waited_for_said_and_mailed_once(
    evening: time_machine.Traveller, clinic: Clinic, mailoutbox: list, style: str
) -> None:
    clinic.sync()
    appointment = clinic.book(clinic.patient())
    clinic.control("settings", {"athena_daily_quota": 0, "athena_throttle": style})
    report = clinic.sync()
    assert len(report["problems"]) == 1, report["problems"]
    [said] = report["problems"]
    assert said.startswith(
        "athenahealth's calls of the day are used up. Kept goes on at midnight GMT ("
    )
    assert "PM in the practice's zone)" in said
    requests = clinic.state()["athena"]["requests"]
    # Within the life of the access token, which costs a call of its own.
    evening.shift(timedelta(minutes=40))
    clinic.sync()
    assert clinic.state()["athena"]["requests"] == requests
    nobody_was_blamed()
    about_it = [mail for mail in mailoutbox if "takes no more calls" in mail.subject]
    assert len(about_it) == 1
    assert about_it[0].to == ["admin@example.org"] and said in about_it[0].body
    clinic.control("settings", {"athena_daily_quota": 50_000})
    evening.shift(timedelta(hours=4))
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    assert not RequestBudget.objects.filter(quota_spent=True).exists()
