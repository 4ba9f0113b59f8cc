"""What /metrics tells of visits, looks and effects; settings.METRICS_COLLECTORS names `collect`.

Numbers and codes only: a patient, a visit or a sentence never becomes a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric

from campaigns.clock import database_now
from campaigns.decisions.failed_looks import failed_by_practice
from campaigns.models import Practice
from campaigns.outbox import backlog

Names = dict[int, str]


def collect() -> Iterator[Metric]:
    """Every number of the active practices: nine queries, however many visits there are."""
    practices = list(Practice.objects.filter(active=True).order_by("pk"))
    names = {practice.pk: practice.external_id for practice in practices}
    yield from _due(practices, names)
    yield _put_off(practices, names)
    yield _effects(practices, names)
    yield _coverage(practices, names)
    yield _work_items(practices, names)


def _due(practices: Sequence[Practice], names: Names) -> Iterator[Metric]:
    now = database_now()
    for what, found in (
        ("look", backlog.looks_due(practices, now)),
        ("effect", backlog.effects_due(practices, now)),
    ):
        number = GaugeMetricFamily(
            f"kept_{what}s_due", f"{what.title()}s that are due now.", labels=["practice"]
        )
        age = GaugeMetricFamily(
            f"kept_oldest_due_{what}_age_seconds",
            f"For how long the oldest due {what} has been due; 0 when none is.",
            labels=["practice"],
        )
        for pk, due in found.items():
            number.add_metric([names[pk]], due.count)
            age.add_metric([names[pk]], due.oldest_seconds)
        yield number
        yield age


def _put_off(practices: Sequence[Practice], names: Names) -> Metric:
    family = GaugeMetricFamily(
        "kept_looks_put_off",
        "Visits that wait because a look at them failed; /readyz says why.",
        labels=["practice"],
    )
    for pk, number in failed_by_practice(practices).items():
        family.add_metric([names[pk]], number)
    return family


def _effects(practices: Sequence[Practice], names: Names) -> Metric:
    family = GaugeMetricFamily(
        "kept_effects",
        "Effects that have not ended, and refused ones that a person still has to see to.",
        labels=["practice", "kind", "status"],
    )
    for pk, kind, status, number in backlog.effects_standing(practices):
        family.add_metric([names[pk], kind, status], number)
    refused = backlog.refused_and_owed(practices).order_by().values_list("practice_id", "kind")
    for pk, kind, number in refused.annotate(Count("pk", distinct=True)):
        family.add_metric([names[pk], kind, "rejected"], number)
    return family


def _coverage(practices: Sequence[Practice], names: Names) -> Metric:
    family = GaugeMetricFamily(
        "kept_coverage",
        "Visits by coverage state and code; closed ones are not counted.",
        labels=["practice", "state", "code"],
    )
    for pk, state, code, number in backlog.coverage(practices):
        family.add_metric([names[pk], state, code], number)
    return family


def _work_items(practices: Sequence[Practice], names: Names) -> Metric:
    family = GaugeMetricFamily(
        "kept_work_items_open", "Work items that nobody has closed.", labels=["practice", "kind"]
    )
    for pk, kind, number in backlog.open_items(practices):
        family.add_metric([names[pk], kind], number)
    return family
