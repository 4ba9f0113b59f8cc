"""What stays unclear is parked: shown, mailed once a day, and tried again by `redrive`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.execution.redrive import redrive
from campaigns.models import Appointment, Effect, WorkItem
from integrations.athenahealth import translate as athena
from integrations.models import InboundMessage
from tests.integration.command_room import answered
from tests.scenarios.clinic import JSON, Clinic


def unclear_for_hours(clinic: Clinic, kind: str = "enroll") -> None:
    """Asked about again and again without an answer."""
    now = datetime.now(UTC)
    Effect.objects.filter(kind=kind, status="unknown").update(
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


def redriven(*options: str) -> JSON:
    """What the command answers."""
    told = StringIO()
    call_command("redrive", "--json", *options, stdout=told)
    return json.loads(told.getvalue())


def test_messages_that_made_no_sense_are_taken_in_once_kept_understands_them(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted apart from effects; what still makes no sense is parked again."""
    unclear = clinic.book(clinic.patient())
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/relatient/v1/enrollments$", times=2)
    clinic.sync()
    unclear_for_hours(clinic)
    odd, hopeless = clinic.book(clinic.patient()), clinic.book(clinic.patient())
    understood = athena.appointment

    def defective(*visits: str) -> Callable[[JSON], object]:
        def read(row: JSON) -> object:
            if str(row["appointmentid"]) in visits:
                raise ZeroDivisionError
            return understood(row)

        return read

    monkeypatch.setattr(athena, "appointment", defective(odd, hopeless))
    clinic.sync()
    monkeypatch.setattr(athena, "appointment", defective(hopeless))
    parked = InboundMessage.objects.filter(status="parked")
    assert parked.count() == 2
    told = redriven("--dry-run")
    assert (told["effects"], told["messages"], told["requeued"]) == (1, 2, 3)
    told = redriven("--kind", "effects", "--dry-run")
    assert (told["effects"], told["messages"]) == (1, 0)
    told = redriven("--kind", "messages")
    assert (told["effects"], told["messages"]) == (0, 2)
    clinic.work(seconds=2)
    assert len(clinic.active(odd)) == 1
    assert [row.kind for row in parked] == ["row"] and not clinic.active(hopeless)
    assert Effect.objects.get(status="parked").appointment.external_id == unclear
    assert AuditEvent.objects.get(action="messages.redriven").detail == {"count": 2}


@pytest.mark.parametrize("fault", ["unclear", "refused"])
def test_reminders_that_could_not_be_ended_are_on_the_work_list_until_they_are(
    clinic: Clinic, fault: str
) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.slow_retries()
    clinic.control(f"athena/appointments/{visit}/cancel")
    if fault == "refused":
        clinic.refuse("POST", "/relatient/v1/enrollments/.*/cancel$", 422, "validation_failed")
        clinic.sync()
    else:
        clinic.fault(kind="reset_before", method="POST", path="/cancel$", times=2)
        clinic.sync()
        unclear_for_hours(clinic, "cancel_enrollment")
        clinic.work()
    items = WorkItem.objects.filter(kind="reminders_not_ended", closed_at=None)
    assert "Call the patient" in items.get().sentence
    clinic.work()
    assert items.count() == 1 and len(clinic.active(visit)) == 1
    redriven()
    clinic.work(seconds=2)
    assert clinic.active(visit) == [] and not items.exists()


def test_reminders_that_had_ended_after_all_leave_the_work_list_with_the_next_reconcile(
    clinic: Clinic,
) -> None:
    """Only Relatient's answer was lost; nobody has to redrive for that."""
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.slow_retries()
    clinic.control(f"athena/appointments/{visit}/cancel")
    clinic.fault(kind="reset_after", method="POST", path="/cancel$", times=2)
    clinic.sync()
    unclear_for_hours(clinic, "cancel_enrollment")
    clinic.work()
    assert clinic.active(visit) == []
    items = WorkItem.objects.filter(kind="reminders_not_ended", closed_at=None)
    assert items.count() == 1
    answered("reconcile")
    clinic.work()
    assert not items.exists()
    assert Effect.objects.get(kind="cancel_enrollment").status == "accepted"
