"""Looks that failed by a fault of ours: put off, counted, and due at once where it may be mended.

The visit's row remembers it until a look succeeds. Where what the look needs could not be opened,
it remembers the keys that could not: a process with others takes the look at once, and each set of
keys is tried so only once. Any other fault waits its ten minutes, whoever comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q

from campaigns.clock import database_now
from campaigns.encryption import NAME_LENGTH, Undecryptable, name_of_keys
from campaigns.models import Appointment, Practice

AFTER_A_DEFECT = timedelta(minutes=10)
# How many sets of keys a row remembers, the latest ones.
REMEMBERED = 8
UNOPENED = (
    "Kept cannot open what is stored about these visits, so their reminders wait. Put the missing "
    "key back at the end of FIELD_ENCRYPTION_KEYS and start the process again that lacks it."
)
DEFECT = (
    "Kept could not judge these visits by a fault of its own, so their reminders wait. It tries "
    "again every ten minutes; the log says why. Tell your Kept operator."
)
ABOUT_ONE = (
    "Kept could not look at this visit again, so this may be out of date. Tell your Kept operator."
)


@dataclass(frozen=True)
class FailedLooks:
    """How many visits wait because a look failed, and at how many a key was missing."""

    count: int
    unopened: int

    @property
    def sentence(self) -> str:
        """What to do about them; nothing when there are none."""
        return (UNOPENED if self.unopened else DEFECT) if self.count else ""


def failed_looks(practices: Sequence[Practice]) -> FailedLooks:
    """Those of these practices: one query."""
    rows = Appointment.objects.filter(practice__in=practices, look_failed_at__isnull=False)
    counted = rows.aggregate(
        count=Count("pk"), unopened=Count("pk", filter=~Q(look_failed_keys=""))
    )
    return FailedLooks(**counted)


def failed_by_practice(practices: Sequence[Practice]) -> dict[int, int]:
    """How many wait in each practice (our id): one query."""
    rows = Appointment.objects.filter(practice__in=practices, look_failed_at__isnull=False)
    counted = dict(rows.order_by().values_list("practice_id").annotate(Count("pk")))
    return {practice.pk: counted.get(practice.pk, 0) for practice in practices}


def put_off(appointment_id: int, failure: Exception) -> None:
    """Put off a look that failed; who comes with other keys may take it before."""
    now = database_now()
    unopened = isinstance(failure, Undecryptable)
    with transaction.atomic():
        # Only these columns: the others may be what cannot be opened.
        row = (
            Appointment.objects.select_for_update()
            .filter(pk=appointment_id)
            .values_list("look_failed_at", "look_failed_keys")
            .first()
        )
        if row is None:
            return
        Appointment.objects.filter(pk=appointment_id).update(
            look_due_at=now + AFTER_A_DEFECT,
            look_failed_at=row[0] or now,
            look_failed_keys=_with_ours(row[1]) if unopened else "",
        )


def retry_with_our_keys(practice: Practice) -> None:
    """Make the looks due that failed where keys were missing, but not yet with those of ours."""
    now = database_now()
    waiting = Appointment.objects.filter(
        practice=practice, look_failed_at__isnull=False, look_due_at__gt=now
    ).exclude(look_failed_keys="")
    waiting = waiting.exclude(look_failed_keys__contains=name_of_keys())
    # Asked first: nothing is written, and nobody waits, in the ordinary case.
    if not waiting.exists():
        return
    with transaction.atomic():
        in_order = waiting.select_for_update().order_by("pk").values("pk")
        Appointment.objects.filter(pk__in=in_order).update(look_due_at=now)


def _with_ours(names: str) -> str:
    """The names of sets of keys, ours the last, each once."""
    known = [names[at : at + NAME_LENGTH] for at in range(0, len(names), NAME_LENGTH + 1)]
    ours = name_of_keys()
    others = [name for name in known if name != ours]
    return " ".join([*others, ours][-REMEMBERED:])
