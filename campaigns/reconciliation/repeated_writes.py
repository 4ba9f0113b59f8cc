"""Notes and tasks that stand in the chart twice.

athenahealth knows no idempotency key: when a request that Kept has given up on comes through after
Kept looked and wrote again, the chart has the same note twice. Kept removes nothing from a chart,
so the desk is told. Only what was sent again after an unclear end can be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, EffectStatus, OutcomeKind, WorkItemKind
from campaigns.locking import lock_appointments, lock_patient
from campaigns.models import Effect, Practice, WorkItem
from campaigns.work_items import close_item, open_item

# A request that is on its way for longer was never heard of.
LOOKED_FOR = timedelta(days=2)
SENTENCES = {
    EffectKind.SCHEDULE_NOTE: (
        "The same note stands on the schedule in athenahealth more than once. Delete all but one."
    ),
    EffectKind.PATIENT_CASE: (
        "The same task stands in athenahealth more than once. Close all but one of them."
    ),
}


def suspects(practice: Practice) -> QuerySet[Effect]:
    """Notes and tasks that were written lately, after a try of which nobody knew the end; and
    those that were found twice before.
    """
    unclear = Q(tries__outcome=OutcomeKind.UNKNOWN) | Q(tries__ended_at__isnull=True)
    lately = Q(
        unclear,
        status=EffectStatus.ACCEPTED,
        attempts__gt=1,
        finished_at__gte=database_now() - LOOKED_FOR,
    )
    twice = Q(key__in=[_effect_of(item) for item in _open_items(practice)])
    rows = Effect.objects.filter(lately | twice, practice=practice, kind__in=sorted(SENTENCES))
    return rows.select_related("practice").order_by("pk").distinct()


def judge(effect: Effect, count: int) -> bool:
    """Open the item of a note or task that stands in the chart more than once, or close it;
    whether it does.
    """
    with transaction.atomic():
        assert effect.patient_id is not None and effect.appointment_id is not None
        lock_patient(effect.patient_id)
        visit = lock_appointments([effect.appointment_id])[effect.appointment_id]
        now, kind = database_now(), WorkItemKind.WRITTEN_TWICE
        if count > 1:
            sentence = SENTENCES[EffectKind(effect.kind)]
            open_item(visit, kind, sentence, now, details={"occasion": effect.key})
        else:
            for item in _open_items(effect.practice):
                if _effect_of(item) == effect.key:
                    close_item(item, now)
    return count > 1


def _open_items(practice: Practice) -> Iterator[WorkItem]:
    items = WorkItem.objects.filter(practice=practice, kind=WorkItemKind.WRITTEN_TWICE)
    yield from items.filter(closed_at__isnull=True).select_related("appointment__patient")


def _effect_of(item: WorkItem) -> str:
    return str((item.details or {}).get("occasion", ""))
