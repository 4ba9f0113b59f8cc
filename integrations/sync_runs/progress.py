"""How far long work has come, for a page that is looked at while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from campaigns.models import Practice
from integrations.models import SyncKind, SyncOutcome, SyncRun
from integrations.reconcile.progress import Phase

# These take minutes or hours; a poll is over before anybody looks.
LONG = (SyncKind.BACKFILL, SyncKind.DRY_RUN, SyncKind.RECONCILE)
_PHASES = {
    Phase.LISTEN.value: "reading the feeds once more",
    Phase.CHART.value: "comparing with athenahealth",
    Phase.REMINDERS.value: "comparing with Relatient",
    Phase.WRITES.value: "looking for notes that stand in the chart twice",
    Phase.COMPARED.value: "compared; what differed is being read again",
}


@dataclass(frozen=True)
class Progress:
    """A run that is under way: what it is doing, and how many of its days are done."""

    run: SyncRun
    words: str
    done: int
    days: int

    @property
    def percent(self) -> int:
        """Of the days, rounded down."""
        return self.done * 100 // self.days if self.days else 0


def under_way(practices: Sequence[Practice]) -> list[Progress]:
    """The long runs that have not ended, the newest first. One query."""
    runs = SyncRun.objects.filter(
        practice__in=practices, outcome=SyncOutcome.RUNNING, kind__in=LONG
    ).select_related("practice")
    return [progress for progress in map(progress_of, runs) if progress is not None]


def progress_of(run: SyncRun) -> Progress | None:
    """How far one run has come; None for a run without days, such as a poll."""
    dates = _dates(run)
    if dates is None:
        return None
    first, last, next_ = dates
    days, done = (last - first).days + 1, (next_ - first).days
    phase = _PHASES.get(str(run.progress.get("phase", "")))
    return Progress(
        run,
        phase or f"reading the visits of {_said(first)} to {_said(last)}",
        max(0, min(done, days)),
        days,
    )


def _said(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _dates(run: SyncRun) -> tuple[date, date, date] | None:
    try:
        first, last, next_ = (
            date.fromisoformat(run.progress[name]) for name in ("from", "to", "next")
        )
    except (KeyError, TypeError, ValueError):
        return None
    return first, last, next_
