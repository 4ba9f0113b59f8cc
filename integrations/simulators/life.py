"""What happens by itself in the demonstration: patients answer, and the practice goes on working.

Whether and how one appointment is answered depends on the seed and the appointment alone, not on
the order of events.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from threading import Event

from .athenahealth.chart import Row
from .athenahealth.directory import CANCEL_REASONS, PATIENT_CANCELLED, RESCHEDULED_FROM_API
from .relatient import answers
from .relatient.store import Record
from .simulation import Simulation
from .world import PORTAL, STAFF

# outcome -> weight in a hundred
OUTCOMES = {
    "confirmed": 60,
    "cancelled": 10,
    "reschedule_requested": 8,
    "unrecognized": 6,
    "stop": 4,
    "silence": 12,
}
TEXTS = {
    "confirmed": "C",
    "cancelled": "cancel please",
    "reschedule_requested": "can I come another day?",
    "unrecognized": "who is this??",
}
SECONDS_TO_ANSWER = (4, 60)
DESK_EVENTS = {"portal_booking": 4, "staff_change": 2, "staff_reschedule": 2, "staff_cancel": 1}
SECONDS_BETWEEN_DESK_EVENTS = (6, 14)


@dataclass
class Plan:
    outcome: str
    due: datetime
    told: bool = False


class Life:
    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.rng = Random(f"life:{simulation.seed}")
        self.plans: dict[str, Plan] = {}
        self.next_desk_event = simulation.clock() + timedelta(
            seconds=SECONDS_BETWEEN_DESK_EVENTS[1]
        )

    def run(self, stopping: Event) -> None:
        while not stopping.wait(1.0):
            with self.simulation.lock:
                self.tick(self.simulation.clock())

    def tick(self, now: datetime) -> None:
        store = self.simulation.relatient.store
        answers.complete_finished(store, now)
        for enrollment in list(store.enrollments.values()):
            plan = self.plans.setdefault(enrollment["id"], self.plan_for(enrollment, now))
            if not plan.told and plan.due <= now:
                plan.told = True
                self.carry_out(enrollment, plan.outcome, now)
        if now >= self.next_desk_event:
            self.next_desk_event = now + timedelta(
                seconds=self.rng.randint(*SECONDS_BETWEEN_DESK_EVENTS)
            )
            self.desk_event(now)

    def plan_for(self, enrollment: Record, now: datetime) -> Plan:
        rng = Random(f"{self.simulation.seed}:{enrollment['appointment']['external_id']}")
        outcome = rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        return Plan(outcome, now + timedelta(seconds=rng.randint(*SECONDS_TO_ANSWER)))

    def carry_out(self, enrollment: Record, outcome: str, now: datetime) -> None:
        store = self.simulation.relatient.store
        first = store.messages_of(enrollment["id"])[0]
        answers.message_outcome(store, first, "delivered", now)
        if enrollment["status"] != "active" or outcome == "silence":
            return
        if outcome == "stop":
            patient = store.patients[enrollment["patient_id"]]
            answers.consent(
                store, patient, enrollment["lead_channel"], "opted_out", now, raw_text="STOP"
            )
        else:
            answers.answer(store, enrollment, outcome, now, text=TEXTS[outcome])

    def desk_event(self, now: datetime) -> None:
        kind = self.rng.choices(list(DESK_EVENTS), list(DESK_EVENTS.values()))[0]
        row = self.some_visit(now)
        if row is not None:
            getattr(self, kind)(row, now)

    def some_visit(self, now: datetime) -> Row | None:
        """A booked visit some hours away, so that nobody is surprised at the door."""
        chart = self.simulation.athena.chart
        soon = now + timedelta(hours=6)
        rows = [
            row
            for row in chart.appointments.values()
            if row["appointmentstatus"] == "f" and chart.start(row) > soon
        ]
        return self.rng.choice(rows) if rows else None

    def portal_booking(self, row: Row, now: datetime) -> None:
        """The same patient books another visit, some days later."""
        self.new_row(row, now, PORTAL, patientid=row["patientid"])

    def staff_change(self, row: Row, now: datetime) -> None:
        chart = self.simulation.athena.chart
        chart.add_note(row, "Called about parking.", on_schedule=False, at=now, by=STAFF)
        chart.change(row, {"copay": 25}, at=now, by=STAFF)

    def staff_reschedule(self, row: Row, now: datetime) -> None:
        new = self.new_row(row, now, STAFF)
        self.simulation.athena.chart.reschedule(
            row, new, CANCEL_REASONS[RESCHEDULED_FROM_API], at=now, by=STAFF
        )

    def staff_cancel(self, row: Row, now: datetime) -> None:
        self.simulation.athena.chart.cancel(
            row, CANCEL_REASONS[PATIENT_CANCELLED], at=now, by=STAFF
        )

    def new_row(self, like: Row, now: datetime, by: str, **fields: str) -> Row:
        chart = self.simulation.athena.chart
        return chart.add(
            starts_at=chart.start(like) + timedelta(days=self.rng.randint(1, 6)),
            department=like["departmentid"],
            provider=like["providerid"],
            type_id=like["appointmenttypeid"],
            at=now,
            by=by,
            **fields,
        )
