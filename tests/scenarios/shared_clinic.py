"""One clinic for many short stories: a module shares the server and the bootstrap, not the people.

`begin_anew` empties both vendors' books and everything Kept knows of patients, and puts the
practice's settings back. What costs time, bootstrapping, happens once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.test import override_settings
from werkzeug.wrappers import Request, Response

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.execution import execute
from campaigns.models import (
    Appointment,
    AppointmentType,
    Campaign,
    ChartCancelReason,
    ConfirmationStatus,
    Department,
    Effect,
    Practice,
    Provider,
)
from integrations.models import AccessToken, Connection, FeedCursor
from integrations.operations import run
from integrations.reconcile.progress import begin
from integrations.reconcile.steps import advance
from integrations.setup import reference_data
from integrations.simulators.relatient.library import campaign
from integrations.simulators.server import SimulatorServer
from tests.emptying import empty_all, empty_ours
from tests.scenarios.clinic import Clinic, seed

# What the bootstrap made: it stays from story to story.
KEPT = (
    *(Practice, Connection, AccessToken, FeedCursor),
    *(Department, Provider, AppointmentType, ChartCancelReason, ConfirmationStatus, Campaign),
)
# Of these a story may change columns.
RESTORED = (Practice, Connection, Department, AppointmentType, ConfirmationStatus, Campaign)
ALL_CHANNELS = ["sms", "email", "voice"]
# The campaign library of docs/decision-table.md, beside what the simulator offers anyway.
LIBRARY = [
    campaign("cmp_any", "Any Visit"),
    campaign("cmp_any_high", "Any Visit", high=True),
    campaign("cmp_any_es", "Cualquier visita", language="es"),
    campaign("cmp_video", "Video Visit", modality="telehealth"),
    campaign("cmp_office", "Office Visit", modality="in_person"),
    campaign("cmp_sms", "Texts Only") | {"channels": ["sms"]},
]
# More rounds than any story takes; a loop that goes on is a defect, not a long story.
ROUNDS = 25


class SharedClinic(Clinic):
    """A clinic that can begin anew, and in which single steps of the loop can be taken."""

    def open(self) -> Practice:
        """Bootstrap with a campaign for every need, and remember how it was."""
        with self.simulator.simulation.lock:
            store = self.simulator.simulation.relatient.store
            store.campaigns = {row["id"]: dict(row) for row in store.campaigns.values()}
            for row in LIBRARY:
                channels = row["channels"] if row["id"] == "cmp_sms" else ALL_CHANNELS
                store.campaigns[row["id"]] = row | {"channels": channels}
        practice = super().open()
        self.calls: list[tuple[str, str]] = []
        self._listen()
        self._were = {model: list(model.objects.order_by("pk").values()) for model in RESTORED}
        self._switches = self.simulator.simulation.switches.as_dict()
        self._campaigns = {row["id"]: dict(row) for row in store.campaigns.values()}
        return practice

    def _listen(self) -> None:
        """Keep the simulators' log of calls: method and path, in the order they came."""
        for vendor in (self.simulator.simulation.athena, self.simulator.simulation.relatient):
            answer = vendor.respond

            def respond(request: Request, answer: Any = answer) -> Response:
                self.calls.append((request.method, request.path))
                return answer(request)

            vendor.respond = respond  # type: ignore[method-assign]

    def begin_anew(self) -> None:
        """Nobody is known, nothing is booked, and every setting is as it was."""
        simulation = self.simulator.simulation
        with simulation.lock:
            simulation.faults.clear()
            simulation.switches.apply(self._switches)
        self._restore_settings()
        self.collect()
        with simulation.lock:
            simulation.ledger.writes.clear()
            chart, store = simulation.athena.chart, simulation.relatient.store
            for table in (chart.appointments, chart.patients, chart.notes, chart.cases):
                table.clear()
            for table in (chart.of_patient, chart.waitlist, chart.merged_into, store.messages):
                table.clear()
            for table in (store.patients, store.patients_by_external_id):
                table.clear()
            for table in (store.enrollments, store.enrollments_of_appointment):
                table.clear()
            store.campaigns = {name: dict(row) for name, row in self._campaigns.items()}
        self.forget_news()
        empty_ours(but=KEPT)
        self.calls.clear()

    def forget_news(self) -> None:
        """What athenahealth's feeds hold was told long ago."""
        with self.simulator.simulation.lock:
            for feed in self.simulator.simulation.athena.feeds.feeds.values():
                feed.waiting.clear()
                feed.queued.clear()

    def tell_again(self, visit: str) -> None:
        """athenahealth's feed tells of this visit, as it is now, at the next poll."""
        self.control(f"athena/appointments/{visit}/change", {})

    def _restore_settings(self) -> None:
        for model, rows in self._were.items():
            now = {row["id"]: row for row in model.objects.values()}
            model.objects.exclude(pk__in=[row["id"] for row in rows]).delete()
            for row in rows:
                if now.get(row["id"]) != row:
                    model.objects.filter(pk=row["id"]).update(**row)

    # --- single steps of the loop

    def poll(self) -> None:
        """athenahealth's feeds are read and taken in; nothing is looked at."""
        with acting_as(process="test"):
            report = run.poll(self.practice)
        assert report["problems"] == [], report

    def collect(self) -> None:
        """Relatient's events are read and taken in; nothing is looked at."""
        with acting_as(process="test"):
            run.collect(self.practice)

    def look(self, visit: str) -> tuple[str, list[str]]:
        """One look: the code of the ledger, and the kinds of effects that then wait.

        Mails to administrators wait elsewhere: they are about no patient.
        """
        row = self.row(visit)
        Appointment.objects.filter(pk=row.pk).update(look_due_at=database_now())
        with acting_as(process="test"):
            assert look(row.pk) is not None
        waiting = Effect.objects.filter(status=EffectStatus.QUEUED, patient__isnull=False)
        return self.row(visit).coverage_code, [effect.kind for effect in waiting.order_by("pk")]

    def run(self, *visits: str, kinds: Iterable[EffectKind] = tuple(EffectKind)) -> None:
        """Looks and effects until nothing is left to do; of these kinds and visits alone."""
        chosen = Appointment.objects.filter(external_id__in=visits) if visits else None
        with acting_as(process="test"):
            for _ in range(ROUNDS):
                if not self._step(chosen, set(kinds)):
                    return
        raise AssertionError("the loop does not come to rest")

    def _step(self, chosen: Any, kinds: set[EffectKind]) -> bool:
        rows = Appointment.objects.all() if chosen is None else chosen
        due = rows.filter(look_due_at__lte=database_now())
        moved = [look(pk) is not None for pk in due.values_list("pk", flat=True)]
        open_ones = [EffectStatus.QUEUED, EffectStatus.UNKNOWN]
        effects = Effect.objects.filter(kind__in=kinds, status__in=open_ones).order_by("pk")
        if chosen is not None:
            # Effects about the patient as a whole, and reads of their other visits, are waited for.
            waited_for = Q(appointment__isnull=True) | Q(kind=EffectKind.READ_APPOINTMENT)
            patients = chosen.values("patient")
            effects = effects.filter(
                Q(appointment__in=chosen) | waited_for & Q(patient__in=patients)
            )
        moved += [execute.execute_effect(pk) for pk in effects.values_list("pk", flat=True)]
        return any(moved)

    def compare(self) -> None:
        """The nightly comparison of the three sides; what follows from it is left to be done."""
        today = database_now().date()
        with acting_as(process="test"):
            round_ = begin(self.practice, today - timedelta(days=1), today + timedelta(days=60))
            assert advance(round_, lambda: None, lambda: False, lambda text: None)

    def read_library(self) -> None:
        """Kept reads Relatient's campaigns again, as it does from time to time."""
        relatient = Connection.objects.select_related("practice").get(vendor="relatient")
        reference_data.load(relatient, lambda: None)

    def row(self, visit: str) -> Appointment:
        """What Kept knows of a visit."""
        return Appointment.objects.get(external_id=visit)

    def ago(self, **much: float) -> str:
        """An instant before now, as the control API reads it."""
        return (datetime.now(UTC) - timedelta(**much)).isoformat()

    def calls_since(self, mark: int, path: str) -> list[tuple[str, str]]:
        """The calls from the mark on whose path holds this."""
        return [call for call in self.calls[mark:] if path in call[1]]


@contextmanager
def shared_clinic() -> Iterator[SharedClinic]:
    """The clinic of one module of tests; everything is emptied behind it."""
    with (
        SimulatorServer(scenario="empty") as server,
        override_settings(KEPT_SEED=seed(server.url)),
    ):
        clinic = SharedClinic(server)
        clinic.open()
        try:
            yield clinic
        finally:
            empty_all()
