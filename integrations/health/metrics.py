"""What /metrics tells of the vendors and of our own processes.

settings.METRICS_COLLECTORS names `collect`. Topics, kinds and the practice's number are the only
labels; no address, no path, nothing about a patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Max
from prometheus_client.core import GaugeMetricFamily, Metric

from campaigns.clock import database_now
from campaigns.models import Practice
from integrations.health import status
from integrations.health.recent_calls import lately
from integrations.health.status import Condition
from integrations.models import EventSubscription, Heartbeat

Names = dict[int, str]
# The labels of every number about one connection.
_LABELS = ["practice", "vendor"]


def collect() -> Iterator[Metric]:
    """Every number of the active practices, in ten queries."""
    practices = list(Practice.objects.filter(active=True).order_by("pk"))
    names = {practice.pk: practice.external_id for practice in practices}
    now = database_now()
    yield from _connections(status.conditions(practices))
    yield from _inbox(practices, names, now)
    yield from _calls(practices, now)
    yield _heartbeats(now)
    yield from _subscriptions(practices, names)


def _inbox(practices: Sequence[Practice], names: Names, now: datetime) -> Iterator[Metric]:
    labels = ["practice", "vendor", "kind"]
    stored = GaugeMetricFamily(
        "kept_inbound_stored", "Messages that are stored and not processed yet.", labels=labels
    )
    parked = GaugeMetricFamily(
        "kept_inbound_parked_lately",
        "Messages received in the last 24 hours that made no sense and were put aside.",
        labels=labels,
    )
    lag = GaugeMetricFamily(
        "kept_inbox_lag_seconds",
        "How old the oldest message is that is not processed yet; 0 when there is none.",
        labels=["practice"],
    )
    lags = dict.fromkeys(names, 0.0)
    for waiting in status.inbox(practices):
        pk = waiting.practice_id
        stored.add_metric([names[pk], waiting.vendor, waiting.kind], waiting.count)
        lags[pk] = max(lags[pk], (now - waiting.oldest_at).total_seconds())
    for pk, vendor, kind, number in status.parked_lately(practices, now):
        parked.add_metric([names[pk], vendor, kind], number)
    for pk, seconds in lags.items():
        lag.add_metric([names[pk]], seconds)
    yield from (stored, parked, lag)


def _calls(practices: Sequence[Practice], now: datetime) -> Iterator[Metric]:
    requests = GaugeMetricFamily(
        "kept_vendor_requests_lately",
        "Calls to a vendor in the last 5 minutes, by what came back: a class such as 2xx, a "
        "status that needs somebody, no_answer or not_sent.",
        labels=["vendor", "answer"],
    )
    seconds = GaugeMetricFamily(
        "kept_vendor_request_lately_seconds",
        "How long the calls of the last 5 minutes took; share 1 is the longest.",
        labels=["vendor", "share"],
    )
    for vendor, calls in lately(practices, now).items():
        for answer, number in sorted(calls.answers.items()):
            requests.add_metric([vendor, answer], number)
        for share in (0.5, 0.95, 1):
            seconds.add_metric([vendor, str(share)], calls.quantile(share))
    yield from (requests, seconds)


def _heartbeats(now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "kept_heartbeat_age_seconds",
        "For how long no process of this role has said that it works.",
        labels=["role"],
    )
    latest = Heartbeat.objects.order_by().values_list("role").annotate(Max("beat_at"))
    for role, beat_at in latest:
        family.add_metric([role], (now - beat_at).total_seconds())
    return family


def _subscriptions(practices: Sequence[Practice], names: Names) -> Iterator[Metric]:
    labels = ["practice", "topic"]
    ends = GaugeMetricFamily(
        "kept_subscription_ends_timestamp_seconds",
        "When the event subscription that lasts longest ends (unix time).",
        labels=labels,
    )
    heard = GaugeMetricFamily(
        "kept_subscription_last_event_timestamp_seconds",
        "When an event of the topic last came (unix time).",
        labels=labels,
    )
    silent = GaugeMetricFamily(
        "kept_subscription_silent",
        "1 while changes are found by polling of which the subscription did not tell.",
        labels=labels,
    )
    rows = (
        EventSubscription.objects.filter(practice__in=practices)
        .order_by()
        .values_list("practice_id", "topic")
        .annotate(Max("ends_at"), Max("last_event_at"), Max("silent_since"))
    )
    for pk, topic, ends_at, last_event_at, silent_since in rows:
        key = [names[pk], topic]
        if ends_at is not None:
            ends.add_metric(key, ends_at.timestamp())
        if last_event_at is not None:
            heard.add_metric(key, last_event_at.timestamp())
        silent.add_metric(key, silent_since is not None)
    yield from (ends, heard, silent)


def _connections(conditions: Sequence[Condition]) -> Iterator[Metric]:
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
