"""Many effects tried again at once, after an outage or when what was refused has been mended."""

from __future__ import annotations

from collections import Counter

from django.db.models import QuerySet

from campaigns import doorbell
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.execution.execute import retry_effect
from campaigns.models import Effect, Practice
from campaigns.outbox.backlog import refused_and_owed

# A mail is never sent twice, so redrive leaves mails out.
KINDS = tuple(sorted(kind.value for kind in EffectKind if kind is not EffectKind.ALERT))


def stuck(practice: Practice, kind: str = "") -> QuerySet[Effect]:
    """What waits for a person: parked, or refused and still owed; of one kind or all, oldest
    first."""
    parked = Effect.objects.filter(practice=practice, status=EffectStatus.PARKED)
    waiting = parked | Effect.objects.filter(pk__in=refused_and_owed([practice]).values("pk"))
    return waiting.filter(kind__in=[kind] if kind else KINDS).order_by("pk")


def redrive(practice: Practice, kind: str = "", *, dry_run: bool = False) -> Counter[str]:
    """Try all stuck effects again, in the name of whoever acts; how many of each kind. Dry: only
    count.
    """
    found = list(stuck(practice, kind))
    if not dry_run:
        for effect in found:
            retry_effect(effect)
        if found:
            doorbell.ring()
    return Counter(effect.kind for effect in found)
