"""A sync run: what one poll, collect or backfill saw and did, for the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations.models import SyncKind, SyncOutcome, SyncRun


@contextmanager
def sync_run(practice: Practice, kind: SyncKind) -> Iterator[tuple[SyncRun, Counter[str]]]:
    """Open a run and close it with the counts it was given, however the work ends."""
    run = SyncRun.objects.create(practice=practice, kind=kind, started_at=database_now())
    counts: Counter[str] = Counter()
    try:
        yield run, counts
    except GatewayError as error:
        _end(run, SyncOutcome.FAILED, counts, error.sentence)
        raise
    except BaseException:
        _end(run, SyncOutcome.INTERRUPTED, counts, "")
        raise
    _end(run, SyncOutcome.DONE, counts, "")


def _end(run: SyncRun, outcome: SyncOutcome, counts: Counter[str], problem: str) -> None:
    run.outcome, run.counts, run.problem = outcome, dict(counts), problem[:300]
    run.ended_at = database_now()
    run.save(update_fields=["outcome", "counts", "problem", "ended_at"])
