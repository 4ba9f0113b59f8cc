"""The backfill and its dry run over real HTTP: what it says it would do is what it then does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.models import Appointment, CampaignRule, Patient
from integrations.backfill.dry_run import dry_run
from integrations.backfill.run import backfill
from integrations.models import Connection, HttpExchange, SyncKind, SyncOutcome, SyncRun
from tests.integration.command_room import answered, said
from tests.scenarios.clinic import Clinic

PREVENTIVE = "82, any, standard, any -> cmp_preventive_en"
ENHANCED = "82, any, enhanced, any -> cmp_preventive_en_high"
FOLLOW_UP = "83, any, any, any -> cmp_followup_en"
# What every call to a vendor leaves behind, whoever makes it.
LEFT_BY_CALLS = {"HttpExchange", "RequestBudget", "AccessToken"}
ITS_OWN = {"SyncRun", "AuditEvent"}
READ_PATIENT = "/v1/{practiceid}/patients/{patientid}"
READ_BOOKED = "/v1/{practiceid}/appointments/booked/multipledepartment"


class Interrupted(Exception):
    """Somebody pulled the plug."""


def hush(text: str) -> None:
    """Nobody watches."""


def a_week(weeks: int = 1) -> tuple[date, date]:
    """From today on."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=1), today + timedelta(days=7 * weeks - 2)


def dry(clinic: Clinic, weeks: int = 1, say: Callable[[str], None] = hush) -> dict[str, Any]:
    with acting_as(process="test"):
        return dry_run(clinic.practice, *a_week(weeks), say)


def real(clinic: Clinic, weeks: int = 1) -> dict[str, Any]:
    """The backfill, everything that follows from it, and how it then stands."""
    with acting_as(process="test"):
        backfill(clinic.practice, *a_week(weeks), hush)
    clinic.work()
    with acting_as(process="test"):
        return backfill(clinic.practice, *a_week(weeks), hush)


def reads(template: str) -> int:
    return HttpExchange.objects.filter(path_template=template, method="GET").count()


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but those that a dry run or any call at all may write."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model.__name__ not in LEFT_BY_CALLS | ITS_OWN
    }


def missed_a_visit(clinic: Clinic, patient: str) -> None:
    past = clinic.book(patient, days=-20)
    clinic.control(f"athena/appointments/{past}/noshow")


def a_mixed_week(clinic: Clinic) -> None:
    """A visit for nearly every reason."""
    several = clinic.patient()
    clinic.book(several)
    clinic.book(several, days=3, appointmenttypeid="83")
    often_away = clinic.patient()
    missed_a_visit(clinic, often_away)
    clinic.book(often_away)
    clinic.book(clinic.patient(), appointmenttypeid="2")
    clinic.book(clinic.patient(mobilephone=None, email=None))
    refused = {"consenttotext": False, "donotcall": True}
    clinic.book(clinic.patient(**refused, contactpreference_appointment_email=False))
    clinic.book(clinic.patient(status="inactive"))
    clinic.book(clinic.patient(), days=1 / 24)
    clinic.control(f"athena/appointments/{clinic.book(clinic.patient())}/cancel")
    with_a_nurse = clinic.patient()
    clinic.book(with_a_nurse, days=4)
    clinic.book(
        with_a_nurse,
        days=4,
        providerid="90",
        chargeentrynotrequired=True,
        chargeentrynotrequiredreason="MULTIRESOURCE",
    )


MIXED_REASONS = {
    "cancelled": 1,
    "enrolled": 4,
    "no_contact_channel": 1,
    "no_rule": 1,
    "opted_out": 1,
    "patient_inactive": 1,
    "secondary_resource": 1,
    "too_late": 1,
}


def test_it_says_what_it_would_do_by_reason_and_by_rule(clinic: Clinic) -> None:
    a_mixed_week(clinic)
    report = dry(clinic)
    assert report["by_reason"] == MIXED_REASONS
    assert report["by_rule"] == {PREVENTIVE: 2, ENHANCED: 1, FOLLOW_UP: 1}
    assert (report["seen"], report["would_enroll"], report["errors"]) == (11, 4, 0)


def test_what_it_says_is_what_the_backfill_then_does(clinic: Clinic) -> None:
    a_mixed_week(clinic)
    rehearsed = dry(clinic)
    done = real(clinic)
    assert done["by_reason"] == rehearsed["by_reason"]
    assert len(clinic.enrollments()) == rehearsed["would_enroll"]
    campaigns = Counter(row["campaign_id"] for row in clinic.enrollments())
    said_so = Counter[str]()
    for rule, visits in rehearsed["by_rule"].items():
        said_so[rule.partition(" -> ")[2]] += visits
    assert campaigns == said_so


def test_nothing_is_changed_but_its_run_and_its_trail(clinic: Clinic) -> None:
    known = clinic.book(clinic.patient())
    clinic.sync()
    clinic.control(f"athena/appointments/{known}/change", {"providerid": "72"})
    a_mixed_week(clinic)
    before, writes, state = everything(), clinic.writes(), clinic.state()
    trail = set(AuditEvent.objects.values_list("pk", flat=True))
    dry(clinic)
    assert everything() == before
    new = AuditEvent.objects.exclude(pk__in=trail)
    actions = list(new.order_by("pk").values_list("action", flat=True))
    assert actions == ["backfill_dry_run.started", "backfill_dry_run.ended"]
    assert SyncRun.objects.filter(kind=SyncKind.DRY_RUN, outcome=SyncOutcome.DONE).count() == 1
    assert clinic.writes() == writes
    assert clinic.state()["relatient"] == state["relatient"]
    assert clinic.state()["athena"]["feeds"] == state["athena"]["feeds"]


def test_what_is_enrolled_already_is_counted_and_not_enrolled_again(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    clinic.sync()
    clinic.book(clinic.patient())
    report = dry(clinic)
    assert report["by_reason"] == {"enrolled": 2}
    assert report["would_enroll"] == 1
    assert report["by_rule"] == {PREVENTIVE: 1}


def test_patients_that_kept_knows_are_not_read_again(clinic: Clinic) -> None:
    known = clinic.patient()
    clinic.book(known)
    clinic.sync()
    clinic.book(known, days=3)
    before = reads(READ_PATIENT)
    assert dry(clinic)["would_enroll"] == 1
    assert reads(READ_PATIENT) == before


def test_a_patient_that_athenahealth_refuses_to_show_is_counted_so(clinic: Clinic) -> None:
    clinic.book(clinic.patient(status="frozen"))
    clinic.book(clinic.patient())
    report = dry(clinic)
    assert report["by_reason"] == {"enrolled": 1, "vendor_rejected": 1}
    assert report["unknown"] == {"patient status frozen": 1}


def test_a_row_that_makes_no_sense_is_an_error_and_stored_nowhere(clinic: Clinic) -> None:
    odd = clinic.book(clinic.patient())
    clinic.control(f"athena/appointments/{odd}/change", {"appointmentstatus": "z"})
    before = everything()
    report = dry(clinic)
    assert (report["seen"], report["errors"], report["would_enroll"]) == (1, 1, 0)
    assert everything() == before


def interrupt_at(number: int) -> Callable[[str], None]:
    """Stop when the given patient of a window is named."""

    def say(text: str) -> None:
        if f"patient {number} of" in text:
            raise Interrupted

    return say


def test_interrupted_it_goes_on_behind_the_last_patient(clinic: Clinic) -> None:
    a_mixed_week(clinic)
    with pytest.raises(Interrupted):
        dry(clinic, say=interrupt_at(5))
    run = SyncRun.objects.get(kind=SyncKind.DRY_RUN)
    assert run.outcome == SyncOutcome.INTERRUPTED
    assert 0 < run.counts["seen"] < 11
    report = dry(clinic)
    assert report["by_reason"] == MIXED_REASONS
    assert report["seen"] == 11
    # The cancelled visit's patient need not be read at all.
    assert reads(READ_PATIENT) == 8
    assert SyncRun.objects.get(kind=SyncKind.DRY_RUN).outcome == SyncOutcome.DONE


def test_with_other_rules_an_interrupted_run_begins_anew(clinic: Clinic) -> None:
    a_mixed_week(clinic)
    with pytest.raises(Interrupted):
        dry(clinic, say=interrupt_at(5))
    CampaignRule.objects.filter(appointment_type_id="83").update(active=False)
    report = dry(clinic)
    assert report["seen"] == 11
    assert report["by_reason"]["no_rule"] == 2
    assert SyncRun.objects.filter(kind=SyncKind.DRY_RUN).count() == 2


def test_what_was_counted_yesterday_is_counted_anew(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    clinic.book(clinic.patient())
    with pytest.raises(Interrupted):
        dry(clinic, say=interrupt_at(2))
    SyncRun.objects.update(started_at=datetime.now(UTC) - timedelta(hours=25))
    assert dry(clinic)["seen"] == 2
    assert SyncRun.objects.filter(kind=SyncKind.DRY_RUN).count() == 2


def test_an_outage_is_named_and_the_next_run_goes_on(clinic: Clinic) -> None:
    for days in (2, 9, 16):
        clinic.book(clinic.patient(), days=days)
    clinic.fault(kind="status", status=503, method="GET", path="booked", skip=2, times=1)
    report = dry(clinic, weeks=3)
    assert report["seen"] == 1
    assert len(report["problems"]) == 1
    booked = reads(READ_BOOKED)
    report = dry(clinic, weeks=3)
    assert "problems" not in report
    assert report["seen"] == 3
    # Two windows were left, and two patients' past visits.
    assert reads(READ_BOOKED) == booked + 4


def test_a_short_trouble_with_one_patient_is_sat_out(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    clinic.fault(kind="status", status=503, method="GET", path="/patients/", times=2)
    assert dry(clinic)["by_reason"] == {"enrolled": 1}


def test_a_merged_patients_visit_is_judged_by_the_record_that_stays(clinic: Clinic) -> None:
    gone, stays = clinic.patient(mobilephone=None, email=None), clinic.patient()
    clinic.book(gone)
    clinic.control(f"athena/patients/{gone}/merge", {"into": stays})
    before = everything()
    assert dry(clinic)["by_reason"] == {"enrolled": 1}
    assert everything() == before
    assert Patient.objects.count() == 0


def test_a_real_backfill_that_failed_goes_on_at_the_window_it_failed_in(clinic: Clinic) -> None:
    for days in (2, 9, 16):
        clinic.book(clinic.patient(), days=days)
    clinic.fault(kind="status", status=503, method="GET", path="booked", skip=1, times=1)
    with acting_as(process="test"):
        report = backfill(clinic.practice, *a_week(3), hush)
        assert (report["seen"], len(report["problems"])) == (1, 1)
        report = backfill(clinic.practice, *a_week(3), hush)
    assert report["seen"] == 3
    assert reads(READ_BOOKED) == 4
    assert Appointment.objects.count() == 3
    assert SyncRun.objects.get(kind=SyncKind.BACKFILL).outcome == SyncOutcome.DONE


def test_the_command_answers_as_promised(clinic: Clinic) -> None:
    a_mixed_week(clinic)
    dates = [f"--{name}={day}" for name, day in zip(("from", "to"), a_week(), strict=True)]
    report, status = answered("backfill", *dates, "--dry-run")
    assert status == 0
    assert report["would_enroll"] == 4
    assert report["by_reason"] == MIXED_REASONS
    assert report["practices"][clinic.practice.external_id]["by_rule"] == report["by_rule"]
    assert "queued" not in report
    text = said("backfill", *dates, "--dry-run")
    assert "seen 11, would_enroll 4" in text
    assert "no_rule: No campaign rule covers this kind of visit" in text
    assert PREVENTIVE in text
    report, status = answered("backfill", *dates)
    assert (status, report["queued"], "would_enroll" in report) == (0, 11, False)


def test_a_dry_run_that_could_not_reach_the_vendor_needs_attention(clinic: Clinic) -> None:
    clinic.fault(kind="status", status=503, method="GET", path="booked", times=9)
    dates = [f"--{name}={day}" for name, day in zip(("from", "to"), a_week(), strict=True)]
    report, status = answered("backfill", *dates, "--dry-run")
    assert status == 1
    assert report["problems"] and report["would_enroll"] == 0


def test_who_pauses_the_connection_meanwhile_is_obeyed(clinic: Clinic) -> None:
    clinic.book(clinic.patient(), days=9)
    before = reads(READ_BOOKED)

    def pause(text: str) -> None:
        """When the second window is begun."""
        if reads(READ_BOOKED) > before:
            Connection.objects.filter(vendor="athenahealth").update(
                paused_at=datetime.now(UTC), paused_by="vera"
            )

    with acting_as(process="test"):
        report = backfill(clinic.practice, *a_week(3), pause)
    assert len(report["problems"]) == 1 and "is paused" in report["problems"][0]
    assert reads(READ_BOOKED) == before + 1
