"""The whole loop, driven by chance: whatever happens in whatever order, the invariants hold.

`KEPT_EXAMPLES=150 KEPT_STEPS=60 pytest tests/scenarios/test_machine.py` looks for new sequences;
without these variables the same few are run every time. `KEPT_SHRINK=1` makes a failure small.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.domain.values import ReplyKind
from campaigns.look_queue import schedule_look
from campaigns.models import Appointment, Effect, StaffInstruction
from campaigns.phone_calls.record import record_call
from integrations.models import FeedCursor
from integrations.operations import run
from integrations.operations.reconcile_now import reconcile
from integrations.simulators.server import SimulatorServer
from tests.chaos.die_at import POINTS
from tests.emptying import empty_all
from tests.scenarios import machine_checks as checks
from tests.scenarios import machine_world as world
from tests.scenarios.clinic import RULES, Clinic, seed
from tests.scenarios.machine_books import Books, Said
from tests.scenarios.machine_choices import (
    ANSWERS,
    CALLS,
    CAMPAIGN_IDS,
    CHANNELS,
    CHILD,
    DAYS,
    DEPARTMENTS,
    MORE_RULES,
    PATIENT_CHANGES,
    PEOPLE,
    PROVIDERS,
    TYPES,
    VISIT_CHANGES,
    own,
)
from tests.scenarios.machine_oracle import start_of
from tests.scenarios.machine_rules import ClinicalOps

Row = dict[str, Any]


class Loop(RuleBasedStateMachine):
    """Patients, staff, vendors and Kept's own processes take turns in any order."""

    patients: Bundle[str] = Bundle("patients")
    visits: Bundle[str] = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        empty_all()
        self.simulator = SimulatorServer(scenario="empty").start()
        self.seeded = override_settings(KEPT_SEED=seed(self.simulator.url))
        self.seeded.enable()
        self.clinic = Clinic(self.simulator)
        self.clinic.open_quickly()
        self.ops = ClinicalOps(self.clinic)
        self.user, _ = get_user_model().objects.get_or_create(username="desk")

    def teardown(self) -> None:
        """The last settling, unless the example has failed already."""
        try:
            if sys.exc_info()[0] is None:
                self.settle(rounds=2)
                self.compare()
        finally:
            self.simulator.stop()
            self.seeded.disable()

    # --- the world begins

    @initialize(target=patients, strict=st.booleans(), echo=st.booleans(), collapse=st.booleans())
    def begin(self, strict: bool, echo: bool, collapse: bool) -> Any:
        """Where the vendors' behaviour is unconfirmed, either is possible."""
        switches = {
            "one_active_enrollment": strict,
            "confirmation_echo": echo,
            "feed_collapse": collapse,
        }
        self.clinic.control("settings", switches)
        return multiple(self.clinic.patient(), self.clinic.patient(**self.own(CHILD)))

    @initialize(target=visits, patient=patients, other=patients)
    def booked_before(self, patient: str, other: str) -> Any:
        """Some visits are enrolled already: what happens to those is what matters most."""
        visits = [
            self.clinic.book(patient, 5),
            self.clinic.book(patient, 9, appointmenttypeid="83"),
            self.clinic.book(other, 3, appointmenttypeid="91"),
        ]
        self.clinic.sync()
        return multiple(*visits)

    @rule(target=patients, fields=PEOPLE)
    def register(self, fields: Row) -> str:
        """A new patient."""
        return self.clinic.patient(**self.own(fields))

    def own(self, fields: Row) -> Row:
        """Contact data that is nobody else's."""
        self.books.numbers += 1
        return own(fields, self.books.numbers)

    @rule(
        target=visits,
        patient=patients,
        days=DAYS,
        type_id=TYPES,
        department=DEPARTMENTS,
        provider=PROVIDERS,
    )
    def book(self, patient: str, days: float, type_id: str, department: str, provider: str) -> str:
        """A new appointment."""
        where = {"departmentid": department, "providerid": provider}
        return self.clinic.book(patient, days, appointmenttypeid=type_id, **where)

    # --- the desk

    @rule(visit=visits, days=DAYS)
    def move(self, visit: str, days: float) -> None:
        """The same appointment at another time."""
        self._change(visit, {"starts_at": self.clinic.ahead(days)})

    @rule(
        visit=visits,
        change=VISIT_CHANGES,
    )
    def change(self, visit: str, change: Row) -> None:
        """Something else about the same appointment."""
        self._change(visit, change)

    @rule(visit=visits, status=st.sampled_from(["8", "2", None]))
    def confirm_by_hand(self, visit: str, status: str | None) -> None:
        """The desk sets the confirmation in the chart."""
        self.books.desk_confirmations.add(visit)
        self._change(visit, {"confirmation": status})

    @rule(target=visits, visit=visits, days=DAYS, type_id=TYPES)
    def reschedule(self, visit: str, days: float, type_id: str) -> Any:
        """The old row is cancelled and names its replacement."""
        if not self._scheduled(visit):
            return multiple()
        body = {"starts_at": self.clinic.ahead(days), "appointmenttypeid": type_id}
        path = f"athena/appointments/{visit}/reschedule"
        return self.clinic.control(path, body)["newappointmentid"]

    @rule(visit=visits, event=st.sampled_from(["cancel", "checkin"]))
    def close(self, visit: str, event: str) -> None:
        """Cancelled by staff, or checked in; a check-in of the wrong patient is undone."""
        if self._scheduled(visit):
            self.clinic.control(f"athena/appointments/{visit}/{event}")
        elif self._row(visit)["appointmentstatus"] == "2":
            path = f"athena/appointments/{visit}/change"
            self.clinic.control(path, {"appointmentstatus": "f", "checkindatetime": None})

    @rule(target=visits, patient=patients, days=st.sampled_from([-20, -160, -200]))
    def miss(self, patient: str, days: int) -> str:
        """A visit of the past to which the patient did not come."""
        visit = self.clinic.book(patient, days)
        self.clinic.control(f"athena/appointments/{visit}/noshow")
        return visit

    @rule(patient=patients, change=PATIENT_CHANGES)
    def change_patient(self, patient: str, change: Row) -> None:
        """The record in athenahealth."""
        self.clinic.control(f"athena/patients/{patient}", self.own(change))

    @rule(
        line=st.integers(0, len(RULES) + len(MORE_RULES) - 1),
        campaign=st.one_of(st.just("as it is"), st.none(), CAMPAIGN_IDS),
        active=st.booleans(),
        all_move=st.booleans(),
        share=st.sampled_from([1.0, 1.0, 0.0]),
    )
    def change_rule(
        self, line: int, campaign: str | None, active: bool, all_move: bool, share: float
    ) -> None:
        """Clinical ops change the mapping; a change that moves too many waits."""
        self.ops.change(line, campaign, active, all_move, share)

    @rule(yes=st.booleans())
    def decide_change(self, yes: bool) -> None:
        """A second person approves what waits, or somebody takes it back."""
        self.ops.decide(yes)

    @rule(
        visit=visits,
        kind=st.sampled_from(["stopped", "paused", "enrolled", "withdrawn", "withdrawn"]),
        campaign=CAMPAIGN_IDS,
    )
    def instruct(self, visit: str, kind: str, campaign: str) -> None:
        """Stop, enroll by hand, or take back what was said last."""
        row, instructed = self._known(visit), self.books.instructions.setdefault(visit, [])
        if row is None:
            return
        now = database_now()
        if kind != "withdrawn":
            told = {"kind": kind, "campaign": campaign if kind == "enrolled" else ""}
            common = {"practice": row.practice, "appointment": row, "reason": "test"}
            StaffInstruction.objects.create(given_at=now, **common, **told)
            instructed.append(told)
        elif instructed:
            instructed.pop()
            said = row.instructions.filter(withdrawn_at__isnull=True).order_by("given_at").last()
            StaffInstruction.objects.filter(pk=said.pk).update(withdrawn_at=now)
        schedule_look(row, now)

    @rule(visit=visits, how=CALLS)
    def call(self, visit: str, how: ReplyKind) -> None:
        """The desk phoned."""
        row = self._known(visit)
        if row is None or row.starts_at is None:
            return
        response = record_call(row, how, self.user, hold=timedelta(0))
        assert response is not None
        told = response.told_starts_at or row.starts_at
        said = Said(visit, how.value, self.books.step, told, response.occurred_at)
        self.books.said[response.event_id] = said

    # --- the patient

    @rule(
        visit=visits,
        kind=ANSWERS,
        old=st.booleans(),
        minutes_late=st.sampled_from([0, 0, 0, 3]),
        again=st.booleans(),
    )
    def answer(self, visit: str, kind: str, old: bool, minutes_late: int, again: bool) -> None:
        """A reply; perhaps about an older start, perhaps late, perhaps told twice."""
        if not self.clinic.enrollments(visit):
            return
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes_late)
        about = {"starts_at": self.books.starts(visit)[0].isoformat()} if old else {}
        event = self.clinic.answer(visit, kind, occurred_at=at.isoformat(), **about)
        told = checks.read_instant(event["appointment_starts_at"])
        self.books.said[event["id"]] = Said(visit, kind, self.books.step, told, at)
        if again:
            self.clinic.control(f"relatient/events/{event['id']}/duplicate")

    @rule(patient=patients, channel=CHANNELS, kind=st.sampled_from(["opted_out", "opted_in"]))
    def consent(self, patient: str, channel: str, kind: str) -> None:
        """STOP and START; no two of them in one second."""
        known = self.clinic.state()["relatient"]["patients"]
        if not any(p["external_id"].endswith(f":{patient}") for p in known):
            return
        at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=self.books.step)
        body = {
            "patientid": patient,
            "channel": channel,
            "type": kind,
            "occurred_at": at.isoformat(),
        }
        self.clinic.control("relatient/consent", body)

    @rule(visit=visits, how=st.sampled_from(["complete", "end"]))
    def end_at_relatient(self, visit: str, how: str) -> None:
        """Its last step was sent, or somebody ended it there."""
        for held in self.clinic.active(visit):
            self.clinic.control(f"relatient/enrollments/{held['id']}/{how}")

    # --- Kept's own processes

    @rule(part=st.sampled_from(["poll", "collect", "work", "sync", "sync"]))
    def run(self, part: str) -> None:
        """One of the timers has rung, or all of them."""
        with acting_as(process="test"):
            getattr(run, part)(self.clinic.practice)

    @rule(point=st.sampled_from(list(POINTS)), after=st.integers(0, 4))
    def die(self, point: str, after: int) -> None:
        """A process is killed between two steps."""
        self.books.died = True
        with world.dies_at(point, after):
            self.clinic.sync()

    @rule()
    def read_again(self) -> None:
        """A window that was not closed cleanly."""
        begun = database_now() - timedelta(hours=1)
        FeedCursor.objects.exclude(feed="events").update(dirty=True, window_start=begun)

    @rule(rounds=st.just(1))
    def settle(self, rounds: int) -> None:
        """The loop comes to rest; then everything is checked, and rest is rest."""
        self._until_quiet()
        state = self.clinic.state()
        self.books.observe(state["athena"]["appointments"])
        checks.never_two_at_once(state)
        checks.nothing_waits()
        checks.every_visit_has_what_it_should(state, self.ops.mapping, self.books.instructed())
        checks.the_ledger_agrees(state)
        checks.the_chart_shows_the_answers(state, self.books.desk_confirmations)
        checks.the_desk_is_told_once(state)
        self.books.every_outcome_is_justified(checks.read_instant(state["now"]))
        effects = Effect.objects.count()
        for _ in range(rounds):
            self.clinic.sync()
        assert self.clinic.writes() == state["writes"], "a write while idle"
        assert Effect.objects.count() == effects, "an effect while idle"

    def compare(self) -> None:
        """Asked, Relatient tells of what no trigger does; a second comparison finds nothing."""
        today = datetime.now(UTC).date()
        window = (today - timedelta(days=250), today + timedelta(days=60))
        with acting_as(process="test"):
            reconcile(self.clinic.practice, *window, print)
            self._until_quiet()
            again = reconcile(self.clinic.practice, *window, print)
        assert (again["drift"], again["problems"]) == (0, []), again
        state = self.clinic.state()
        checks.never_two_at_once(state)
        checks.every_visit_has_what_it_should(state, self.ops.mapping, self.books.instructed())
        checks.the_ledger_agrees(state, all_known=True)

    @invariant()
    def chart_is_observed(self) -> None:
        """After each step, so that an outcome can be judged by what the chart said then."""
        with self.simulator.simulation.lock:
            rows = list(self.simulator.simulation.athena.chart.appointments.values())
            self.books.observe([dict(row) for row in rows])

    # --- how it is done

    def _until_quiet(self) -> None:
        """Retries wait for fractions of a second here."""
        for _ in range(5):
            report = self.clinic.sync()
            assert not report["problems"] and not report["work"]["failed"], report
            assert not report["poll"]["errors"] + report["collect"]["errors"], report
            if not report["work"]["remaining"]:
                return
            self.clinic.work(seconds=3)
        raise AssertionError(report)

    def _row(self, visit: str) -> Row:
        return self.simulator.simulation.athena.chart.appointments[visit]

    def _scheduled(self, visit: str) -> bool:
        row = self._row(visit)
        return bool(row["appointmentstatus"] == "f" and start_of(row) > datetime.now(UTC))

    def _change(self, visit: str, fields: Row) -> None:
        if self._row(visit)["appointmentstatus"] == "f":
            self.clinic.control(f"athena/appointments/{visit}/change", fields)

    def _known(self, visit: str) -> Appointment | None:
        return Appointment.objects.filter(external_id=visit).first()


def search() -> settings:
    """The suite runs the same few examples every time; more of them are looked for by hand."""
    by_hand = "KEPT_EXAMPLES" in os.environ
    phases = [Phase.generate] + [Phase.shrink] * ("KEPT_SHRINK" in os.environ)
    return settings(
        max_examples=int(os.environ.get("KEPT_EXAMPLES", "8")),
        stateful_step_count=int(os.environ.get("KEPT_STEPS", "30")),
        derandomize=not by_hand,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )


@pytest.mark.usefixtures("transactional_db")
def test_whatever_happens_the_loop_closes() -> None:
    """Every example begins with an empty clinic and new vendors."""
    run_state_machine_as_test(Loop, settings=search())
