"""What stays unclear is parked: shown, mailed once a day, and tried again by `redrive`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.context import acting_as
from campaigns.execution.redrive import redrive
from campaigns.models import Appointment, Effect
from tests.scenarios.clinic import Clinic


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
        assert redrive(clinic.practice) == {"enroll": 2}
    clinic.work()
    for visit in visits:
        assert len(clinic.enrollments(visit)) == 1
    assert set(Appointment.objects.values_list("coverage_code", flat=True)) == {"enrolled"}
