"""Where one comparison stands: stored after every step, so that an interrupted one goes on.

What the lists of athenahealth brought is counted by the stored pages themselves. Here are the
dates, what is read next, and which rows were found to differ, by what was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from campaigns.clock import database_now
from campaigns.models import Practice
from integrations.models import SyncKind, SyncOutcome, SyncRun

# A comparison that was begun longer ago than this begins anew.
GOOD_FOR = timedelta(hours=24)


class Phase(StrEnum):
    """What a comparison reads next."""

    LISTEN = "listen"
    CHART = "chart"
    REMINDERS = "reminders"
    WRITES = "writes"
    COMPARED = "compared"


@dataclass
class Round:
    """One comparison under way."""

    run: SyncRun

    @property
    def practice(self) -> Practice:
        """Whose records are compared."""
        return self.run.practice

    @property
    def first(self) -> date:
        """The first date compared."""
        return date.fromisoformat(self.run.progress["from"])

    @property
    def last(self) -> date:
        """The last date compared."""
        return date.fromisoformat(self.run.progress["to"])

    @property
    def phase(self) -> Phase:
        """What comes next."""
        return Phase(self.run.progress["phase"])

    @property
    def next_day(self) -> date:
        """The first date that was not yet compared with athenahealth."""
        return date.fromisoformat(self.run.progress["next"])

    @property
    def cursor(self) -> str:
        """Where Relatient's list goes on; empty at its beginning."""
        return str(self.run.progress["cursor"])

    @property
    def listed_from(self) -> datetime | None:
        """When the first page of Relatient's list was asked for."""
        return _moment(self.run.progress["listed_from"])

    @property
    def lost_since(self) -> datetime | None:
        """After a restore: the time of the backup; what was made since is taken for ours."""
        return _moment(self.run.progress.get("lost_since", ""))

    @property
    def compared_at(self) -> datetime | None:
        """When nothing was left to compare; since then what differs is repaired."""
        return _moment(self.run.progress["compared_at"])

    @property
    def listed(self) -> int:
        """How many enrollments of these dates Relatient has listed so far."""
        return int(self.run.progress["listed"])

    @property
    def apart(self) -> list[int]:
        """Our enrollments that were listed, without the list counting as a read of them."""
        rows: list[int] = self.run.progress["apart"]
        return rows

    def listed_apart(self, enrollment: int) -> None:
        """Remember that one of ours was listed; stored with the next `save`."""
        self.run.progress["apart"] = sorted({*self.apart, enrollment})

    def found(self, what: str) -> list[int | str]:
        """Our ids of the rows found to differ in this way; Relatient's where we have none."""
        rows: list[int | str] = self.run.progress["found"].get(what, [])
        return rows

    def find(self, what: str, *rows: int | str) -> None:
        """Remember rows that differ, each once; stored with the next `save`."""
        known = [*self.found(what), *(row for row in rows if row not in self.found(what))]
        self.run.progress["found"][what] = known

    def save(self, **progress: Any) -> None:
        """Store how far it has come."""
        self.run.progress = {**self.run.progress, **progress}
        self.run.save(update_fields=["progress"])

    def failed(self, sentence: str) -> None:
        """Store that a vendor could not be read; Relatient's list is read from its beginning next
        time.
        """
        self.save(cursor="", listed_from="", listed=0, apart=[])
        self.end(SyncOutcome.FAILED, sentence)

    def end(self, outcome: SyncOutcome, problem: str = "") -> None:
        """Close the run with what it counted; unless it is done, `begin` goes on with it."""
        self.run.outcome, self.run.problem = outcome, problem[:300]
        self.run.ended_at = database_now()
        self.run.save(update_fields=["outcome", "problem", "ended_at", "counts"])


def begin(
    practice: Practice,
    first: date,
    last: date,
    night: str = "",
    lost_since: datetime | None = None,
) -> Round:
    """Go on with the unfinished comparison of these dates, or begin one."""
    dates = {"from": first.isoformat(), "to": last.isoformat()}
    run = _unfinished(practice, dates)
    if run is None:
        run = SyncRun.objects.create(
            practice=practice,
            kind=SyncKind.RECONCILE,
            started_at=database_now(),
            progress={
                **dates,
                "night": night,
                "lost_since": lost_since.isoformat() if lost_since else "",
                "phase": Phase.LISTEN.value,
                "next": first.isoformat(),
                "cursor": "",
                "listed_from": "",
                "listed": 0,
                "apart": [],
                "compared_at": "",
                "found": {},
            },
        )
    return Round(run)


def end_rounds(practice: Practice, why: str) -> None:
    """End every comparison under way; one of the same dates begins Relatient's list anew."""
    going_on = (SyncOutcome.RUNNING, SyncOutcome.INTERRUPTED)
    runs = SyncRun.objects.filter(practice=practice, kind=SyncKind.RECONCILE, outcome__in=going_on)
    for run in runs:
        Round(run).failed(why)


def _unfinished(practice: Practice, dates: dict[str, str]) -> SyncRun | None:
    lately = SyncRun.objects.select_related("practice").filter(
        practice=practice,
        kind=SyncKind.RECONCILE,
        started_at__gte=database_now() - GOOD_FOR,
    )
    run = next((run for run in lately if dates.items() <= run.progress.items()), None)
    if run is None or run.outcome == SyncOutcome.DONE:
        return None
    run.outcome, run.ended_at, run.problem = SyncOutcome.RUNNING, None, ""
    run.save(update_fields=["outcome", "ended_at", "problem"])
    return run


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
