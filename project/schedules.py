"""The schedules of django-q2: one minute's tick. They are made here and read-only in the console.

One tick, because all due schedules share a transaction and one bad row would stop the others.
"""

from typing import Any

from django_q.models import Schedule

TICK = "kept tick"


def ensure_schedules(**kwargs: Any) -> None:
    """Make the schedule, or put it back as it should be; runs after every migrate."""
    Schedule.objects.update_or_create(
        name=TICK,
        defaults={
            "func": "integrations.tasks.tick",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
