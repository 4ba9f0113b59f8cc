"""The clinic: a practice in mid-flow, built from a seed and the moment it starts."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from .athenahealth.chart import Chart, Row
from .athenahealth.directory import (
    CANCEL_REASONS,
    DEPARTMENTS,
    NO_SHOW,
    PATIENT_CANCELLED,
    PROVIDERS,
    RESCHEDULED_FROM_API,
)
from .athenahealth.people import add_patient
from .cast import CAST_SIZE, patient_fields

STAFF = "desk.staff"
PORTAL = "portaluser"

# What most people come for; a child goes to a well child visit.
USUAL_TYPES = ["82", "82", "83", "82", "91", "84", "83", "91", "86", "82", "87", "2"]
CHILD_TYPE = "85"
CONFIDENTIAL_TYPE = "88"
ADOLESCENT = 11
SECOND_VISITS = 30

# place in the cast -> days since a missed visit; the last two lie outside the usual 180 days
NO_SHOWS = {30: 12, 31: 45, 32: 90, 33: 150, 34: 175, 2: 60, 35: 200, 36: 400}
# place -> hours ahead of a visit that was moved there from the day before
MOVED = {40: 30, 41: 55, 42: 100}
MOVED_THEN_CANCELLED = {43: 60}
CONFIRMED = {44: "2", 45: "2", 46: "41", 47: "8", 48: "3"}

# place -> who waits for an earlier visit; days are 1 for Sunday to 7 for Saturday
WAITING: dict[int, Row] = {
    29: {"appointmenttypeid": 82, "priority": "HIGH", "note": "Flies out at the end of the month"},
    37: {"appointmenttypeid": 82, "dayofweekids": [2, 3, 4, 5, 6], "hourfrom": 8, "hourto": 12},
    38: {"appointmenttypeid": 82, "priority": "LOW", "allowanydepartment": True},
    30: {"appointmenttypeid": 83, "dayofweekids": [3, 5], "note": "Needs a ride"},
    49: {"hourfrom": 15, "hourto": 18, "allowanydepartment": True},
}


class Builder:
    def __init__(self, chart: Chart, seed: int, now: datetime) -> None:
        self.chart = chart
        self.rng = Random(seed)
        self.now = now.replace(second=0, microsecond=0)
        self.cast: list[Row] = []

    def patients(self) -> None:
        for place in range(CAST_SIZE):
            fields = patient_fields(place, self.rng, self.now.date())
            self.cast.append(
                add_patient(self.chart, fields, at=self.now - timedelta(days=400), by=STAFF)
            )

    def visit(
        self, place: int, starts_at: datetime, type_id: str, by: str = STAFF, **fields: Any
    ) -> Row:
        patient = self.cast[place]
        department = patient["departmentid"]
        booked_at = min(self.now, starts_at) - timedelta(
            days=self.rng.randint(1, 25), minutes=self.rng.randint(1, 600)
        )
        doctor = self.rng.choice(
            [
                one.id
                for one in PROVIDERS.values()
                if one.department_id == department and one.kind == "Person"
            ]
        )
        return self.chart.add(
            starts_at=starts_at,
            department=department,
            provider=doctor,
            type_id=type_id,
            at=booked_at,
            by=by,
            patientid=patient["patientid"],
            **fields,
        )

    def in_office_hours(self, moment: datetime, department: str) -> datetime:
        """The nearest quarter of an hour after `moment` at which the department is open."""
        local = moment.astimezone(DEPARTMENTS[department].zone)
        local = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0)
        if not 8 <= local.hour < 17:
            day = local + timedelta(days=1 if local.hour >= 17 else 0)
            local = day.replace(hour=self.rng.randint(8, 16))
        return local.astimezone(UTC)

    def at_place(self, place: int, hours: float) -> datetime:
        return self.in_office_hours(
            self.now + timedelta(hours=hours), self.cast[place]["departmentid"]
        )

    def upcoming(self) -> None:
        for number in range(CAST_SIZE + SECOND_VISITS):
            place = number % CAST_SIZE
            hours = (
                self.rng.uniform(4, 72) if self.rng.random() < 0.6 else self.rng.uniform(72, 230)
            )
            by = PORTAL if number % 7 == 3 else STAFF
            row = self.visit(place, self.at_place(place, hours), self.usual_type(place, number), by)
            if number < CAST_SIZE and place in CONFIRMED:
                self.chart.confirm(
                    row, CONFIRMED[place], at=self.now - timedelta(hours=20), by=STAFF
                )

    def usual_type(self, place: int, number: int) -> str:
        if place == ADOLESCENT:
            return CONFIDENTIAL_TYPE
        return (
            CHILD_TYPE
            if self.cast[place]["departmentid"] == "102"
            else USUAL_TYPES[number % len(USUAL_TYPES)]
        )

    def history(self) -> None:
        for place, days in NO_SHOWS.items():
            row = self.visit(place, self.at_place(place, -24 * days), "82")
            self.end(row, NO_SHOW, after=timedelta(hours=3))
        for place in range(20, 60, 4):
            row = self.visit(place, self.at_place(place, -24 * self.rng.randint(20, 300)), "83")
            self.chart.change(
                row,
                {"appointmentstatus": "4", "encounterstatus": "CHECKEDOUT"},
                at=self.chart.start(row),
                by=STAFF,
            )
        # Past and still f: nobody checked them in, and nobody said no-show.
        for place in (50, 51, 52):
            self.visit(place, self.at_place(place, -24 * self.rng.randint(3, 30)), "82")
        for place in (53, 54):
            self.end(
                self.visit(place, self.at_place(place, -24 * 40), "82"),
                PATIENT_CANCELLED,
                after=timedelta(hours=-30),
            )

    def end(self, row: Row, reason: str, *, after: timedelta) -> None:
        at = min(self.chart.start(row) + after, self.now)
        self.chart.cancel(row, CANCEL_REASONS[reason], at=at, by=STAFF)

    def cancelled_and_moved(self) -> None:
        for place in (55, 56, 57):
            self.end(
                self.visit(place, self.at_place(place, 50), "82"),
                PATIENT_CANCELLED,
                after=timedelta(hours=-60),
            )
        for place, hours in (MOVED | MOVED_THEN_CANCELLED).items():
            new = self.move(
                self.visit(place, self.at_place(place, hours - 24), "83"), timedelta(hours=24)
            )
            if place in MOVED_THEN_CANCELLED:
                self.end(new, PATIENT_CANCELLED, after=timedelta(days=-3))

    def move(self, row: Row, later: timedelta) -> Row:
        at = self.now - timedelta(hours=self.rng.randint(5, 40))
        starts_at = self.chart.start(row) + later
        slot = self.chart.add(
            starts_at=starts_at,
            department=row["departmentid"],
            provider=row["providerid"],
            type_id=row["appointmenttypeid"],
            at=at,
            by=STAFF,
        )
        self.chart.reschedule(row, slot, CANCEL_REASONS[RESCHEDULED_FROM_API], at=at, by=STAFF)
        return slot

    def oddities(self) -> None:
        early = self.visit(58, self.now + timedelta(minutes=75), "82")
        self.chart.check_in(early, at=self.now - timedelta(minutes=5), by=STAFF)
        primary = self.chart.appointments[self.chart.of_patient[self.cast[0]["patientid"]][0]]
        self.visit(
            0,
            self.chart.start(primary),
            "87",
            providerid="90",
            chargeentrynotrequired=True,
            chargeentrynotrequiredreason="MULTIRESOURCE",
        )
        noted = self.chart.appointments[self.chart.of_patient[self.cast[1]["patientid"]][0]]
        self.chart.add_note(
            noted, "Bring the invented referral \U0001f4c4", on_schedule=True, at=self.now, by=STAFF
        )

    def slots(self) -> None:
        for number in range(20):
            department = ["1", "21", "62", "102", "150"][number % 5]
            doctor = next(one.id for one in PROVIDERS.values() if one.department_id == department)
            starts_at = self.in_office_hours(
                self.now + timedelta(hours=20 + 9 * number), department
            )
            self.chart.add(
                starts_at=starts_at,
                department=department,
                provider=doctor,
                type_id="82",
                at=self.now - timedelta(days=30),
                by=STAFF,
            )

    def waitlist(self) -> None:
        for place, fields in WAITING.items():
            patient = self.cast[place]
            self.chart.wait(patient["patientid"], patient["departmentid"], fields)


def furnish(chart: Chart, seed: int, now: datetime) -> None:
    builder = Builder(chart, seed, now)
    builder.patients()
    builder.upcoming()
    builder.history()
    builder.cancelled_and_moved()
    builder.oddities()
    builder.slots()
    builder.waitlist()
