"""Rows that say which background loops are alive, and since when nothing was heard of one.

A row is written by whoever does work, under the id of its process group: the workers of one
cluster share a row, and what started the cluster knows its id. Two machines, or two clusters on
one, have rows of their own.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from campaigns.clock import database_now
from integrations.models import Heartbeat, HeartbeatRole

# A loop that beats at every turn writes no more often than this.
EVERY_SECONDS = 2.0
# Longer than the silence between two ticks of a cluster that nobody rings for.
STALE_AFTER = timedelta(seconds=180)
KEPT_FOR = timedelta(days=1)

_beaten: dict[tuple[int, HeartbeatRole], float] = {}


def beat(role: HeartbeatRole, *, always: bool = False) -> None:
    """Store that this process' group is alive; raises django.db.Error when the database is away.

    Does nothing if it was stored a moment ago, unless `always`.
    """
    group, moment = os.getpgrp(), time.monotonic()
    if not always and moment - _beaten.get((group, role), -EVERY_SECONDS) < EVERY_SECONDS:
        return
    now = database_now()
    Heartbeat.objects.bulk_create(
        [Heartbeat(role=role, host=host(), pid=group, started_at=now, beat_at=now)],
        update_conflicts=True,
        unique_fields=["role", "host", "pid"],
        update_fields=["beat_at"],
    )
    _beaten[group, role] = moment


def last_beat(role: HeartbeatRole, group: int) -> datetime | None:
    """When a process group of this machine was last heard of."""
    rows = Heartbeat.objects.filter(role=role, host=host(), pid=group)
    return rows.values_list("beat_at", flat=True).first()


def forget(role: HeartbeatRole, group: int) -> None:
    """Delete the row of a group of this machine that is gone: its id may be given to another."""
    Heartbeat.objects.filter(role=role, host=host(), pid=group).delete()


def forget_the_dead() -> int:
    """Delete the rows that have not beaten for a day; how many."""
    deleted, _ = Heartbeat.objects.filter(beat_at__lt=database_now() - KEPT_FOR).delete()
    return deleted


def host() -> str:
    """This machine, or container, as its rows name it."""
    return socket.gethostname()[:120]


def report() -> dict[str, Any]:
    """For /readyz: the state of each role, and of all.

    {"state": "ok"|"stale"|"none", "roles": {"workers": {"state": ..., "age_seconds": 3}, ...}};
    a role that was not heard of within a day is "none" and has no age.
    """
    now = database_now()
    latest = dict(Heartbeat.objects.order_by().values_list("role").annotate(Max("beat_at")))
    roles = {role.value: _state(latest.get(role), now) for role in HeartbeatRole}
    states = {each["state"] for each in roles.values()}
    state = "stale" if "stale" in states else "ok" if "ok" in states else "none"
    return {"state": state, "roles": roles}


def _state(beat_at: datetime | None, now: datetime) -> dict[str, Any]:
    if beat_at is None:
        return {"state": "none", "age_seconds": None}
    age = max(now - beat_at, timedelta())
    state = "stale" if age > STALE_AFTER else "ok"
    return {"state": state, "age_seconds": round(age.total_seconds())}
