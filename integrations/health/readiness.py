"""What /readyz reports of connections and of what waits; settings.READINESS_REPORTS names them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from campaigns.clock import database_now
from campaigns.decisions.failed_looks import failed_looks
from campaigns.domain.values import EffectStatus
from campaigns.models import Practice
from campaigns.outbox.backlog import Due, effects_due, effects_standing, looks_due
from integrations.health import status


def connections() -> list[dict[str, Any]]:
    """Each vendor of each active practice.

    `last_poll_seconds_ago` is that of its stalest feed, null before the first poll;
    `quota_remaining` is null until the vendor has said it.
    """
    now = database_now()
    return [_connection(each, now) for each in status.conditions(_active())]


def backlog() -> dict[str, Any]:
    """What waits, in all active practices together; ages are 0 when nothing waits.

    `why_put_off` says what to do about looks that failed, and is empty when none did.
    """
    practices, now = _active(), database_now()
    looks = _together(looks_due(practices, now).values())
    effects = _together(effects_due(practices, now).values())
    failed = failed_looks(practices)
    stored = status.inbox(practices)
    parked = [row for row in effects_standing(practices) if row[2] == EffectStatus.PARKED]
    oldest = max(((now - each.oldest_at).total_seconds() for each in stored), default=0.0)
    return {
        "looks_due": looks.count,
        "oldest_look_seconds": round(looks.oldest_seconds, 1),
        "looks_put_off": failed.count,
        "why_put_off": failed.sentence,
        "effects_due": effects.count,
        "oldest_effect_seconds": round(effects.oldest_seconds, 1),
        "effects_parked": sum(row[3] for row in parked),
        "messages_stored": sum(each.count for each in stored),
        "oldest_message_seconds": round(oldest, 1),
    }


def _active() -> list[Practice]:
    return list(Practice.objects.filter(active=True).order_by("pk"))


def _connection(each: status.Condition, now: datetime) -> dict[str, Any]:
    row, read_at = each.connection, each.last_success_at
    return {
        "practice": row.practice.external_id,
        "vendor": row.vendor,
        "paused": row.is_paused,
        "circuit_open": row.opened_at is not None,
        "quota_remaining": each.budget.quota_remaining if each.budget else None,
        "last_poll_seconds_ago": round((now - read_at).total_seconds(), 1) if read_at else None,
    }


def _together(dues: Iterable[Due]) -> Due:
    found = list(dues)
    return Due(
        sum(due.count for due in found), max((due.oldest_seconds for due in found), default=0)
    )
