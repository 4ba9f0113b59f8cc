"""A practice connected to both simulated vendors over real HTTP, and what the vendors then hold.

Assertions are made on the simulators' state, not on our own tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import requests

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.execution import execute
from campaigns.models import Campaign, CampaignRule, Effect, Practice
from integrations.connections import registry
from integrations.models import Connection
from integrations.operations import run
from integrations.setup.bootstrap import bootstrap
from integrations.simulators.server import SimulatorServer
from tests.scenarios.opened import Opened, put_back, remember

PRACTICE = "195900"
JSON = dict[str, Any]
# Calls a second that no test waits for.
QUICK = 1000
# The first clinic of this run, as it was when it opened.
_opened: Opened | None = None

RULES = [
    ("82", "any", "standard", "any", "cmp_preventive_en"),
    ("82", "any", "enhanced", "any", "cmp_preventive_en_high"),
    ("83", "any", "any", "any", "cmp_followup_en"),
    ("91", "any", "any", "any", "cmp_telehealth_en"),
]


def seed(url: str) -> JSON:
    """What the environment would say of this practice."""
    return {
        "ATHENA_BASE_URL": url,
        "ATHENA_CLIENT_ID": "kept-demo",
        "ATHENA_CLIENT_SECRET": "demo-secret",
        "ATHENA_PRACTICE_ID": PRACTICE,
        "ATHENA_WEBHOOK_SECRET": "",
        "RELATIENT_BASE_URL": f"{url}/relatient",
        "RELATIENT_API_KEY": "demo-relatient-key",
        "RELATIENT_WEBHOOK_SECRET": "",
        "PRACTICE_NAME": "Harbor Family Health",
        "PRACTICE_TIME_ZONE": "America/New_York",
        "PRACTICE_LANGUAGE": "en",
        "WAITLIST_PHONE": "+16172530110",
        "ALERT_EMAILS": ["admin@example.org"],
    }


@contextmanager
def _unhurried() -> Iterator[None]:
    """A new practice keeps to a few calls a second; a bootstrap for each test would wait for it."""
    with ExitStack() as stack:
        for vendor in ("athena", "relatient"):
            field = Practice._meta.get_field(f"{vendor}_requests_per_second")
            stack.enter_context(mock.patch.object(field, "_get_default", lambda: QUICK))
        yield


class Clinic:
    """The practice, and both vendors' books."""

    def __init__(self, simulator: SimulatorServer) -> None:
        self.url = simulator.url
        self.simulator = simulator

    def open(self) -> Practice:
        """Bootstrap, and map the campaigns."""
        with acting_as(process="test"), _unhurried():
            report = bootstrap()
        assert all(c["ok"] for c in report["connections"].values()), report["connections"]
        practice = self.practice
        practice.retry_base_seconds = 0.01
        practice.save()
        self.map_campaigns()
        return practice

    def open_quickly(self) -> None:
        """As `open` leaves it: over HTTP the first time in a run, and put back ever after.

        For an empty database, and vendors that nobody has spoken to.
        """
        global _opened
        if _opened is None:
            self.open()
            _opened = remember(self.simulator)
        else:
            put_back(_opened, self.simulator)

    def map_campaigns(self) -> None:
        """The rules that most stories go by."""
        practice = self.practice
        for type_id, modality, risk, language, campaign in RULES:
            CampaignRule.objects.create(
                practice=practice,
                appointment_type_id=type_id,
                modality=modality,
                risk=risk,
                language=language,
                campaign=Campaign.objects.get(practice=practice, external_id=campaign),
            )

    @property
    def practice(self) -> Practice:
        """Read afresh."""
        return Practice.objects.get(external_id=PRACTICE)

    def sync(self) -> JSON:
        """What the operator's `sync` does."""
        with acting_as(process="test"):
            return run.sync(self.practice)

    def poll_and_work(self) -> None:
        """The chart is polled, but answers are not collected."""
        with acting_as(process="test"):
            run.poll(self.practice)
            run.work(self.practice)

    def collect_and_work(self) -> None:
        """Answers reach the chart, but the chart is not polled."""
        with acting_as(process="test"):
            run.collect(self.practice)
            run.work(self.practice)

    def work(self, seconds: float | None = None) -> JSON:
        """What the operator's `work` does."""
        with acting_as(process="test"):
            return run.work(self.practice, seconds)

    def try_again(self, effect: Effect) -> None:
        """The console's button."""
        with acting_as(process="test"):
            execute.retry_effect(effect)

    def resume(self, vendor: str) -> None:
        """The console's button."""
        with acting_as(process="test"):
            registry.resume(Connection.objects.get(vendor=vendor))

    def quick_deadline(self) -> None:
        """Give up on a vendor after a few seconds instead of a minute."""
        Practice.objects.update(effect_lease_seconds=5)

    def slow_retries(self) -> None:
        """What fails is not tried again within the test, unless the test says so."""
        Practice.objects.update(retry_base_seconds=600, retry_minutes=600)

    def refuse(self, method: str, path: str, status: int, code: str) -> None:
        """Relatient says no, once, in its own words."""
        body = {"code": code, "title": "no", "request_id": "r", "retryable": False}
        headers = {"Content-Type": "application/json"}
        self.fault(
            kind="status",
            status=status,
            method=method,
            path=path,
            headers=headers,
            body=json.dumps(body),
        )

    def known_to_relatient(self, patient: str) -> None:
        """Relatient has a record of a patient before Kept has heard of them."""
        body = {"external_id": f"athena:{PRACTICE}:{patient}", "first_name": "N", "last_name": "E"}
        headers = {"Authorization": "ApiKey demo-relatient-key", "Idempotency-Key": "elsewhere"}
        url = f"{self.url}/relatient/v1/patients"
        assert requests.post(url, json=body, headers=headers, timeout=10).status_code == 201

    def forget_idempotency_keys(self) -> None:
        """A week passes at Relatient."""
        with self.simulator.simulation.lock:
            keys = self.simulator.simulation.relatient.keys
            for table in vars(keys).values():
                if isinstance(table, dict):
                    table.clear()

    def sync_effects_only(self) -> None:
        """Effects go out as they are queued, without another look."""
        with acting_as(process="test"):
            for pk in execute.due_effects(database_now(), self.practice):
                execute.execute_effect(pk)

    def fault(self, **fault: Any) -> None:
        """Something goes wrong at a vendor, once unless said otherwise."""
        self.control("faults", {"times": 1, **fault})

    def unsubscribe(self) -> None:
        """Somebody drops our subscription at athenahealth."""
        with self.simulator.simulation.lock:
            for feed in self.simulator.simulation.athena.feeds.feeds.values():
                feed.unsubscribe("")

    def tokens_issued(self) -> int:
        """How many access tokens athenahealth has given out."""
        return self.state()["athena"]["tokens_issued"]

    def chart_writes(self, appointment: str) -> list[JSON]:
        """Accepted changes of one appointment in the chart."""
        return [
            write
            for write in self.writes()
            if write["vendor"] == "athenahealth" and appointment in str(write["subjects"])
        ]

    def control(self, path: str, body: Any = None, method: str = "POST") -> JSON:
        """Something happens at a vendor."""
        reply = requests.request(method, f"{self.url}/_sim/{path}", json=body or {}, timeout=10)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else {}

    def state(self) -> JSON:
        """Everything both vendors hold."""
        return requests.get(f"{self.url}/_sim/state", timeout=10).json()

    def patient(self, **fields: Any) -> str:
        """A patient in athenahealth; an empty description is a reachable adult."""
        return self.control("athena/patients", fields)["patientid"]

    def ahead(self, days: float) -> str:
        """An instant some days from now, on the full hour."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return (hour + timedelta(days=days)).isoformat()

    def book(self, patient: str, days: float = 2, **fields: Any) -> str:
        """An appointment in athenahealth, some days ahead."""
        body = {"patientid": patient, "starts_at": self.ahead(days), **fields}
        return self.control("athena/appointments", body)["appointmentid"]

    def answer(self, appointment: str, kind: str, **fields: Any) -> JSON:
        """The patient answers the reminder."""
        return self.control(
            "relatient/answer", {"appointmentid": appointment, "type": kind, **fields}
        )

    def consent(self, patient: str, channel: str, word: str, **fields: Any) -> JSON:
        """The patient opts out of a channel, or in again."""
        body = {"patientid": patient, "channel": channel, "type": word, **fields}
        return self.control("relatient/consent", body)

    def chart(self, appointment: str) -> JSON:
        """The appointment's row in athenahealth."""
        rows = self.state()["athena"]["appointments"]
        rows = rows.values() if isinstance(rows, dict) else rows
        return next(row for row in rows if str(row["appointmentid"]) == appointment)

    def enrollments(self, appointment: str | None = None) -> list[JSON]:
        """Relatient's enrollments, of one appointment or all."""
        rows = self.state()["relatient"]["enrollments"]
        rows = list(rows.values()) if isinstance(rows, dict) else rows
        if appointment is None:
            return rows
        wanted = f"athena:{PRACTICE}:{appointment}"
        return [row for row in rows if row["appointment"]["external_id"] == wanted]

    def active(self, appointment: str) -> list[JSON]:
        """The active ones of an appointment."""
        return [row for row in self.enrollments(appointment) if row["status"] == "active"]

    def writes(self) -> list[JSON]:
        """Every state-changing call that a vendor accepted, in order."""
        return self.state()["writes"]

    def initial_messages(self, enrollment: JSON) -> list[JSON]:
        """How often the patient was told the visit's details."""
        return [
            message
            for message in _rows(self.state()["relatient"]["messages"])
            if message["enrollment_id"] == enrollment["id"] and message["step"] == "initial"
        ]

    def waitlist_messages(self) -> list[JSON]:
        """Texts to the practice's own number."""
        messages = _rows(self.state()["relatient"]["messages"])
        return [message for message in messages if not message.get("enrollment_id")]

    def cases(self, patient: str) -> list[JSON]:
        """The desk's tasks for a patient in athenahealth."""
        cases = _rows(self.state()["athena"]["patient_cases"])
        return [case for case in cases if str(case["patientid"]) == patient]

    def take_away(self, appointment: str) -> JSON:
        """The appointment is gone: athenahealth does not know it any more. Its row as it was."""
        chart = self.simulator.simulation.athena.chart
        with self.simulator.simulation.lock:
            row = chart.appointments.pop(appointment)
            chart.of_patient[row["patientid"]].remove(appointment)
        return row

    def bring_back(self, row: JSON) -> None:
        """A row that was taken away is there again."""
        chart = self.simulator.simulation.athena.chart
        with self.simulator.simulation.lock:
            chart.appointments[row["appointmentid"]] = row
            chart.of_patient[row["patientid"]].append(row["appointmentid"])

    def drop_from_feed(self, appointment: str) -> None:
        """The vendor never tells of this appointment's change."""
        with self.simulator.simulation.lock:
            for feed in self.simulator.simulation.athena.feeds.feeds.values():
                feed.waiting = [entry for entry in feed.waiting if entry.subject != appointment]

    def feed_waiting(self) -> int:
        """Rows of the appointment feed that nobody has read yet."""
        feeds = self.state()["athena"]["feeds"]
        return sum(f["waiting"] for f in feeds if f["name"] == "appointments")


def _rows(table: Any) -> list[JSON]:
    return list(table.values()) if isinstance(table, dict) else list(table)
