"""Many effects tried again at once, after an outage or when what was refused has been mended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet

from campaigns import doorbell
from campaigns.domain.effects import CHANGED_BY_OTHERS
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.execution.execute import retry_effect
from campaigns.models import Effect, Practice
from campaigns.outbox.backlog import refused_and_owed

# A mail is never sent twice, so redrive leaves mails out.
KINDS = tuple(sorted(kind.value for kind in EffectKind if kind is not EffectKind.ALERT))


@dataclass(frozen=True)
class Redriven:
    """How many effects of each kind are tried again, and how many are left to a person."""

    by_kind: Counter[str]
    left_out: int


def stuck(practice: Practice, kind: str = "") -> QuerySet[Effect]:
    """Effects that wait for a person: parked, or refused and still owed; of one kind or all, the
    oldest first.
    """
    parked = Effect.objects.filter(practice=practice, status=EffectStatus.PARKED)
    waiting = parked | Effect.objects.filter(pk__in=refused_and_owed([practice]).values("pk"))
    return waiting.filter(kind__in=[kind] if kind else KINDS).order_by("pk")


def in_bulk(effects: QuerySet[Effect]) -> QuerySet[Effect]:
    """The effects that may be tried again many at once.

    Those that were refused because others changed the chart are left out: trying again would
    overwrite what they changed, so a person looks at each and presses *Try again* on its page.
    """
    return effects.exclude(status=EffectStatus.REJECTED, code=CHANGED_BY_OTHERS)


def redrive(practice: Practice, kind: str = "", *, dry_run: bool = False) -> Redriven:
    """Try stuck effects again, in the name of whoever acts; with `dry_run` only count them."""
    waiting = stuck(practice, kind)
    found = list(in_bulk(waiting))
    left_out = waiting.count() - len(found)
    if not dry_run:
        for effect in found:
            retry_effect(effect)
        if found:
            doorbell.ring()
    return Redriven(Counter(effect.kind for effect in found), left_out)
