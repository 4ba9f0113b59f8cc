"""What people do while the run goes on: a seeded timetable of deeds.

A deed that is not possible yet (nobody is enrolled who could answer) comes again a little later.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from integrations.simulators import control_athena, control_relatient
from tests.chaos.run.plan import Plan
from tests.chaos.run.town import DEPARTMENTS, TYPES, Town
from tests.scenarios.machine_choices import CHILD

BOOKED_BEFORE = 0.35
AGAIN_AFTER = 1.5
# How many of each per hundred visits.
PER_HUNDRED = {
    "move": 12,
    "move_to_soon": 2,
    "reschedule": 8,
    "cancel": 6,
    "check_in": 3,
    "change_type": 4,
    "change_provider": 4,
    "change_nothing": 6,
    "change_patient": 8,
    "consent": 5,
    "confirm_by_hand": 3,
    "miss": 2,
    "merge": 1,
    "complete": 2,
}
KINDS = (["confirmed", "cancelled", "reschedule_requested", "unrecognized"], [55, 20, 13, 12])
PATIENT_CHANGES = [
    {"mobilephone": "6172530177"},
    {"mobilephone": "6172267044"},
    {"mobilephone": None},
    {"email": None},
    {"email": "other@example.org"},
    {"consenttotext": False},
    {"consenttotext": True},
    {"contactpreference_appointment_email": False},
    {"status": "inactive"},
    {"status": "active"},
]


class Life:
    """The timetable, and the hand that carries it out."""

    def __init__(self, town: Town, plan: Plan) -> None:
        self.town, self.plan = town, plan
        self.chance = town.chance
        self.done: Counter[str] = Counter()
        self._order = itertools.count()
        self._due: list[tuple[float, int, str]] = []
        self._consents = 0

    def before(self) -> None:
        """Visits that were booked before Kept came."""
        with self.town.simulation.lock:
            for _ in range(int(self.plan.visits * BOOKED_BEFORE)):
                self.town.book()
        self._write_timetable()

    def _write_timetable(self) -> None:
        left = self.plan.visits - len(self.town.visits)
        counts = {
            name: max(1, round(self.plan.visits * share / 100))
            for name, share in PER_HUNDRED.items()
        }
        counts["reschedule"] = min(counts["reschedule"], left)
        counts["book"] = left - counts["reschedule"]
        for name, count in counts.items():
            for _ in range(count):
                self._at(self.chance.uniform(0.02, 0.95) * self.plan.seconds, name)
        for _ in range(self.plan.answers):
            self._at(self.chance.uniform(0.15, 0.97) * self.plan.seconds, "answer")

    def _at(self, second: float, name: str) -> None:
        heapq.heappush(self._due, (second, next(self._order), name))

    def live(self, second: float) -> None:
        """Everything whose time has come by this second of the run."""
        while self._due and self._due[0][0] <= second:
            _, _, name = heapq.heappop(self._due)
            deed: Callable[[], bool] = getattr(self, name)
            with self.town.simulation.lock:
                self.town.finish_campaigns()
                done = deed()
            if done:
                self.done[name] += 1
            else:
                self._at(second + AGAIN_AFTER, name)

    @property
    def left(self) -> int:
        """Deeds still to come that the report has to count."""
        return sum(name in ("answer", "book", "reschedule") for _, _, name in self._due)

    # --- the desk

    def book(self) -> bool:
        """A new visit."""
        self.town.deed("book", self.town.book())
        return True

    def _open(self, name: str) -> str | None:
        visit = self.town.open_visit()
        if visit is not None:
            self.town.deed(name, visit)
        return visit

    def _changed(self, name: str, **fields: object) -> bool:
        visit = self._open(name)
        if visit is not None:
            self.town.change(visit, dict(fields))
        return visit is not None

    def move(self) -> bool:
        """The same appointment at another time."""
        return self._changed("move", starts_at=self.town.a_time().isoformat())

    def move_to_soon(self) -> bool:
        """To a moment that passes while the run goes on."""
        soon = datetime.now(UTC) + timedelta(minutes=1)
        return self._changed("move_to_soon", starts_at=soon.isoformat())

    def change_type(self) -> bool:
        """Another kind of visit, perhaps one without a campaign."""
        return self._changed("change_type", appointmenttypeid=self.chance.choices(*TYPES)[0])

    def change_provider(self) -> bool:
        """Another provider of the same department."""
        visit = self._open("change_provider")
        if visit is not None:
            others = DEPARTMENTS[self.town.row(visit)["departmentid"]]
            self.town.change(visit, {"providerid": self.chance.choice(others)})
        return visit is not None

    def change_nothing(self) -> bool:
        """Something that nobody at Relatient need know."""
        return self._changed("change_nothing", copay=25, notes="Called about parking.")

    def confirm_by_hand(self) -> bool:
        """The desk sets the confirmation, or takes it away."""
        visit = self._open("confirm_by_hand")
        if visit is not None:
            self.town.desk_confirmations.add(visit)
            self.town.change(visit, {"confirmation": self.chance.choice(["2", "8", None])})
        return visit is not None

    def reschedule(self) -> bool:
        """The old row is cancelled and names its replacement."""
        visit = self._open("reschedule")
        if visit is not None:
            body = {"starts_at": self.town.a_time().isoformat()}
            made = control_athena.reschedule(self.town.simulation, body, visit)
            self.town.visits.append(made["newappointmentid"])
        return visit is not None

    def cancel(self) -> bool:
        """The desk cancels."""
        visit = self._open("cancel")
        if visit is not None:
            control_athena.cancel(self.town.simulation, {}, visit)
        return visit is not None

    def check_in(self) -> bool:
        """The patient is there already."""
        visit = self._open("check_in")
        if visit is not None:
            control_athena.check_in(self.town.simulation, {}, visit)
        return visit is not None

    def miss(self) -> bool:
        """A visit of the past is found to have been missed: the patient's other visits change."""
        patient = self.chance.choice(self.town.patients)
        then = datetime.now(UTC) - timedelta(days=self.chance.choice([20, 160, 200]))
        body = {"patientid": patient, "starts_at": then.isoformat()}
        visit = control_athena.book(self.town.simulation, body)["appointmentid"]
        self.town.deed("miss", visit, patient=patient)
        control_athena.no_show(self.town.simulation, {}, visit)
        return True

    # --- patients

    def change_patient(self) -> bool:
        """Their record in athenahealth."""
        patient = self.chance.choice(self.town.patients)
        change = self.town.own(self.chance.choice(PATIENT_CHANGES))
        self.town.deed("change_patient", patient, **change)
        control_athena.update_patient(self.town.simulation, change, patient)
        return True

    def merge(self) -> bool:
        """Two records turn out to be one person; a child is never merged with a grown-up."""
        rows = self.town.chart.patients
        grown = [one for one in self.town.patients if rows[one]["dob"] != CHILD["dob"]]
        gone, into = self.chance.sample(grown, 2)
        self.town.deed("merge", gone, into=into)
        self.town.patients.remove(gone)
        control_athena.merge(self.town.simulation, {"into": into}, gone)
        return True

    def consent(self) -> bool:
        """STOP and its like; no two of them in one second."""
        patient = self.chance.choice(self.town.patients)
        if not self.town.known_at_relatient(patient):
            return False
        self._consents += 1
        at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=self._consents)
        body = {
            "patientid": patient,
            "channel": self.chance.choice(["sms", "email", "voice"]),
            "type": self.chance.choice(["opted_out", "opted_out", "opted_in"]),
            "occurred_at": at.isoformat(),
        }
        self.town.deed("consent", patient, **body)
        control_relatient.consent(self.town.simulation, body)
        return True

    def complete(self) -> bool:
        """Relatient has sent the last step."""
        active = [e for e in self.town.store.enrollments.values() if e["status"] == "active"]
        if not active:
            return False
        one = self.chance.choice(active)
        self.town.deed("complete", one["id"])
        control_relatient.complete(self.town.simulation, {}, one["id"])
        return True

    def answer(self) -> bool:
        """A reply; perhaps to an older start, perhaps late, twice told, or with second thoughts."""
        visit = self.town.reminded_visit()
        if visit is None:
            return False
        self._say(visit)
        if self.chance.random() < 0.1 and len(self.town.said) < self.plan.answers:
            self._say(visit)
        return True

    def _say(self, visit: str) -> None:
        kind = self.chance.choices(*KINDS)[0]
        late = self.chance.choice([0, 0, 0, 0, 3])
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=late)
        body = {"appointmentid": visit, "type": kind, "occurred_at": at.isoformat()}
        if self.chance.random() < 0.15:
            body["starts_at"] = self.town.first_start(visit).isoformat()
        seq = len(self.town.journal.entries)
        event = control_relatient.answer(self.town.simulation, body)
        self.town.deed("answer", visit, event=event["id"], kind=kind)
        about = event["appointment_starts_at"]
        self.town.said.append(
            {"event": event["id"], "visit": visit, "kind": kind, "seq": seq, "about": about}
            | {"at": event["occurred_at"]}
        )
        if self.chance.random() < 0.15:
            control_relatient.duplicate_event(self.town.simulation, {}, event["id"])
