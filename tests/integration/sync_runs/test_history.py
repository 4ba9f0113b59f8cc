"""Sync history: runs in words, the rows of each, and long work while it is under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import ADMINS, BULK, CLINICAL_OPS, FRONT_DESK, ROUTINE, Practice
from integrations.admin.sync_runs import MOST_ASKED
from integrations.models import (
    InboundKind,
    InboundMessage,
    InboundStatus,
    SyncKind,
    SyncOutcome,
    SyncRun,
)
from integrations.sync_runs.progress import progress_of
from integrations.sync_runs.text import counted, lasted
from tests.factories import AppointmentFactory, PracticeFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/integrations/syncrun/"
PROGRESS = f"{LIST}progress/"
BEGAN = datetime(2026, 6, 10, 12, tzinfo=UTC)
PROBLEM = "This row has no start."


@pytest.fixture
def practice() -> Practice:
    return PracticeFactory(name="Lakeside Family Medicine")


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice]))
    return client


def run(practice: Practice, kind: SyncKind = SyncKind.POLL, **columns: Any) -> SyncRun:
    ended = {"outcome": SyncOutcome.DONE, "ended_at": BEGAN + timedelta(seconds=75)}
    if columns.get("outcome") == SyncOutcome.RUNNING:
        ended = {}
    return SyncRun.objects.create(
        practice=practice, kind=kind, **{"started_at": BEGAN, **ended, **columns}
    )


def running(practice: Practice, kind: SyncKind = SyncKind.BACKFILL, **progress: str) -> SyncRun:
    dates = {"from": "2026-06-01", "to": "2026-06-10", "next": "2026-06-04"}
    return run(practice, kind, outcome=SyncOutcome.RUNNING, progress={**dates, **progress})


def message(of: SyncRun, **columns: Any) -> InboundMessage:
    return InboundMessage.objects.create(
        practice=of.practice,
        vendor="athenahealth",
        sync_run=of,
        payload=[{"firstname": "Rosa"}],
        read_began=BEGAN,
        **{
            "kind": InboundKind.APPOINTMENTS_PAGE,
            "status": InboundStatus.PROCESSED,
            "counts": {"seen": 5, "new": 2},
            **columns,
        },
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"new": 3, "seen": 1200, "errors": 1}, "1,200 seen, 3 new, 1 could not be taken in"),
        ({"seen": 0}, "nothing new"),
        ({}, "nothing new"),
        ({"odd_thing": 2, "by_reason": {"no_rule": 4}, "seen": 1}, "1 seen, 2 odd thing"),
    ],
)
def test_counts_in_words(counts: dict[str, Any], words: str) -> None:
    assert counted(counts) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "under a second"), (1, "1 second"), (75, "1 min 15 s"), (7500, "2 h 5 min")],
)
def test_how_long_it_took(seconds: float, words: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == words


def test_the_list_tells_what_each_run_did(ops: Client, practice: Practice) -> None:
    run(practice, counts={"seen": 12, "new": 3})
    run(practice, outcome=SyncOutcome.FAILED, problem="athenahealth did not answer.")
    page = ops.get(LIST).content.decode()
    for words in ("12 seen, 3 new", "1 min 15 s", "athenahealth did not answer.", "nothing new"):
        assert words in page
    assert "Under way" not in page


@pytest.mark.parametrize(("role", "links"), [(ADMINS, True), (CLINICAL_OPS, False)])
def test_a_run_shows_its_rows_and_first_what_needs_attention(
    client: Client, practice: Practice, role: str, links: bool
) -> None:
    client.force_login(UserFactory(role=role, practices=[practice]))
    of = run(practice)
    message(of)
    parked = message(
        of, kind=InboundKind.ROW, status=InboundStatus.PARKED, problem=PROBLEM, counts={}
    )
    message(run(practice), problem="of another run")
    page = client.get(f"{LIST}{of.pk}/change/").content.decode()
    assert "Rows that need attention: 1" in page
    assert "What it read: 1 message" in page
    assert "5 seen, 2 new" in page
    assert PROBLEM in page
    assert "of another run" not in page
    assert "Rosa" not in page
    address = f"/admin/integrations/inboundmessage/{parked.pk}/change/"
    assert (address in page) is links
    assert client.get(address).status_code == (200 if links else 403)


def test_a_run_that_read_nothing_says_so(ops: Client, practice: Practice) -> None:
    page = ops.get(f"{LIST}{run(practice).pk}/change/").content.decode()
    assert "the vendor had nothing new" in page


@pytest.mark.parametrize(
    ("kind", "phase", "words"),
    [
        (SyncKind.BACKFILL, {}, "reading the visits of Jun 1, 2026 to Jun 10, 2026"),
        (SyncKind.DRY_RUN, {}, "reading the visits of Jun 1, 2026 to Jun 10, 2026"),
        (SyncKind.RECONCILE, {"phase": "chart"}, "comparing with athenahealth"),
        (SyncKind.RECONCILE, {"phase": "reminders"}, "comparing with Relatient"),
    ],
)
def test_long_work_shows_how_far_it_is(
    ops: Client, practice: Practice, kind: SyncKind, phase: dict[str, str], words: str
) -> None:
    of = running(practice, kind, **phase)
    for address in (LIST, PROGRESS, f"{LIST}{of.pk}/change/"):
        page = ops.get(address).content.decode()
        assert "3 of 10 days" in page
        assert words.lower() in page.lower()
        assert '<progress max="10" value="3"' in page


def test_a_run_begun_without_days_has_no_bar(ops: Client, practice: Practice) -> None:
    of = run(practice, outcome=SyncOutcome.RUNNING)
    assert progress_of(of) is None
    assert "Under way" not in ops.get(LIST).content.decode()
    assert ops.get(f"{LIST}{of.pk}/change/").status_code == 200


def test_looks_that_a_change_of_the_rules_left_are_counted(ops: Client, practice: Practice) -> None:
    past, later = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(days=1)
    AppointmentFactory(practice=practice, look_due_at=past, look_priority=BULK)
    AppointmentFactory(practice=practice, look_due_at=past, look_priority=ROUTINE)
    AppointmentFactory(practice=practice, look_due_at=later, look_priority=BULK)
    AppointmentFactory(practice=PracticeFactory(), look_due_at=past, look_priority=BULK)
    assert "1 visit still to be looked at" in ops.get(LIST).content.decode()


def test_the_page_asks_again_until_it_is_done(ops: Client, practice: Practice) -> None:
    of = running(practice)
    assert f'hx-get="{PROGRESS}?asked=1"' in ops.get(LIST).content.decode()
    assert f'hx-get="{PROGRESS}?asked=8"' in ops.get(PROGRESS, {"asked": 7}).content.decode()
    SyncRun.objects.filter(pk=of.pk).update(outcome=SyncOutcome.DONE, ended_at=timezone.now())
    part = ops.get(PROGRESS, {"asked": 8}).content.decode()
    assert "All of it is done." in part
    assert "hx-get" not in part


@pytest.mark.parametrize("asked", [str(MOST_ASKED), "99999", "9" * 40, "x", "-1", "²"])
def test_a_page_left_open_asks_only_for_a_while(
    ops: Client, practice: Practice, asked: str
) -> None:
    running(practice)
    part = ops.get(PROGRESS, {"asked": asked}).content.decode()
    rests = asked in (str(MOST_ASKED), "99999")
    assert ("This part rests now." in part) is rests
    assert ("hx-get" in part) is not rests


def test_another_practices_work_is_not_told(ops: Client, practice: Practice) -> None:
    elsewhere = running(PracticeFactory(name="Zebra Pediatrics"))
    assert "Under way" not in ops.get(LIST).content.decode()
    assert "3 of 10" not in ops.get(PROGRESS).content.decode()
    assert ops.get(f"{LIST}{elsewhere.pk}/change/").status_code == 302


@pytest.mark.parametrize(
    ("role", "status"), [(CLINICAL_OPS, 200), (ADMINS, 200), (FRONT_DESK, 302)]
)
def test_progress_is_for_those_who_may_see_the_list(
    client: Client, practice: Practice, role: str, status: int
) -> None:
    client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get(PROGRESS).status_code == status


def test_nobody_is_sent_to_sign_in(client: Client, practice: Practice) -> None:
    assert client.get(PROGRESS).url.startswith("/admin/login/")


def test_a_thousand_runs_and_rows_take_as_many_queries_as_ten(
    ops: Client, practice: Practice
) -> None:
    of = run(practice)

    def pages() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert ops.get(LIST).status_code == 200
            assert ops.get(f"{LIST}{of.pk}/change/").status_code == 200
        return len(asked)

    def add(number: int) -> None:
        SyncRun.objects.bulk_create(
            SyncRun(
                practice=practice,
                kind=SyncKind.POLL,
                outcome=SyncOutcome.DONE,
                started_at=BEGAN,
                ended_at=BEGAN,
            )
            for _ in range(number)
        )
        message(of)
        row = InboundMessage.objects.filter(sync_run=of).latest("pk")
        InboundMessage.objects.bulk_create(
            InboundMessage(
                practice=practice,
                vendor=row.vendor,
                kind=row.kind,
                status=[InboundStatus.PROCESSED, InboundStatus.PARKED][n % 2],
                payload=[],
                read_began=BEGAN,
                sync_run=of,
            )
            for n in range(number)
        )

    add(10)
    few = pages()
    add(1000)
    assert pages() == few


def test_a_page_that_asks_how_far_it_is_keeps_nobody_signed_in(
    ops: Client, practice: Practice
) -> None:
    ops.get(LIST)
    ends = Session.objects.get().expire_date
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        assert ops.get(PROGRESS).status_code == 200
    assert Session.objects.get().expire_date == ends
