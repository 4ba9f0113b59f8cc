"""Reminders through a folder of files, from the booking to the answer in the chart."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from audit.context import acting_as
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.mapping.rule_changes import apply_rules
from campaigns.models import Appointment, CampaignRule, Enrollment, Practice
from integrations.health.status import conditions
from integrations.models import Connection, InboundMessage
from integrations.operations.put_in_force import StillInUse, put_in_force
from integrations.setup.bootstrap import bootstrap
from tests.integration.command_room import answered
from tests.scenarios.clinic import Clinic
from tests.scenarios.folder_clinic import drop, went_out


def test_from_the_booking_to_the_chart_and_back(folder_clinic: Clinic, folder: Path) -> None:
    """Enrolled, confirmed, cancelled by the patient; and nothing while it is paused."""
    keeps, cancels = [folder_clinic.book(folder_clinic.patient()) for _ in range(2)]
    call_command("pause", "folder", verbosity=0)
    folder_clinic.sync()
    assert went_out(folder) == []
    call_command("resume", "folder", verbosity=0)
    folder_clinic.sync()
    enrolled = {row["appointment_id"]: row["enrollment_id"] for row in went_out(folder)}
    assert set(enrolled) == {keeps, cancels}
    assert set(Appointment.objects.values_list("coverage_state", flat=True)) == {"enrolled"}
    assert folder_clinic.enrollments() == []
    drop(folder, "monday.csv", f"event,enrollment_id\nconfirmed,{enrolled[keeps]}\nwhat\n")
    drop(folder, "x.jsonl", f'{{"event": "cancelled", "enrollment_id": "{enrolled[cancels]}"}}\n')
    folder_clinic.sync()
    assert folder_clinic.chart(keeps)["appointmentconfirmationname"]
    assert folder_clinic.chart(cancels)["appointmentstatus"] == "x"
    assert [len(folder_clinic.chart_writes(visit)) for visit in (keeps, cancels)] == [1, 1]
    assert "Line 3" in InboundMessage.objects.get(status="parked").problem
    ended = [row for row in went_out(folder) if row["change"] == "cancel"]
    assert [(row["appointment_id"], row["reason"]) for row in ended] == [
        (cancels, "appointment_cancelled")
    ]
    assert Enrollment.objects.get(appointment__external_id=cancels).status == "cancelled"
    # A record of the book is lost, as after a restore: the comparison finds it.
    (folder / "book" / "enrollments" / f"{enrolled[keeps]}.json").unlink()
    report, _ = answered("reconcile")
    assert report["found"] == {"enrollments_not_listed": 1}
    assert Enrollment.objects.filter(ended_elsewhere=True).count() == 1


def test_a_folder_that_others_can_read_is_refused_and_says_so(
    folder_clinic: Clinic, folder: Path
) -> None:
    folder.chmod(0o755)
    visit = folder_clinic.book(folder_clinic.patient())
    report = folder_clinic.sync()
    assert any("chmod 700" in problem for problem in report["problems"])
    assert went_out(folder) == []
    folder.chmod(0o700)
    folder_clinic.work(seconds=5)
    assert [row["appointment_id"] for row in went_out(folder)] == [visit]
    assert Connection.objects.get(vendor="folder").folder == str(folder)


def test_relatient_is_put_in_force_once_nothing_is_open_in_the_folder(
    folder_clinic: Clinic, folder: Path, settings
) -> None:
    visit = folder_clinic.book(folder_clinic.patient())
    folder_clinic.sync()
    settings.KEPT_SEED = {**settings.KEPT_SEED, "ENGAGEMENT_VENDOR": "relatient"}
    with acting_as(process="test"):
        assert bootstrap()["connections"]["relatient"]["in_force"].startswith("no;")
        relatient = Connection.objects.get(vendor="relatient")
        call_command("pause", "folder", verbosity=0)
        with pytest.raises(StillInUse, match="still have reminders at Folder"):
            put_in_force(relatient)
        call_command("resume", "folder", verbosity=0)
        Practice.objects.update(hold_share=1)
        apply_rules(folder_clinic.practice, [], replace=True, include_messaged=True)
        folder_clinic.sync()
        call_command("pause", "folder", verbosity=0)
        put_in_force(relatient)
        CampaignRule.objects.update(active=True)
        schedule_upcoming_looks(folder_clinic.practice)
    assert folder_clinic.practice.engagement_vendor == "relatient"
    # The folder stays paused, and nobody is told of that.
    told = conditions([folder_clinic.practice])
    assert [one.connection.vendor for one in told] == ["athenahealth", "relatient"]
    folder_clinic.sync()
    folder_clinic.work(seconds=5)
    assert len(folder_clinic.active(visit)) == 1
    assert [row["change"] for row in went_out(folder)] == ["enroll", "cancel"]
