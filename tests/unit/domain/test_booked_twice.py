"""Who is asked what when two visits of one patient begin at the same minute."""

from __future__ import annotations

from datetime import timedelta

from campaigns.domain.decide import decide
from campaigns.domain.effects import WorkItemWanted
from campaigns.domain.snapshot import Sibling
from campaigns.domain.values import AppointmentStatus, Confirmation, WorkItemKind
from tests.unit.domain.snapshots import NOW, START, a_sibling, a_snapshot, an_appointment


def asked(*siblings: Sibling, **visit: object) -> list[WorkItemWanted]:
    about = {WorkItemKind.BOOKED_TWICE, WorkItemKind.OTHER_CANCELLED}
    snapshot = a_snapshot(siblings=siblings, appointment=an_appointment(**visit))
    return [item for item in decide(snapshot, NOW).work_items if item.kind in about]


def test_of_any_number_only_the_one_that_was_seen_first_asks() -> None:
    others = (a_sibling(appointment_id=9, external_id="1009"), a_sibling(appointment_id=4))
    [item] = asked(*others, id=2)
    assert item.kind is WorkItemKind.BOOKED_TWICE
    assert asked(*others, id=5) == asked(*others, id=10) == []
    # Told in another order it is the same question, and one more visit makes it another.
    assert asked(*reversed(others), id=2) == [item]
    assert asked(others[0], id=2)[0].occasion != item.occasion


def test_what_is_no_second_visit_asks_nothing() -> None:
    assert asked(a_sibling(secondary=True), id=1) == []
    assert asked(a_sibling(), id=1, secondary=True) == []
    assert asked(a_sibling(starts_at=START + timedelta(minutes=1)), id=1) == []
    assert asked(a_sibling(starts_at=None), id=1, starts_at=None, time_zone="") == []
    for status in set(AppointmentStatus) - {AppointmentStatus.SCHEDULED}:
        assert asked(a_sibling(status=status), id=1) == []
        assert asked(a_sibling(), id=1, status=status) == []
    assert asked(a_sibling(starts_at=NOW), id=1, starts_at=NOW) == []


def test_the_other_one_is_asked_about_only_where_the_patient_cancelled() -> None:
    gone = {"status": AppointmentStatus.CANCELLED, "enrolled": False}
    cancelled = a_sibling(cancelled_by_patient=True, **gone)
    # Whichever of the two Kept knew first.
    for number in (1, 9):
        [item] = asked(cancelled, id=number)
        assert item.kind is WorkItemKind.OTHER_CANCELLED
    assert asked(a_sibling(**gone), id=1) == []
    assert asked(cancelled, id=1, confirmation=Confirmation.CONFIRMED) == []
