"""One row of docs/decision-table.md, staged at the simulated vendors.

A stage is told what athenahealth holds before anybody looks, brings the visit as far as the row
begins, lets things happen at the vendors, and hands over to one look.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, InstructionKind
from campaigns.look_queue import schedule_look
from campaigns.models import AppointmentType, Campaign, CampaignRule, Practice, StaffInstruction
from tests.scenarios.shared_clinic import SharedClinic

# A type, a modality, a risk, a language and the campaign, None where the type is excluded.
RuleLine = tuple[str, str, str, str, str | None]

CMP, CMP_HIGH, CMP_ES = "cmp_any", "cmp_any_high", "cmp_any_es"
CMP_VIDEO, CMP_OFFICE, CMP_SMS = "cmp_video", "cmp_office", "cmp_sms"
OFFICE_VISIT, VIDEO_VISIT = "82", "91"
# What has to be read and told before anything can be enrolled, in this order.
FIRST_STEPS = [EffectKind.READ_PATIENT, EffectKind.READ_HISTORY, EffectKind.UPSERT_PATIENT]


def a_rule(campaign: str | None = CMP, **key: str) -> RuleLine:
    """One line of the mapping; by default it covers every visit."""
    wide = {"type_id": "*", "modality": "any", "risk": "any", "language": "any", **key}
    return wide["type_id"], wide["modality"], wide["risk"], wide["language"], campaign


def afternoon(days: int) -> datetime:
    """Early afternoon in New York some days from now: far from either day's midnight."""
    today = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days)


def later_today() -> tuple[datetime, str]:
    """A start some hours ahead, and a department where that is still the same day."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=3)
    for department, zone in (("1", "America/New_York"), ("102", "America/Los_Angeles")):
        there = ZoneInfo(zone)
        if start.astimezone(there).date() == datetime.now(there).date():
            return start, department
    raise AssertionError("midnight cannot be near on both coasts")


@dataclass
class Stage:
    """What is so in one row. The visit is in a week; athenahealth's ids are known once booked."""

    clinic: SharedClinic
    words: list[str]
    start: datetime = field(default_factory=lambda: afternoon(7))
    patient_fields: dict[str, Any] = field(default_factory=dict)
    visit_fields: dict[str, Any] = field(default_factory=dict)
    type_fields: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    rules: list[RuleLine] = field(default_factory=lambda: [a_rule()])
    # Whether staff tick that visits which were written to move too.
    all_move: bool = False
    # How much of FIRST_STEPS is done before the row begins.
    first_steps: int = len(FIRST_STEPS)
    patient: str = ""
    visit: str = ""
    # The row of a reschedule that this visit replaced.
    before: str = ""
    # Something that began earlier is under way and takes its course after the look.
    under_way: bool = False

    # --- before anybody looks

    def dob(self, age: int) -> None:
        """The patient is that old on the day of the visit."""
        born = date(self.start.year - age, self.start.month, min(self.start.day, 28))
        self.patient_fields["dob"] = born.strftime("%m/%d/%Y")

    def write_mapping(self) -> None:
        """Clinical ops have mapped, and set what there is to set."""
        practice = self.clinic.practice
        Practice.objects.filter(pk=practice.pk).update(**self.settings)
        CampaignRule.objects.filter(practice=practice).delete()
        CampaignRule.objects.bulk_create(self.rule(line) for line in self.rules)
        if self.type_fields:
            kinds = AppointmentType.objects.filter(practice=practice)
            kinds.filter(external_id=self.type_id).update(**self.type_fields)

    def rule(self, line: RuleLine) -> CampaignRule:
        """One line of the mapping, not stored yet."""
        type_id, modality, risk, language, campaign = line
        return CampaignRule(
            practice=self.clinic.practice,
            appointment_type_id=type_id,
            modality=modality,
            risk=risk,
            language=language,
            campaign=self.campaign(campaign) if campaign else None,
        )

    def campaign(self, name: str) -> Campaign:
        """A campaign of the library."""
        return Campaign.objects.get(practice=self.clinic.practice, external_id=name)

    @property
    def type_id(self) -> str:
        """The kind of visit that is booked."""
        return str(self.visit_fields.get("appointmenttypeid", OFFICE_VISIT))

    def register(self) -> None:
        """The patient's record in athenahealth, from long before: no feed tells of it any more."""
        self.patient = self.clinic.patient(**self.patient_fields)
        self.clinic.forget_news()

    def book(self, **fields: Any) -> str:
        """A visit of the patient, by default at the start of the row's."""
        start = fields.pop("starts_at", self.start)
        given = {"patientid": self.patient, "starts_at": start.isoformat(), **fields}
        gone = {name: None for name, value in given.items() if value is None}
        body = {name: value for name, value in given.items() if value is not None}
        visit = str(self.clinic.control("athena/appointments", body)["appointmentid"])
        if gone:
            self.clinic.control(f"athena/appointments/{visit}/change", gone)
        return visit

    def arrive(self) -> None:
        """The visit is booked and seen, and the first steps are taken as far as the row says."""
        self.visit = self.book(**self.visit_fields)
        self.clinic.poll()
        self.clinic.run(self.visit, kinds=FIRST_STEPS[: self.first_steps])

    def somebody_else_enrolled(self) -> None:
        """Another patient, with a visit whose campaign the rules in force have chosen."""
        mine = self.patient
        self.patient = self.clinic.patient()
        other = self.book()
        self.patient = mine
        self.clinic.poll()
        self.clinic.run(other)

    # --- what happens at the vendors

    def change(self, **fields: Any) -> None:
        """Staff change the row in athenahealth."""
        self.clinic.control(f"athena/appointments/{self.visit}/change", fields)

    def happens(self, event: str, **body: Any) -> dict[str, Any]:
        """A cancellation, a check-in and the like, in athenahealth."""
        return self.clinic.control(f"athena/appointments/{self.visit}/{event}", body)

    def hear(self) -> None:
        """Both vendors' news is taken in; nothing is looked at."""
        self.clinic.poll()
        self.clinic.collect()

    def settle(self, *kinds: EffectKind) -> None:
        """The news is heard and this visit brought up to date, by these kinds of effects alone."""
        self.hear()
        self.clinic.run(self.visit, kinds=kinds or tuple(EffectKind))

    def answer(self, kind: str, **words: str) -> None:
        """The patient answers the message that told the first start."""
        self.clinic.answer(self.visit, kind, starts_at=self.start.isoformat(), **words)

    def enrollment(self) -> str:
        """Relatient's id of the newest enrollment of the visit."""
        return str(self.clinic.enrollments(self.visit)[-1]["id"])

    def enroll_by_hand_at_relatient(self) -> None:
        """The same visit, enrolled a second time by somebody with access to Relatient."""
        simulation, ours = self.clinic.simulator.simulation, self.enrollment()
        with simulation.lock:
            store = simulation.relatient.store
            made = {"id", "status", "created_at", "ended_at", "history"}
            like = store.enrollments[ours]
            fields = {name: value for name, value in like.items() if name not in made}
            store.add_enrollment(copy.deepcopy(fields), simulation.clock())

    def instruct(self, kind: InstructionKind, campaign: str = "") -> None:
        """Staff tell Kept what to do about this visit."""
        row, now = self.clinic.row(self.visit), database_now()
        with acting_as(process="test"):
            StaffInstruction.objects.create(
                practice=row.practice,
                appointment=row,
                kind=kind,
                campaign=campaign,
                reason="test",
                given_at=now,
            )
            schedule_look(row, now)
