"""What stays unclear is parked: shown, mailed once a day, and tried again by `redrive`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit.context import acting_as
from campaigns.execution.redrive import redrive
from campaigns.models import Appointment, Effect
from tests.scenarios.clinic import JSON, Clinic


def unclear_for_hours(clinic: Clinic) -> None:
    """Asked about again and again without an answer."""
    now = datetime.now(UTC)
    Effect.objects.filter(kind="enroll", status="unknown").update(
        unknown_since=now - timedelta(hours=5), next_attempt_at=now
    )
    clinic.work()


def test_parked_enrollments_are_mailed_once_a_day_and_redriven(
    clinic: Clinic, mailoutbox: list
) -> None:
    visits = [clinic.book(clinic.patient()) for _ in range(2)]
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/relatient/v1/enrollments$", times=4)
    clinic.sync()
    unclear_for_hours(clinic)
    assert set(Effect.objects.filter(kind="enroll").values_list("status", flat=True)) == {"parked"}
    assert set(Appointment.objects.values_list("coverage_code", flat=True)) == {"outcome_unknown"}
    clinic.work()
    [mail] = [mail for mail in mailoutbox if "needs a person" in mail.subject]
    assert mail.to == ["admin@example.org"] and "redrive" in mail.body
    with acting_as(process="test"):
        assert redrive(clinic.practice).by_kind == {"enroll": 2}
    clinic.work()
    for visit in visits:
        assert len(clinic.enrollments(visit)) == 1
    assert set(Appointment.objects.values_list("coverage_code", flat=True)) == {"enrolled"}


@pytest.mark.parametrize(
    ("answer", "by_staff"),
    [
        ("confirmed", {"appointmentconfirmationid": "3"}),
        ("cancelled", {"appointmentconfirmationid": "1"}),
    ],
)
def test_what_staff_changed_in_an_outage_is_not_overwritten_by_redrive(
    clinic: Clinic, answer: str, by_staff: JSON
) -> None:
    """In bulk never; a person may still try that one again."""
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(visit, answer)
    # Nobody knows whether it was written, and meanwhile staff change the visit.
    clinic.fault(kind="reset_before", method="PUT", path="(confirmationstatus|cancel)$", times=1)
    clinic.slow_retries()
    clinic.collect_and_work()
    clinic.control(f"athena/appointments/{visit}/change", by_staff)
    Effect.objects.filter(status="unknown").update(next_attempt_at=datetime.now(UTC))
    clinic.work()
    effect = Effect.objects.get(kind__in=["write_confirmation", "cancel_appointment"])
    assert (effect.status, effect.code) == ("rejected", "changed_by_others")
    with acting_as(process="test"):
        done = redrive(clinic.practice, dry_run=True), redrive(clinic.practice)
    assert [(one.by_kind.total(), one.left_out) for one in done] == [(0, 1), (0, 1)]
    clinic.sync()
    assert clinic.chart_writes(visit) == []
    chart = clinic.chart(visit)
    assert {name: str(chart[name]) for name in by_staff} == by_staff
    clinic.try_again(effect)
    clinic.sync()
    assert len(clinic.chart_writes(visit)) == 1
