"""A write is performed, or not, and nobody hears of it; then the world goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from campaigns.models import WorkItem
from integrations.athenahealth.gateway import AthenaGateway
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import cancelled, enrolled, moved, rerouted, settled
from tests.scenarios.clinic import Clinic

ENROLL = "/enrollments$"
CONFIRMATION = "/confirmationstatus$"
BY_STAFF = "3"


def lost_enroll(clinic: Clinic, change: Callable[[Clinic, str], None]) -> list[str]:
    """The enrollment is made, its answer lost; before the repeat the visit changes."""
    visit = clinic.book(clinic.patient(), days=3)
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path=ENROLL)
    clinic.sync()
    assert len(clinic.enrollments(visit)) == 1
    change(clinic, visit)
    clinic.poll_and_work()
    settled(clinic)
    return verdicts.against(clinic)


def lost_enroll_then_moved(clinic: Clinic) -> list[str]:
    """Then it is updated and told."""
    return lost_enroll(clinic, lambda clinic, visit: moved(clinic, visit, days=5))


def lost_enroll_then_rerouted(clinic: Clinic) -> list[str]:
    """Then it is ended, and another begun."""
    return lost_enroll(clinic, rerouted)


def lost_enroll_then_cancelled(clinic: Clinic) -> list[str]:
    """Then it is ended."""
    return lost_enroll(clinic, cancelled)


def lost_note(clinic: Clinic) -> list[str]:
    """A wish for another time is noted, the answer lost: it is noted once."""
    visit = enrolled(clinic)
    clinic.answer(visit, "reschedule_requested")
    clinic.fault(kind="reset_after", method="POST", path="/notes$")
    clinic.collect_and_work()
    settled(clinic)
    return verdicts.against(clinic)


def lost_case(clinic: Clinic) -> list[str]:
    """The desk's task is opened, the answer lost: it is opened once."""
    clinic.fault(kind="reset_after", method="POST", path="/patientcase$")
    clinic.book(clinic.patient(mobilephone=None, email=None))
    clinic.sync()
    settled(clinic)
    return verdicts.against(clinic)


def staff_between_read_and_write(clinic: Clinic, fault: str) -> list[str]:
    """Kept has read the visit; staff move it; Kept's confirmation arrives, or not, unanswered."""
    visit = enrolled(clinic)
    clinic.answer(visit, "confirmed")
    clinic.slow_retries()
    clinic.fault(kind=fault, path=CONFIRMATION, method="PUT")
    write = AthenaGateway.write_confirmation

    def meanwhile(self: AthenaGateway, *arguments: Any) -> None:
        moved(clinic, visit, days=5)
        write(self, *arguments)

    with mock.patch.object(AthenaGateway, "write_confirmation", meanwhile):
        clinic.collect_and_work()
    settled(clinic)
    return verdicts.against(clinic)


def written_unheard_of_while_staff_move_it(clinic: Clinic) -> list[str]:
    """The write is done: it is found, and not done again."""
    return staff_between_read_and_write(clinic, "reset_after")


def not_written_while_staff_move_it(clinic: Clinic) -> list[str]:
    """The write is not done: the visit is another one now, so it is not done later either."""
    found = staff_between_read_and_write(clinic, "reset_before")
    return found + [
        f"an answer about the old time was written: {write['path']}"
        for write in clinic.writes()
        if write["vendor"] == "athenahealth" and write["path"].endswith("confirmationstatus")
    ]


def staff_after_a_lost_write(clinic: Clinic) -> list[str]:
    """Written, the answer lost, then staff set something else: theirs stays, and the desk knows."""
    visit = enrolled(clinic)
    clinic.answer(visit, "confirmed")
    clinic.slow_retries()
    clinic.fault(kind="reset_after", path=CONFIRMATION, method="PUT")
    clinic.collect_and_work()
    clinic.control(f"athena/appointments/{visit}/change", {"confirmation": BY_STAFF})
    settled(clinic)
    shown = clinic.chart(visit)["appointmentconfirmationid"]
    found = verdicts.against(clinic)
    if str(shown) != BY_STAFF:
        found.append("what staff set after a write was overwritten by its repeat")
    if not WorkItem.objects.filter(kind="chart_write_failed", closed_at__isnull=True).exists():
        found.append("nobody was told that the chart was changed meanwhile")
    return found
