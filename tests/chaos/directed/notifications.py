"""A vendor tells of an answer while our database fails: it must not be told that we have it."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any
from unittest import mock

from django.db import OperationalError

from campaigns.models import Practice
from integrations.models import Connection, InboundMessage
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import enrolled, settled
from tests.scenarios.clinic import PRACTICE, Clinic

SECRET = "a secret of the reminders"
PATIENCE = 20.0


def notified_while_the_database_fails(clinic: Clinic, here: str) -> list[str]:
    """The first delivery meets a database error; the events are never polled, so that the poll
    does not cover it."""
    visit = enrolled(clinic)
    Connection.objects.filter(vendor="relatient").update(webhook_secret=SECRET)
    clinic.control("settings", {"webhook_retry_seconds": 0.2, "webhook_retry_for_seconds": 60.0})
    address = f"{here}/webhooks/relatient/{PRACTICE}/"
    clinic.control("relatient/webhook", {"url": address, "secret": SECRET})
    store = InboundMessage.objects.bulk_create
    failed: list[str] = []

    def failing_once(*rows: Any, **options: Any) -> Any:
        if not failed:
            failed.append("once")
            raise OperationalError("the database is away")
        return store(*rows, **options)

    with mock.patch.object(InboundMessage.objects, "bulk_create", failing_once):
        clinic.answer(visit, "confirmed")
        _nothing_waits(clinic)
    assert failed, "the delivery did not come by"
    Practice.objects.update(retry_base_seconds=0.01)
    clinic.poll_and_work()
    found = verdicts.not_confirmed(clinic, visit)
    settled(clinic)
    return [*found, *verdicts.against(clinic)]


def _nothing_waits(clinic: Clinic) -> None:
    """Until the vendor has delivered what it had to tell."""
    until = monotonic() + PATIENCE
    while True:
        books = clinic.control("deliveries", method="GET")
        if books["delivered"] and not books["waiting"]:
            return
        assert monotonic() < until, books
        sleep(0.05)
