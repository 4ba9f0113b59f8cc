"""The clock that reads and leases are dated by: the database's, since processes may disagree."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """The present moment, aware, in UTC.

    SQLite lives in our own process' machine, so its clock is ours; tests that travel in time set
    KEPT_CLOCK to "process", for PostgreSQL's clock cannot be moved.
    """
    if connection.vendor != "postgresql" or settings.KEPT_CLOCK == "process":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
