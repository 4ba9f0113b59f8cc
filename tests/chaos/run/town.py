"""The world of a run: both simulated vendors, and the hand that books, changes and answers there.

Everything goes through the simulators' control, in this process and under their lock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from integrations.simulators import control_athena, control_relatient
from integrations.simulators.relatient import answers
from integrations.simulators.server import SimulatorServer
from tests.chaos.run.journal import DEED, ROW, Journal, visit_of
from tests.scenarios.clinic import PRACTICE
from tests.scenarios.machine_choices import CHILD, own
from tests.scenarios.machine_oracle import start_of

Row = dict[str, Any]

# Half of all visits are of the kind with two campaigns, one in twenty of a kind without any.
TYPES = (["82", "83", "91", "86"], [52, 28, 15, 5])
DEPARTMENTS = {"1": ["71", "72"], "21": ["73"], "62": ["74"], "150": ["76"]}
PEOPLE: list[tuple[Row, int]] = [
    ({}, 70),
    (CHILD, 8),
    ({"language6392code": "spa"}, 5),
    ({"mobilephone": None}, 6),
    ({"mobilephone": None, "email": None}, 5),
    ({"consenttotext": None}, 6),
]
# Hours ahead; the first two are too late to begin, or nearly.
HOURS = ([0.7, 2.4, 30, 54, 120, 240, 500, 700], [3, 3, 14, 20, 20, 20, 10, 10])


class Town:
    """Patients, visits, and both vendors."""

    def __init__(self, server: SimulatorServer, chance: Random) -> None:
        self.server = server
        self.simulation = server.simulation
        self.journal = Journal(server.simulation)
        self.chance = chance
        self.patients: list[str] = []
        self.visits: list[str] = []
        self.said: list[Row] = []
        self.calls: list[Row] = []
        self.desk_confirmations: set[str] = set()
        self.numbers = 0

    @property
    def chart(self) -> Any:
        """athenahealth's."""
        return self.simulation.athena.chart

    @property
    def store(self) -> Any:
        """Relatient's."""
        return self.simulation.relatient.store

    def deed(self, name: str, subject: str, **facts: Any) -> None:
        """Remember what a person did."""
        self.journal.note(DEED, subject, {"deed": name, **facts})

    def register(self) -> str:
        """A new patient."""
        kinds = [fields for fields, _ in PEOPLE]
        fields = self.chance.choices(kinds, [weight for _, weight in PEOPLE])[0]
        made = control_athena.create_patient(self.simulation, self.own(fields))
        self.patients.append(made["patientid"])
        return self.patients[-1]

    def own(self, fields: Row) -> Row:
        """Contact data that is nobody else's, as in tests/scenarios/machine_choices.py."""
        self.numbers += 1
        return own(fields, self.numbers)

    def a_time(self) -> datetime:
        """Some time ahead, on a quarter of an hour unless it is soon."""
        hours = self.chance.choices(*HOURS)[0]
        moment = datetime.now(UTC) + timedelta(hours=hours)
        if hours > 3:
            quarters = timedelta(minutes=15 * self.chance.randrange(96))
            moment = moment.replace(minute=0) + quarters
        return moment.replace(second=0, microsecond=0)

    def book(self) -> str:
        """A visit for one of the patients, one in three times for a new one."""
        fresh = not self.patients or self.chance.random() < 0.3
        patient = self.register() if fresh else self.chance.choice(self.patients)
        department = self.chance.choice(list(DEPARTMENTS))
        body = {
            "patientid": patient,
            "starts_at": self.a_time().isoformat(),
            "appointmenttypeid": self.chance.choices(*TYPES)[0],
            "departmentid": department,
            "providerid": self.chance.choice(DEPARTMENTS[department]),
        }
        visit = str(control_athena.book(self.simulation, body)["appointmentid"])
        self.visits.append(visit)
        return visit

    def row(self, visit: str) -> Row:
        """A visit as the chart shows it."""
        row: Row = self.chart.appointments[visit]
        return row

    def first_start(self, visit: str) -> datetime:
        """The start with which it was booked."""
        rows = (entry for entry in self.journal.entries if entry.kind == ROW)
        return next(start_of(entry.data) for entry in rows if entry.subject == visit)

    def open_visit(self) -> str | None:
        """One that is scheduled and ahead."""
        now = datetime.now(UTC)
        for _ in range(20):
            visit = self.chance.choice(self.visits)
            row = self.row(visit)
            if row["appointmentstatus"] == "f" and start_of(row) > now:
                return visit
        return None

    def reminded_visit(self) -> str | None:
        """A visit that Relatient reminds of."""
        active = [visit_of(e) for e in self.store.enrollments.values() if e["status"] == "active"]
        return self.chance.choice(active) if active else None

    def change(self, visit: str, fields: Row) -> None:
        """The same appointment, otherwise."""
        control_athena.change(self.simulation, fields, visit)

    def known_at_relatient(self, patient: str) -> bool:
        """Whether they have a record there."""
        return bool(self.store.patients_with(f"athena:{PRACTICE}:{patient}"))

    def finish_campaigns(self) -> None:
        """Relatient sends the last steps that are due."""
        answers.complete_finished(self.store, datetime.now(UTC))

    def state(self) -> Row:
        """Both vendors' books as they are now."""
        with self.simulation.lock:
            return {
                "now": datetime.now(UTC).isoformat(),
                "athena": control_athena.state(self.simulation),
                "relatient": control_relatient.state(self.simulation),
                "late": [one.shown() for one in self.simulation.ledger.entries if one.abandoned],
                "delivered": [one.shown() for one in self.simulation.postbox.delivered],
            }
