"""Two visits of one patient at the same minute: both are kept, and the desk is asked once."""

from __future__ import annotations

from campaigns.appointments.explain import explanation_of
from campaigns.appointments.page import page_of
from campaigns.clock import database_now
from campaigns.models import Appointment, WorkItem
from campaigns.work_items import close_work_item
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic


def items(visit: str) -> list[tuple[str, str]]:
    rows = WorkItem.objects.filter(appointment__external_id=visit, closed_at=None)
    return [(row.kind, row.sentence) for row in rows]


def says_so(visit: str) -> bool:
    """Whether its page and `explain` tell of the other one."""
    row = Appointment.objects.select_related("practice", "patient").get(external_id=visit)
    shown = "Booked twice" in dict(page_of(row, database_now()).facts)
    found = {one["filter"] for one in explanation_of(row)["decisions"][-1]["findings"]}
    assert shown == ("booked_twice" in found)
    return shown


def twice(clinic: Clinic, **fields: str) -> tuple[str, str]:
    """One that Kept knew first, and one that was booked beside it."""
    patient = clinic.patient()
    first = clinic.book(patient, days=5)
    clinic.sync()
    second = clinic.book(patient, days=5, providerid="72", **fields)
    clinic.sync()
    return first, second


def move(clinic: Clinic, days: int, *visits: str) -> None:
    """To another day, at once."""
    for visit in visits:
        body = {"starts_at": clinic.ahead(days)}
        clinic.control(f"athena/appointments/{visit}/change", body)
    clinic.sync()


def test_both_keep_their_reminders_until_a_person_cancels_one(clinic: Clinic) -> None:
    first, second = twice(clinic)
    assert clinic.active(first) and clinic.active(second)
    [(kind, sentence)] = items(first)
    assert kind == "booked_twice"
    assert sentence.startswith("Booked twice at ") and "is one of them a mistake?" in sentence
    assert items(second) == []
    assert says_so(first) and says_so(second)
    # The item leaves by itself, and nobody but staff has touched the chart.
    clinic.control(f"athena/appointments/{second}/cancel")
    clinic.sync()
    assert items(first) == items(second) == []
    assert clinic.active(first) and not clinic.active(second)
    assert not says_so(first)
    assert clinic.chart_writes(first) == clinic.chart_writes(second) == []


def test_the_item_leaves_when_one_is_moved_and_stays_away_when_a_person_closed_it(
    clinic: Clinic,
) -> None:
    first, second = twice(clinic)
    close_work_item(WorkItem.objects.get(kind="booked_twice"), UserFactory())
    clinic.control(f"athena/appointments/{second}/change", {"confirmation": "2"})
    clinic.sync()
    assert items(first) == items(second) == []
    # A third one is another question.
    third = clinic.book(str(clinic.chart(first)["patientid"]), days=5, providerid="73")
    clinic.sync()
    assert [kind for kind, _ in items(first)] == ["booked_twice"]
    move(clinic, 6, third)
    move(clinic, 7, second)
    assert items(first) == items(second) == items(third) == []
    assert all(clinic.active(visit) for visit in (first, second, third))


def test_two_that_move_together_and_part_and_meet_again_are_asked_about_anew(
    clinic: Clinic,
) -> None:
    first, second = twice(clinic)
    asked = WorkItem.objects.get(kind="booked_twice")
    move(clinic, 6, first, second)
    asked.refresh_from_db()
    assert asked.closed_at and [kind for kind, _ in items(first)] == ["booked_twice"]
    move(clinic, 7, second)
    assert items(first) == []
    # Nobody said that these two are both meant.
    move(clinic, 6, second)
    assert [kind for kind, _ in items(first)] == ["booked_twice"]


def test_done_holds_for_those_that_were_booked_then(clinic: Clinic) -> None:
    first, second = twice(clinic)
    close_work_item(WorkItem.objects.get(kind="booked_twice"), UserFactory())
    third = clinic.book(str(clinic.chart(first)["patientid"]), days=5, providerid="73")
    clinic.sync()
    assert [kind for kind, _ in items(first)] == ["booked_twice"]
    # Without the third one, what is left was seen to.
    move(clinic, 6, third)
    assert items(first) == items(second) == items(third) == []
    # It comes back, and Done is now about all three.
    move(clinic, 5, third)
    close_work_item(WorkItem.objects.get(kind="booked_twice", closed_at=None), UserFactory())
    clinic.control(f"athena/appointments/{second}/change", {"confirmation": "2"})
    clinic.sync()
    assert items(first) == []


def test_an_answer_that_cancels_one_asks_about_the_other(clinic: Clinic) -> None:
    first, second = twice(clinic)
    clinic.answer(second, "cancelled")
    clinic.collect_and_work()
    assert clinic.chart(second)["appointmentstatus"] == "x"
    assert clinic.chart(first)["appointmentstatus"] == "f" and clinic.active(first)
    [(kind, sentence)] = items(first)
    assert kind == "other_cancelled"
    assert sentence.endswith("Ask whether they come to this one.")
    # What the patient says of this one answers the question.
    clinic.answer(first, "confirmed")
    clinic.collect_and_work()
    assert items(first) == []


def test_a_further_resource_of_a_visit_is_no_second_visit(clinic: Clinic) -> None:
    first, second = twice(clinic, chargeentrynotrequiredreason="MULTIRESOURCE")
    assert clinic.active(first) and not clinic.active(second)
    assert items(first) == items(second) == []
    assert not says_so(first)
