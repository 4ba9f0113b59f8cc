"""Reports: counts with their n, and nothing said of reminders that the numbers do not carry."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.domain.coverage import Code
from campaigns.domain.values import EnrollmentStatus, ReplyKind, ReplyOutcome
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    AppointmentType,
    Enrollment,
    Practice,
)
from campaigns.reports.lead_times import FEWEST, compared
from campaigns.reports.outcomes import by_type
from campaigns.reports.recovered_slots import recovered
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/reports/"
CODES = {
    "completed": Code.COMPLETED,
    "checked_in": Code.CHECKED_IN,
    "no_show": Code.NO_SHOW,
    "cancelled": Code.CANCELLED,
    "rescheduled": Code.RESCHEDULED,
    "scheduled": Code.OUTCOME_NOT_RECORDED,
}


@pytest.fixture
def practice() -> Practice:
    made = PracticeFactory(name="Lakeside Family Medicine")
    AppointmentTypeFactory(practice=made, visit_value=Decimal("180"))
    return made


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice]))
    return client


def past(practice: Practice, status: str, lead_days: float = 10, **columns: Any) -> Appointment:
    starts = columns.pop("starts_at", timezone.now() - timedelta(days=5))
    reminded = columns.pop("reminded", False)
    row = AppointmentFactory(
        practice=practice,
        starts_at=starts,
        status=status,
        code=CODES[status],
        **{"scheduled_at": starts - timedelta(days=lead_days), **columns},
    )
    if reminded:
        Enrollment.objects.create(
            practice=practice,
            appointment=row,
            patient=row.patient,
            generation=1,
            campaign="cmp",
            vendor_id=f"enr_{row.pk}",
            lead_channel="sms",
            status=EnrollmentStatus.COMPLETED,
            starts_at=starts,
            created_at=starts,
        )
    return row


def test_every_visit_of_a_type_is_accounted_for(ops: Client, practice: Practice) -> None:
    for status in CODES:
        past(practice, status, reminded=status == "completed")
    past(practice, "completed", confirmation="confirmed")
    AppointmentFactory(
        practice=practice,
        starts_at=timezone.now() - timedelta(days=5),
        status="not_found",
        code=Code.NOT_FOUND,
    )
    past(practice, "completed", type_external_id="91", type_name="Nutrition")
    past(practice, "completed", starts_at=timezone.now() - timedelta(days=60))
    physicals, nutrition = by_type(practice, 8, timezone.now())
    assert (physicals.visits, physicals.enrolled, physicals.confirmed) == (7, 1, 1)
    assert (physicals.kept, physicals.no_show, physicals.cancelled, physicals.open) == (3, 1, 2, 1)
    assert (physicals.missed.percent, physicals.missed.n) == (25.0, 4)
    assert nutrition.visits == 1
    page = ops.get(PAGE).content.decode()
    assert "25.0%" in page
    assert "n = 4" in page
    assert "All types" in page


def test_reminders_are_compared_only_within_a_band(ops: Client, practice: Practice) -> None:
    patient = PatientFactory(practice=practice)
    for n in range(FEWEST):
        missed = "no_show" if n < 6 else "completed"
        past(practice, missed, 5, patient=patient)
        past(practice, "no_show" if n < 3 else "checked_in", 5, patient=patient, reminded=True)
    # Booked on the day itself and kept: over all visits they would make reminders look harmful.
    for _ in range(9):
        past(practice, "completed", 0.2, patient=patient)
    past(practice, "no_show", scheduled_at=None, patient=patient)
    past(practice, "cancelled", 5, patient=patient)
    past(practice, "completed", 40, patient=patient)
    found = compared(practice, 8, timezone.now())
    bands = {band.words: band for band in found.bands}
    week = bands["3 to 7 days"]
    assert (week.reminded.percent, week.others.percent) == (10.0, 20.0)
    assert (week.reminded.n, week.others.n) == (FEWEST, FEWEST)
    assert (found.short, found.unknown) == (9, 1)
    assert bands["29 days or more"].others.n == 1
    assert not bands["29 days or more"].comparable
    page = ops.get(PAGE).content.decode()
    assert "too few to compare" in page
    assert "left out (9)" in page


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 to 2 days"), (2.9, "1 to 2 days"), (3, "3 to 7 days"), (8, "8 to 14 days")]
    + [(15, "15 to 28 days"), (28.9, "15 to 28 days"), (29, "29 days or more")],
)
def test_where_a_band_begins(practice: Practice, days: float, words: str) -> None:
    past(practice, "completed", days)
    (band,) = (band for band in compared(practice, 8, timezone.now()).bands if band.others.n)
    assert band.words == words


SLOT = timezone.now().replace(microsecond=0) - timedelta(days=5)
FREED = SLOT - timedelta(days=3)


def freed(practice: Practice, outcome: str = ReplyOutcome.APPLIED) -> Appointment:
    row = past(practice, "cancelled", starts_at=SLOT)
    settled = {"settled_at": FREED} if outcome != ReplyOutcome.PENDING else {}
    ResponseFactory(
        appointment=row, kind=ReplyKind.CANCELLED, outcome=outcome, occurred_at=FREED, **settled
    )
    return row


def booked(practice: Practice, at: datetime, **columns: Any) -> Appointment:
    status = columns.pop("status", "completed")
    return past(practice, status, **{"starts_at": SLOT, "scheduled_at": at, **columns})


def test_a_slot_that_was_filled_and_kept_is_worth_its_value(
    ops: Client, practice: Practice
) -> None:
    freed(practice)
    booked(practice, FREED + timedelta(hours=1))
    (row,) = recovered(practice, 8, timezone.now())
    assert (row.slots, row.revenue) == (1, Decimal("180"))
    page = ops.get(PAGE).content.decode()
    assert "Together: <b>$180.00</b>" in page
    assert "slots × the value" in page


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "no_show"},
        {"scheduled_at": FREED - timedelta(hours=1)},
        {"starts_at": SLOT + timedelta(minutes=30)},
        {"provider_external_ids": ["72"]},
        {"department_external_id": "2"},
        {"scheduled_at": None},
    ],
    ids=["missed", "booked before", "other time", "other provider", "elsewhere", "unknown"],
)
def test_anything_less_is_not_recovered(practice: Practice, columns: dict[str, Any]) -> None:
    freed(practice)
    booked(practice, FREED + timedelta(hours=1), **columns)
    assert recovered(practice, 8, timezone.now()) == []


def test_the_same_patient_back_in_the_slot_is_not_recovered(practice: Practice) -> None:
    row = freed(practice)
    booked(practice, FREED + timedelta(hours=1), patient=row.patient)
    assert recovered(practice, 8, timezone.now()) == []


def test_a_cancellation_that_never_reached_the_chart_frees_nothing(practice: Practice) -> None:
    freed(practice, ReplyOutcome.FOR_STAFF)
    booked(practice, FREED + timedelta(hours=1))
    assert recovered(practice, 8, timezone.now()) == []


def test_a_type_without_a_value_is_counted_and_not_guessed(ops: Client, practice: Practice) -> None:
    AppointmentType.objects.update(visit_value=None)
    freed(practice)
    booked(practice, FREED + timedelta(hours=1))
    (row,) = recovered(practice, 8, timezone.now())
    assert (row.slots, row.revenue) == (1, None)
    page = ops.get(PAGE).content.decode()
    assert "not set" in page
    assert "Set the value of a visit" in page


def test_what_cannot_be_compared_is_not(ops: Client, practice: Practice) -> None:
    past(practice, "completed", scheduled_at=None)
    assert "Nothing to compare yet" in ops.get(PAGE).content.decode()


def test_nothing_yet(ops: Client) -> None:
    assert "No visits in the last 4 weeks" in ops.get(PAGE, {"weeks": 4}).content.decode()
    assert ops.get(PAGE, {"weeks": "x"}).context["weeks"] == 8


@pytest.mark.parametrize(
    ("role", "status"), [(CLINICAL_OPS, 200), (ADMINS, 200), (FRONT_DESK, 403), (None, 302)]
)
def test_reports_are_for_clinical_ops_and_admins(
    client: Client, practice: Practice, role: str | None, status: int
) -> None:
    if role:
        client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get(PAGE).status_code == status


def test_another_practice_is_not_counted_nor_found(ops: Client, practice: Practice) -> None:
    elsewhere = PracticeFactory()
    past(elsewhere, "no_show")
    assert not ops.get(PAGE).context["kinds"]
    assert ops.get(PAGE, {"practice": elsewhere.pk}).status_code == 404


def test_a_thousand_visits_take_as_many_queries_as_ten(ops: Client, practice: Practice) -> None:
    freed(practice)
    first = booked(practice, FREED + timedelta(hours=1))
    template = {
        field.attname: getattr(first, field.attname)
        for field in Appointment._meta.concrete_fields
        if not field.primary_key
    }

    def asked(number: int) -> int:
        Appointment.objects.bulk_create(
            (
                Appointment(
                    **{
                        **template,
                        "external_id": f"m{number}-{n}",
                        "type_external_id": str(n % 7),
                        "scheduled_at": SLOT - timedelta(days=n % 40),
                    }
                )
                for n in range(number)
            ),
            batch_size=500,
        )
        with CaptureQueriesContext(connection) as queries:
            assert ops.get(PAGE).status_code == 200
        return len(queries)

    assert asked(10) == asked(1_000)
