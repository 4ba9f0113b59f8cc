"""A backup taken in the middle of the work, restored while the vendors have moved on.

The original goes on after the backup, then it is lost, and the vendors go on without Kept. The
product is started on the restored database in processes of its own. Judged by the vendors' books,
and by the work list of the restored database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import connection

from campaigns.models import Effect
from tests.chaos.backups import back_up, restored, rows
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import cancelled, enrolled, moved, polled, rerouted, settled
from tests.chaos.processes import finish, start
from tests.scenarios.clinic import Clinic

SECONDS = 240
ON_THE_LIST = (
    "SELECT a.external_id FROM campaigns_workitem w JOIN campaigns_appointment a"
    " ON a.id = w.appointment_id WHERE w.closed_at IS NULL"
)
ENROLLED = (
    "SELECT a.external_id FROM campaigns_enrollment e JOIN campaigns_appointment a"
    " ON a.id = e.appointment_id WHERE e.vendor_id <> ''"
)
OUTCOMES = "SELECT count(*) FROM campaigns_response WHERE outcome = 'pending'"


def kept(url: str, *command: str) -> dict[str, Any]:
    """A command of the product on the restored database."""
    return finish(start(*command, "--json", DATABASE_URL=url), SECONDS)


def booked(clinic: Clinic, many: int, days: float) -> list[str]:
    """Visits of as many patients, three hours apart."""
    return [clinic.book(clinic.patient(), days=days + n / 8) for n in range(many)]


def answered(clinic: Clinic, visits: list[str]) -> None:
    """One answer of each kind that reaches the chart, in turn."""
    kinds = ("confirmed", "cancelled", "reschedule_requested")
    for number, visit in enumerate(visits):
        clinic.answer(visit, kinds[number % len(kinds)])


def enrolls() -> int:
    """How many enrollments the original has had an answer to."""
    return Effect.objects.filter(kind="enroll", status="accepted").count()


def enrolled_in(url: str) -> set[str]:
    """The visits of which a database knows an enrollment at Relatient."""
    return {visit for (visit,) in rows(url, ENROLLED)}


def not_in_the_chart(clinic: Clinic, url: str, visits: list[str]) -> list[str]:
    """Answers that are neither in the chart nor with a person."""
    with_a_person = {visit for (visit,) in rows(url, ON_THE_LIST)}
    return [
        f"the answer about visit {visit} is neither in the chart nor on the work list"
        for visit in visits
        if not clinic.chart_writes(visit) and visit not in with_a_person
    ]


def known(clinic: Clinic) -> str:
    """A visit that Kept has heard of, and done nothing about."""
    visit = clinic.book(clinic.patient(), days=3)
    polled(clinic)
    return visit


def test_a_backup_from_the_middle_settles_and_nothing_is_doubled(
    clinic: Clinic, tmp_path: Path
) -> None:
    """With Relatient's own refusal of a second enrollment switched off, which hides mistakes."""
    clinic.control("settings", {"one_active_enrollment": False})
    early = booked(clinic, 12, days=3)
    clinic.sync()
    answered(clinic, early[:3])
    late = booked(clinic, 8, days=6)

    # In the middle: some of the new visits are enrolled, some answers are written.
    was = enrolls()
    working = start("sync", "--json")
    try:
        while enrolls() < was + 2:
            assert working.poll() is None, "it was over before the backup could be taken"
        backup = back_up(tmp_path)
        finish(working, SECONDS)
    finally:
        working.kill()

    # The original goes on; none of this is in the backup.
    new = booked(clinic, 2, days=8)
    unreachable = clinic.book(clinic.patient(mobilephone=None, email=None))
    for visit in early[3:6]:
        moved(clinic, visit, days=12)
    rerouted(clinic, early[6])
    cancelled(clinic, early[7])
    clinic.control(
        f"athena/patients/{clinic.chart(early[8])['patientid']}", {"mobilephone": "6172267003"}
    )
    settled(clinic)
    answered(clinic, [*early[9:11], *late[:2]])
    moved(clinic, early[4], days=13)
    settled(clinic)
    by_then = len(clinic.writes())

    # It is lost, and for a while nobody is there.
    moved(clinic, early[5], days=14)
    moved(clinic, new[0], days=15)
    cancelled(clinic, new[1])
    rerouted(clinic, late[5])
    answered(clinic, [early[11], late[6], late[7]])
    orphan = clinic.book(clinic.patient(), days=6)

    with restored(backup) as url:
        forgotten = {*early, *late, *new} - enrolled_in(url)
        assert len(new) < len(forgotten) < len(new) + len(late)
        report = kept(url, "restored")
        kept(url, "sync")
        kept(url, "work", "--seconds", "3")
        state = clinic.state()["athena"]["appointments"]
        scheduled = [row["appointmentid"] for row in state if row["appointmentstatus"] == "f"]
        expected = [visit for visit in scheduled if visit != unreachable]
        answers = [*early[:3], *early[9:11], *late[:2], early[11], late[6], late[7]]
        assert verdicts.against(clinic) == []
        assert verdicts.not_reminded(clinic, *expected) == []
        assert not_in_the_chart(clinic, url, answers) == []
        assert rows(url, OUTCOMES) == [(0,)]
        assert orphan in expected
        assert len(clinic.cases(clinic.chart(unreachable)["patientid"])) == 1
        print(
            f"\nRESTORED {connection.vendor}: {len(state)} visits, of {len(forgotten)} the backup"
            f" knew no enrollment; {by_then} writes before, {len(clinic.writes())} after; {report}"
        )


def test_a_counter_that_went_back_meets_no_older_request(clinic: Clinic, tmp_path: Path) -> None:
    """The nasty case: what is asked after the restore has the number of something asked before."""
    moving = enrolled(clinic)
    moving_later, begun_anew, refused = known(clinic), known(clinic), known(clinic)
    clinic.known_to_relatient(clinic.chart(refused)["patientid"])
    backup = back_up(tmp_path)

    moved(clinic, moving, days=4)
    clinic.consent(clinic.chart(refused)["patientid"], "sms", "opted_out")
    for channel in ("email", "voice"):
        clinic.consent(clinic.chart(refused)["patientid"], channel, "opted_out")
    clinic.poll_and_work()
    assert not clinic.enrollments(refused)
    for kind in ("83", "82"):
        clinic.control(f"athena/appointments/{begun_anew}/change", {"appointmenttypeid": kind})
        clinic.poll_and_work()
    assert len(clinic.enrollments(begun_anew)) == 3

    for visit in (moving, moving_later):
        moved(clinic, visit, days=6)
    for channel in ("sms", "email", "voice"):
        clinic.consent(clinic.chart(refused)["patientid"], channel, "opted_in")

    with restored(backup) as url:
        # Nobody says that it was restored.
        kept(url, "sync")
        kept(url, "work", "--seconds", "3")
        assert verdicts.against(clinic) == []
        assert verdicts.not_reminded(clinic, moving, moving_later, begun_anew, refused) == []
