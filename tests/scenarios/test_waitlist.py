"""A slot that a patient's cancellation opened, and who waits for one like it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import time_machine

from audit.models import AuditEvent
from campaigns.models import ChartCancelReason, Practice, WorkItem
from campaigns.work_items import close_work_item
from integrations.models import HttpExchange
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic

WAITLIST = "/v1/{practiceid}/appointments/waitlist"
# Sunday is 1 there.
ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


def waits(clinic: Clinic, **fields: Any) -> str:
    """Somebody waits for an earlier visit; the patient's number."""
    patient = clinic.patient()
    clinic.control("athena/waitlist", {"patientid": patient, **fields})
    return patient


def cancelled(clinic: Clinic, **fields: Any) -> str:
    """A visit of which the patient says that they cannot come."""
    appointment = clinic.book(clinic.patient(), days=3, **fields)
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    return appointment


def opened(appointment: str) -> WorkItem:
    return WorkItem.objects.get(kind="open_slot", appointment__external_id=appointment)


def listed(appointment: str) -> list[str] | None:
    details = opened(appointment).details
    return None if details is None else [entry["patient"] for entry in details]


def reads() -> int:
    return HttpExchange.objects.filter(path_template=WAITLIST).count()


def test_whom_the_slot_suits_is_listed_the_urgent_first(clinic: Clinic) -> None:
    low = waits(clinic, priority="LOW")
    other_type = waits(clinic, appointmenttypeid=83)
    high = waits(
        clinic, priority="HIGH", appointmenttypeid=82, providerid=71, dayofweekids=ALL_DAYS
    )
    other_place = waits(clinic, departmentid=62)
    any_place = waits(clinic, departmentid=62, allowanydepartment=True, hourfrom=0, hourto=23)
    appointment = cancelled(clinic)
    clinic.sync()
    assert listed(appointment) == [high, any_place, low]
    assert {other_type, other_place}.isdisjoint(listed(appointment) or [])
    assert opened(appointment).closed_at is None


def test_weekday_and_hours_are_those_of_the_department(clinic: Clinic) -> None:
    patient = clinic.patient()
    appointment = clinic.book(patient, days=3, departmentid="102")
    clinic.sync()
    local = clinic.chart(appointment)
    hour = int(local["starttime"][:2])
    month, day, year = (int(part) for part in local["date"].split("/"))
    there = date(year, month, day).isoweekday() % 7 + 1
    fits = waits(clinic, departmentid=102, dayofweekids=[there], hourfrom=hour, hourto=hour)
    waits(clinic, departmentid=102, dayofweekids=[there % 7 + 1])
    waits(clinic, departmentid=102, hourfrom=hour + 1)
    clinic.answer(appointment, "cancelled")
    clinic.sync()
    assert listed(appointment) == [fits]


def test_whoever_cancelled_is_not_called_about_their_own_slot(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.control("athena/waitlist", {"patientid": patient})
    appointment = clinic.book(patient, days=3)
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    clinic.sync()
    assert listed(appointment) == []


def test_the_waitlist_is_read_once(clinic: Clinic) -> None:
    waits(clinic)
    appointment = cancelled(clinic)
    for _ in range(3):
        clinic.sync()
    assert reads() == 1
    assert len(clinic.waitlist_messages()) == 1
    assert len(listed(appointment) or []) == 1


def test_what_the_desk_has_dealt_with_stays_off_its_list(clinic: Clinic) -> None:
    appointment = cancelled(clinic)
    clinic.sync()
    assert close_work_item(opened(appointment), UserFactory())
    clinic.control(f"athena/appointments/{appointment}/change", {"copay": 10})
    clinic.sync()
    assert opened(appointment).closed_at is not None


def test_it_leaves_the_list_when_it_is_too_late_to_offer_it(clinic: Clinic, settings) -> None:
    settings.KEPT_CLOCK = "process"
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=True) as traveller:
        appointment = cancelled(clinic)
        clinic.sync()
        traveller.move_to(now + timedelta(days=2))
        clinic.sync()
        assert opened(appointment).closed_at is None
        traveller.move_to(now + timedelta(days=3))
        clinic.sync()
        assert opened(appointment).closed_at is not None


def test_a_waitlist_that_is_read_too_late_opens_nothing_again(clinic: Clinic) -> None:
    waits(clinic)
    clinic.fault(kind="status", status=500, path="appointments/waitlist")
    Practice.objects.update(retry_base_seconds=600, retry_minutes=600)
    appointment = cancelled(clinic)
    clinic.sync()
    assert listed(appointment) is None
    assert close_work_item(opened(appointment), UserFactory())
    [effect] = opened(appointment).appointment.effects.filter(purpose="waitlist")
    clinic.try_again(effect)
    clinic.sync()
    assert opened(appointment).closed_at is not None


def test_without_permission_the_desk_still_has_the_slot(clinic: Clinic) -> None:
    body = json.dumps({"error": "Access denied"})
    clinic.fault(kind="status", status=403, path="appointments/waitlist", body=body)
    appointment = cancelled(clinic)
    clinic.sync()
    clinic.sync()
    assert clinic.chart(appointment)["appointmentstatus"] == "x"
    assert listed(appointment) is None
    assert len(clinic.waitlist_messages()) == 1
    assert reads() == 1


def test_a_reason_that_keeps_the_slot_opens_nothing(clinic: Clinic) -> None:
    waits(clinic)
    ChartCancelReason.objects.update(frees_slot=False)
    cancelled(clinic)
    clinic.sync()
    assert not WorkItem.objects.filter(kind="open_slot").exists()
    assert reads() == 0
    assert clinic.waitlist_messages() == []


def test_a_cancellation_by_staff_is_their_own_business(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=3)
    clinic.sync()
    clinic.control(f"athena/appointments/{appointment}/cancel")
    clinic.sync()
    assert not WorkItem.objects.filter(kind="open_slot").exists()
    assert reads() == 0


def test_no_number_for_texts_does_not_keep_the_slot_from_the_desk(clinic: Clinic) -> None:
    Practice.objects.update(waitlist_phone="")
    patient = waits(clinic)
    appointment = cancelled(clinic)
    clinic.sync()
    assert clinic.waitlist_messages() == []
    assert listed(appointment) == [patient]


def test_the_audit_counts_and_names_nobody(clinic: Clinic) -> None:
    patient = waits(clinic, note="Afraid of needles")
    cancelled(clinic)
    clinic.sync()
    event = AuditEvent.objects.get(action="waitlist.read")
    assert event.detail == {"waiting": 1, "fitting": 1}
    assert "needles" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert patient not in str(event.detail)
