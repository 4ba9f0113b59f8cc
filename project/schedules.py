"""The schedules of django-q2: one minute's tick. They are made here and read-only in the console.

One tick, because django-q2 goes through all due schedules in one transaction, and a row that it
cannot compute stops every other one for good. Such a row is none of ours; it is switched off.
"""

from __future__ import annotations

import ast
import logging
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

TICK = "kept tick"
FUNCTION = "integrations.tasks.tick"
# Times that were missed are stepped over one by one, so a minute's schedule of years ago would
# keep django-q2 busy with nothing else.
LONG_AGO = timedelta(days=30)
# Names that async_task itself would take a keyword argument for.
TAKEN = frozenset({"func", "broker"})

logger = logging.getLogger(__name__)


def ensure_schedules(**kwargs: Any) -> None:
    """Make the schedule, or put it back as it should be; runs after every migrate."""
    ours = Schedule.objects.filter(name=TICK).order_by("pk").first() or Schedule(name=TICK)
    Schedule.objects.filter(name=TICK).exclude(pk=ours.pk).delete()
    ours.func, ours.args, ours.kwargs = FUNCTION, None, None
    ours.hook = ours.cluster = ours.intended_date_kwarg = None
    ours.schedule_type, ours.minutes, ours.repeats = Schedule.MINUTES, 1, -1
    if ours.next_run is None or _is_long_ago(ours):
        ours.next_run = timezone.now()
    ours.save()


def mend_schedules() -> list[str]:
    """Put our own schedule back, and switch off those that would stop it; the ids of these.

    Switched off means that no repeats are left: the row stays, for whoever made it to look at.
    """
    ours = list(Schedule.objects.filter(name=TICK))
    if len(ours) != 1 or not _is_ours(ours[0]):
        logger.warning("schedule_put_back")
        ensure_schedules()
    off = [row for row in Schedule.objects.exclude(name=TICK).exclude(repeats=0) if _stops(row)]
    for row in off:
        logger.error("schedule_switched_off", extra={"schedule": row.pk})
        Schedule.objects.filter(pk=row.pk).update(repeats=0)
    return [str(row.pk) for row in off]


def _is_ours(row: Schedule) -> bool:
    kept = (row.func, row.schedule_type, row.minutes, row.cluster, row.next_run is None)
    as_made = kept == (FUNCTION, Schedule.MINUTES, 1, None, False)
    return as_made and row.repeats < 0 and not row.kwargs and not _stops(row)


def _stops(row: Schedule) -> bool:
    """Whether django-q2 would fail at it: what it computes of a row is computed here first.

    As scheduler() of django_q/scheduler.py does, version 1.11.
    """
    try:
        if row.args:
            ast.literal_eval(row.args)
        keywords = _keywords(row.kwargs or "")
        if TAKEN & set(keywords) or not all(isinstance(name, str) for name in keywords):
            return True
        if not isinstance(keywords.get("q_options", {}), dict):
            return True
        if row.schedule_type != Schedule.ONCE:
            row.calculate_next_run(row.next_run)
    except Exception:
        # Whatever it is, django-q2 would meet it too.
        return True
    return _is_long_ago(row)


def _is_long_ago(row: Schedule) -> bool:
    late = row.next_run is not None and row.next_run < timezone.now() - LONG_AGO
    return late and row.schedule_type in {Schedule.MINUTES, Schedule.HOURLY}


def _keywords(text: str) -> dict[str, Any]:
    """Keyword arguments in either form; those it cannot read django-q2 takes for none."""
    if not text:
        return {}
    try:
        found: dict[str, Any] = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        try:
            call: Any = ast.parse(f"f({text})").body[0]
            return {each.arg: ast.literal_eval(each.value) for each in call.value.keywords}
        except (SyntaxError, ValueError):
            return {}
    return found
