"""A backfill and the work after it, killed with -9 again and again: each visit is enrolled once.

40 visits in the suite; KEPT_BACKFILL_VISITS=2000 is the long form, by the same code, and
KEPT_BACKFILL_SEED chooses other moments. Judged by what Relatient holds and by its ledger.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from campaigns.models import Appointment
from integrations.models import SyncKind, SyncOutcome, SyncRun
from integrations.simulators.control_athena import book, cancel, create_patient
from tests.chaos.processes import killed_when, run
from tests.chaos.test_kills import leases_run_out
from tests.scenarios.clinic import PRACTICE, Clinic

VISITS = int(os.environ.get("KEPT_BACKFILL_VISITS", "40"))
SEED = int(os.environ.get("KEPT_BACKFILL_SEED", "1"))
WEEKS = 5
# A visit costs about a tenth of a second of work, and a busy machine a multiple of that.
PATIENCE = 120 + VISITS
NO_CONTACT = {"mobilephone": None, "email": None}


def booked(clinic: Clinic, chance: Random) -> set[str]:
    """Visits of a third as many patients over five weeks; those that ought to be enrolled."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    eligible = set()
    with clinic.simulator.simulation.lock:
        simulation = clinic.simulator.simulation
        reachable = [chance.random() > 0.05 for _ in range(VISITS // 3)]
        patients = [
            create_patient(simulation, {} if can else dict(NO_CONTACT))["patientid"]
            for can in reachable
        ]
        for number in range(VISITS):
            who = number % len(patients)
            starts_at = hour + timedelta(hours=48 + chance.randrange(24 * 7 * (WEEKS - 1)))
            visit: dict[str, Any] = {"patientid": patients[who], "starts_at": starts_at.isoformat()}
            kind = chance.choices(["82", "83", "2"], [6, 3, 1])[0]
            made = book(simulation, {**visit, "appointmenttypeid": kind})["appointmentid"]
            if chance.random() < 0.05:
                cancel(simulation, {}, made)
            elif kind != "2" and reachable[who]:
                eligible.add(made)
    return eligible


def a_share(chance: Random, least: float, most: float) -> int:
    return int(VISITS * chance.uniform(least, most))


def enrolls(clinic: Clinic) -> list[str]:
    """Every accepted request to enroll, by the visit."""
    return [
        write.subjects["appointment_external_id"]
        for write in list(clinic.simulator.simulation.ledger.writes)
        if write.method == "POST" and write.path.endswith("/enrollments")
    ]


def test_killed_again_and_again_each_visit_is_enrolled_once(clinic: Clinic) -> None:
    chance, began = Random(SEED), time.monotonic()
    eligible = booked(clinic, chance)
    today = datetime.now(UTC).date()
    dates = f"--from={today}", f"--to={today + timedelta(days=7 * WEEKS)}"

    moments = [a_share(chance, 0.05, 0.4), a_share(chance, 0.5, 0.9)]
    for taken_in in moments:
        killed_when(lambda n=taken_in: Appointment.objects.count() >= n, "backfill", *dates)
        leases_run_out()
    report = run("backfill", *dates, seconds=PATIENCE)
    assert Appointment.objects.count() == VISITS
    assert SyncRun.objects.get(kind=SyncKind.BACKFILL).outcome == SyncOutcome.DONE
    assert sum(report["by_reason"].values()) == VISITS

    moments += [a_share(chance, 0.05, 0.3), a_share(chance, 0.4, 0.7)]
    for enrolled in moments[2:]:
        killed_when(lambda n=enrolled: len(enrolls(clinic)) >= n, "work")
        leases_run_out()
    run("work", f"--seconds={PATIENCE}", seconds=2 * PATIENCE)

    by_visit = Counter(row["appointment"]["external_id"] for row in clinic.enrollments())
    assert by_visit == Counter(f"athena:{PRACTICE}:{visit}" for visit in eligible)
    assert all(len(clinic.active(visit)) == 1 for visit in sorted(eligible)[:20])
    assert Counter(enrolls(clinic)).most_common(1)[0][1] == 1
    assert Appointment.objects.filter(coverage_state="enrolled").count() == len(eligible)
    print(
        f"{VISITS} visits, {len(eligible)} enrolled once, killed at {moments[:2]} taken in and "
        f"{moments[2:]} enrolled, {time.monotonic() - began:.0f} s"
    )
