"""The part of /metrics about connections: usable, read when, how much of a day's calls left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from integrations.health.status import Condition

_LABELS = ["practice", "vendor"]


def connections(conditions: Sequence[Condition]) -> Iterator[Metric]:
    """Paused, circuit, quota and notifications of each connection, and its feeds."""
    paused = _gauge("kept_connection_paused", "1 while nothing may be sent: a person or a refusal.")
    opened = _gauge(
        "kept_connection_circuit_open",
        "1 while effects wait because the vendor failed again and again.",
    )
    failures = _gauge("kept_connection_failures", "Failures in a row; 0 after one success.")
    heard = _gauge(
        "kept_webhook_last_heard_timestamp_seconds",
        "When an authentic notification last came (unix time).",
    )
    for each in conditions:
        row, key = each.connection, _key(each)
        paused.add_metric(key, row.is_paused)
        opened.add_metric(key, row.opened_at is not None)
        failures.add_metric(key, row.failures)
        _add_moment(heard, key, row.webhook_heard_at)
    yield from (paused, opened, failures, heard)
    yield from _quotas(conditions)
    yield from _feeds(conditions)


def _quotas(conditions: Sequence[Condition]) -> Iterator[Metric]:
    limit = _gauge("kept_quota_limit", "Calls a day, as the vendor's headers said.")
    remaining = _gauge("kept_quota_remaining", "Calls left today (GMT), as the vendor last said.")
    sent = _gauge("kept_requests_today", "Calls that Kept made today (GMT).")
    spent = _gauge("kept_quota_spent", "1 while the day's calls are used up and Kept waits.")
    for each in conditions:
        if each.budget is None:
            continue
        key = _key(each)
        if each.budget.quota_limit is not None:
            limit.add_metric(key, each.budget.quota_limit)
        if each.budget.quota_remaining is not None:
            remaining.add_metric(key, each.budget.quota_remaining)
        sent.add_metric(key, each.budget.spent)
        spent.add_metric(key, each.budget.quota_spent)
    yield from (limit, remaining, sent, spent)


def _feeds(conditions: Sequence[Condition]) -> Iterator[Metric]:
    labels = [*_LABELS, "feed"]
    success = GaugeMetricFamily(
        "kept_feed_last_success_timestamp_seconds",
        "When the feed was last read to its end (unix time); 0 before the first time.",
        labels=labels,
    )
    failing = GaugeMetricFamily(
        "kept_feed_failing_since_timestamp_seconds",
        "Since when the feed cannot be read (unix time); absent while it can.",
        labels=labels,
    )
    for each in conditions:
        for feed in each.feeds:
            key = [*_key(each), feed.feed]
            at = feed.last_success_at
            success.add_metric(key, at.timestamp() if at is not None else 0)
            _add_moment(failing, key, feed.failing_since)
    yield from (success, failing)


def _gauge(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=_LABELS)


def _key(each: Condition) -> list[str]:
    return [each.connection.practice.external_id, each.connection.vendor]


def _add_moment(family: GaugeMetricFamily, key: list[str], moment: datetime | None) -> None:
    if moment is not None:
        family.add_metric(key, moment.timestamp())
