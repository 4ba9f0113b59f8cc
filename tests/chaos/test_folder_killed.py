"""Killed with -9 while it writes files and while it takes them: nothing lost, nothing twice.

The other tool is quick: what has come out by the time of the death is taken away at once.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from campaigns.models import Appointment
from integrations.models import InboundMessage
from tests.chaos.processes import killed_at
from tests.chaos.test_kills import leases_run_out
from tests.scenarios.clinic import Clinic
from tests.scenarios.folder_clinic import drop, went_out

# Of the files of one enrollment: the patient, the visit, two staged, the record; then two moves.
WRITING = {
    "half staged": ("before_file_written", 3),
    "staged": ("before_file_written", 4),
    "recorded": ("before_file_moved", 0),
    "half out": ("before_file_moved", 1),
}
READING = {
    "in hand": ("before_lines_stored", 0),
    "stored": ("before_file_moved", 1),
}


def taken_away(folder: Path) -> list[str]:
    """The format of each file that the other tool finds."""
    paths = list(folder.glob("out/*/*"))
    for path in paths:
        path.unlink()
    return [path.suffix for path in paths]


@pytest.mark.parametrize("stage", WRITING)
def test_killed_while_writing(folder_clinic: Clinic, folder: Path, stage: str) -> None:
    folder_clinic.sync()
    folder_clinic.book(folder_clinic.patient())
    point, after = WRITING[stage]
    killed_at(point, "sync", after=after)
    found = taken_away(folder)
    leases_run_out()
    folder_clinic.sync()
    folder_clinic.work(seconds=5)
    assert Counter(found + taken_away(folder)) == {".csv": 1, ".jsonl": 1}
    assert len(list((folder / "book" / "enrollments").iterdir())) == 1
    assert Appointment.objects.get().coverage_state == "enrolled"


@pytest.mark.parametrize("stage", READING)
def test_killed_while_reading(folder_clinic: Clinic, folder: Path, stage: str) -> None:
    visit = folder_clinic.book(folder_clinic.patient())
    folder_clinic.sync()
    enrolled = went_out(folder)[0]["enrollment_id"]
    drop(folder, "answers.csv", f"event,enrollment_id\nconfirmed,{enrolled}\nwhat,{enrolled}\n")
    point, after = READING[stage]
    killed_at(point, "sync", after=after)
    leases_run_out()
    folder_clinic.sync()
    folder_clinic.work(seconds=5)
    assert len(folder_clinic.chart_writes(visit)) == 1
    assert InboundMessage.objects.filter(kind="event", vendor="folder").count() == 2
    assert not list((folder / "in").iterdir()) and len(list((folder / "done").iterdir())) == 1
