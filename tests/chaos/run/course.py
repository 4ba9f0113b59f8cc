"""The story of one run, from an empty database to the verdict."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import Error, close_old_connections, connections

from integrations.simulators import control_webhooks
from tests.chaos.run import kept
from tests.chaos.run.databases import Database
from tests.chaos.run.desk import Desk, hire
from tests.chaos.run.environment import WEBHOOK_SECRET
from tests.chaos.run.judge import Judgement, judge
from tests.chaos.run.life import Life
from tests.chaos.run.plan import Plan
from tests.chaos.run.plug import Plug
from tests.chaos.run.product import MANAGE, ROOT, Product, start_all
from tests.chaos.run.staff import map_campaigns, resume_connections
from tests.chaos.run.storm import Storm, positions
from tests.chaos.run.town import Town
from tests.scenarios.clinic import PRACTICE

TICK = 0.1
START_SECONDS = 60.0
REST_SECONDS = 300.0
QUIET_SECONDS = 4.0
ATTEND_EVERY = (1.0, 3.0)
# How many looks, effects and messages may wait before life slows down, by how much, and how long.
MOST_BEHIND = 50
SLOWLY = 0.2
MOST_TIMES = 6.0
# What takes minutes at a practice takes seconds here.
SETTINGS = (
    "poll_minutes=0.05",
    "retry_minutes=0.05",
    "retry_base_seconds=0.2",
    "effect_lease_seconds=8",
    "athena_requests_per_second=200",
    "relatient_requests_per_second=200",
)

logger = logging.getLogger("chaos")


class Course:
    """One run's parts, and what happened to them."""

    def __init__(self, plan: Plan, town: Town, database: Database, folder: Path, web: int) -> None:
        self.plan, self.town, self.database, self.folder = plan, town, database, folder
        self.web = web
        self.chance = Random(f"course:{plan.seed}")
        self.product = Product(folder, Random(f"kills:{plan.seed}"))
        self.life, self.storm = Life(town, plan), Storm(town, plan.seed)
        self.desk = Desk(town, web, plan.seed)
        self.resumed = 0
        self.deaf = 0
        self._said = 0.0
        self._attend_at = 0.0
        self.behind = False
        self.began = time.monotonic()
        self.marks: dict[str, float] = {}
        # What was left when the time to come to rest was over: a failure of its own.
        self.unrest: list[str] = []
        self.lived = [datetime.now(UTC)] * 2

    def mark(self, name: str) -> None:
        """Remember when a part of the story ended, in seconds."""
        self.marks[name] = round(time.monotonic() - self.began, 1)
        logger.info("%6.1f s  %s", self.marks[name], name)

    def run(self) -> dict[str, Any]:
        """The whole story; the report."""
        self._open()
        with self.product:
            start_all(self.product, self.plan.database, self.web)
            self._subscribe()
            backfill = self._operator("backfill", *self._dates())
            self.lived[0] = datetime.now(UTC)
            self._live()
            self.lived[1] = datetime.now(UTC)
            self.mark("life ended")
            self.storm.end()
            self.desk.go_home()
            self._rest(lambda: self._finish(backfill, "backfill", *self._dates()))
            self.mark("at rest")
            first = self._judged()
            self.mark("judged")
            self._finish(self._operator("reconcile"), "reconcile")
            self._rest(lambda: None)
            self.mark("reconciled")
            second = judge(self.town, repaired=frozenset({2, 3, 6}))
            self.mark("judged again")
        return self._report(first, second)

    def _open(self) -> None:
        """People come; then the practice, its settings and its rules."""
        refused = {"one_active_enrollment": self.plan.second_active_refused}
        self.town.simulation.switches.apply(positions(self.plan.seed) | refused)
        logging.getLogger("django-q").setLevel(logging.WARNING)
        self.life.before()
        quiet = (self.folder / "bootstrap.log").open("w")
        with quiet:
            call_command("bootstrap", stdout=quiet)
            call_command("configure", *SETTINGS, stdout=quiet)
        map_campaigns()
        hire()
        # The server forks and the commands are children: no connection may be shared.
        connections.close_all()
        self.mark("opened")

    def _subscribe(self) -> None:
        """Both vendors tell of changes by webhook too; the polls go on."""
        self._finish(self._operator("subscriptions", "create"), "subscriptions", "create")
        address = f"http://127.0.0.1:{self.web}/webhooks/relatient/{PRACTICE}/"
        with self.town.simulation.lock:
            order = {"url": address, "secret": WEBHOOK_SECRET}
            control_webhooks.register(self.town.simulation, order)
        until = time.monotonic() + START_SECONDS
        while not all(kept.last_polls()) and time.monotonic() < until:
            time.sleep(TICK)
        self.mark("working")

    def _dates(self) -> tuple[str, str]:
        today = datetime.now(UTC).date()
        first, last = today - timedelta(days=1), today + timedelta(days=45)
        return f"--from={first}", f"--to={last}"

    def _operator(self, *command: str) -> subprocess.Popen[bytes]:
        """A command that somebody runs by hand."""
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*MANAGE, *command, "--json"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def _finish(self, process: subprocess.Popen[bytes], *command: str) -> None:
        """Wait for a command, and run it again when it did not succeed, as a person would."""
        for _ in range(5):
            if process.wait(timeout=REST_SECONDS) == 0:
                return
            process = self._operator(*command)
        self.unrest.append(f"{command[0]} does not succeed")

    def _live(self) -> None:
        """Life, faults, kills, the crash of the database; until the timetable is done.

        Life goes slowly while the product is far behind, or its busiest time would only begin
        when the faults are over.
        """
        plan, second, before = self.plan, 0.0, time.monotonic()
        until = before + MOST_TIMES * plan.seconds
        plug = Plug(plan, self.chance, self.product, self.database)
        self.storm.begin()
        self.desk.begin()
        while second <= plan.seconds or self.life.left or datetime.now(UTC) < plan.clock_change:
            now = time.monotonic()
            if now > until:
                break
            second += (now - before) * (SLOWLY if self.behind else 1.0)
            before = now
            self.life.live(second)
            self.product.tend()
            plug.pull(second)
            if now >= self._attend_at:
                self._attend_at = now + self.chance.uniform(*ATTEND_EVERY)
                self._with_database(self._attend)
            time.sleep(TICK)
        plug.pull(MOST_TIMES * plan.seconds)
        plug.put_back()

    def _enrollments(self) -> list[Any]:
        with self.town.simulation.lock:
            return list(self.town.store.enrollments.values())

    def _with_database(self, act: Callable[[], None]) -> None:
        """What needs the database can wait while that is away."""
        try:
            act()
        except Error:
            self.deaf += 1
            connections.close_all()

    def _attend(self) -> None:
        """A bell for the workers; and staff, who put a stopped connection to work again."""
        from django_q.tasks import async_task

        close_old_connections()
        async_task("integrations.tasks.tick")
        self.resumed += resume_connections()
        backlog = kept.backlog()
        self.behind = backlog > MOST_BEHIND
        active = sum(e["status"] == "active" for e in self._enrollments())
        self._say_at_times(f"{len(self.town.visits)} visits, {active} enrolled, {backlog} to do")

    def _rest(self, first: Callable[[], None]) -> None:
        """Wait until nothing is to be done, twice in a row with a poll of every feed between."""
        first()
        until = time.monotonic() + REST_SECONDS
        polls: list[Any] = []
        left: list[str] = []
        while time.monotonic() < until:
            self.product.tend()
            with self.town.simulation.lock:
                self.town.finish_campaigns()
            self.resumed += resume_connections()
            left = [*kept.unrest(self.town), *self.desk.unrest()]
            now = kept.last_polls()
            self._say_at_times("; ".join(left) or "quiet")
            if left:
                polls = []
            elif not polls:
                polls = now
                kept.poll_now()
            elif all(later > before for before, later in zip(polls, now, strict=True)):
                return
            time.sleep(0.5)
        self.unrest.append("; ".join(left) or "the feeds are not read")

    def _say_at_times(self, text: str) -> None:
        second = time.monotonic() - self.began
        if second >= self._said + 5:
            self._said = second
            logger.info("%6.1f s  %s", second, text)

    def _judged(self) -> Judgement:
        """Judge, and see that rest is rest."""
        since = len(self.town.journal.entries)
        until = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < until:
            self.product.tend()
            time.sleep(TICK)
        return judge(self.town, resting=(since, len(self.town.journal.entries)))

    def _report(self, first: Judgement, second: Judgement) -> dict[str, Any]:
        plan = self.plan
        report = {
            "seed": plan.seed,
            "database": plan.database,
            "second_active_refused": plan.second_active_refused,
            "without": plan.without,
            "vendors": positions(plan.seed),
            "clock_change": plan.clock_change.isoformat(),
            "clock_change_in_life": self.lived[0] < plan.clock_change < self.lived[1],
            "visits": len(self.town.visits),
            "answers": len(self.town.said),
            "calls_at_the_desk": len(self.town.calls),
            "deeds": dict(sorted(self.life.done.items())),
            "kills": dict(sorted(self.product.kills.items())),
            "died": dict(sorted(self.product.died.items())),
            "database_restarts": self.database.restarts,
            "connections_resumed": self.resumed,
            "calls": self.town.simulation.storm.calls,
            "faults": self.storm.counts(),
            "webhooks": dict(self.town.simulation.postbox.totals),
            "orphans": self.product.orphans,
            "marks": self.marks,
            "seconds": round(time.monotonic() - self.began, 1),
            "judged": first.as_dict(),
            "after_reconcile": second.as_dict(),
            "unrest": self.unrest,
            "trouble": kept.in_trouble(),
        }
        json.dumps(report)
        return report
