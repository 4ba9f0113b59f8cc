"""Reminders through a folder of files, from the booking to the answer in the chart."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command

from campaigns.models import Appointment, Enrollment
from integrations.models import Connection, InboundMessage
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
