"""What a comparison found, and what has become of the rows since."""

from __future__ import annotations

from collections import Counter
from typing import Any

from campaigns.enrollments import rereads
from campaigns.reconciliation import appointments
from campaigns.reconciliation.enrollments import Found
from integrations.models import InboundKind, InboundMessage, InboundStatus
from integrations.reconcile.progress import Round

VISITS_NOT_LISTED = "visits_not_listed"
ENROLLMENTS_NOT_LISTED = "enrollments_not_listed"
WRITTEN_TWICE = "written_twice"
# Our rows of these kinds are read again, or ended, by the looks that follow.
DOUBTED = (Found.CHANGED.value, ENROLLMENTS_NOT_LISTED)
ADOPTED = (Found.TAKEN_OVER.value, Found.SECOND.value)
# Enrollments that the lost database had made at Relatient.
SINCE_BACKUP = Found.SINCE_BACKUP.value
NOTHING: dict[str, Any] = {
    "checked": 0,
    "drift": 0,
    "repaired": 0,
    "by_hand": 0,
    "written_twice": 0,
    "errors": 0,
    "found": {},
}


def report(round_: Round) -> dict[str, Any]:
    """The counts, as they stand at present.

    checked: visits and enrollments compared. drift: how many differed; `found` says in what way.
    repaired: how many of those differ no more. by_hand: enrollments made or ended at Relatient by
    somebody else. written_twice: notes and tasks that stand in the chart twice. errors: rows that
    made no sense.
    """
    pages = _pages(round_)
    found = _found(round_, pages)
    drift = sum(found.values())
    return {
        "checked": pages["seen"] + round_.listed,
        "drift": drift,
        "repaired": drift - _open(round_),
        "by_hand": _by_hand(round_),
        "written_twice": len(round_.found(WRITTEN_TWICE)),
        "errors": pages["errors"],
        "found": {what: count for what, count in found.items() if count},
    }


def is_settled(round_: Round) -> bool:
    """Whether everything that the comparison found is taken in and read again."""
    stored = InboundMessage.objects.filter(sync_run=round_.run, status=InboundStatus.STORED)
    return not stored.exists() and _open(round_) == len(round_.found(Found.UNKNOWN_VISIT.value))


def _pages(round_: Round) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in InboundMessage.objects.filter(
        sync_run=round_.run, kind=InboundKind.APPOINTMENTS_PAGE
    ).values_list("counts", flat=True):
        total.update(counts)
    return total


def _found(round_: Round, pages: Counter[str]) -> dict[str, int]:
    kinds = (VISITS_NOT_LISTED, *DOUBTED, *ADOPTED, SINCE_BACKUP, Found.UNKNOWN_VISIT.value)
    return {
        "visits_missed": pages["new"],
        "visits_changed": pages["changed"],
        **{kind: len(round_.found(kind)) for kind in kinds},
    }


def _rows(round_: Round, *kinds: str) -> list[int]:
    return [int(row) for kind in kinds for row in round_.found(kind)]


def _open(round_: Round) -> int:
    """The rows that still differ: to be read again, to be ended, or unknown to athenahealth."""
    return (
        appointments.still_open(_rows(round_, VISITS_NOT_LISTED))
        + rereads.still_open(_rows(round_, *DOUBTED, *ADOPTED, SINCE_BACKUP))
        + len(round_.found(Found.UNKNOWN_VISIT.value))
    )


def _by_hand(round_: Round) -> int:
    made = len(_rows(round_, *ADOPTED))
    restored = round_.lost_since is not None
    return made + rereads.ended_elsewhere(_rows(round_, *DOUBTED), only_work=restored)
