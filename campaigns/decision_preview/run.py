"""Trying a decision: what would become of a visit, real or described. Nothing is written or sent.

The settings, rules and campaigns are the practice's own, and the decision is the one that looks
make, so the answer cannot drift away from what would be done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns import gateways
from campaigns.decisions.practice_snapshot import (
    all_move_since_of,
    campaigns_of,
    rules_before_of,
    rules_of,
    settings_of,
)
from campaigns.decisions.snapshot import build
from campaigns.domain import snapshot as facts
from campaigns.domain.dry_run import DryRun, dry_run
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    Modality,
    OnCancel,
)
from campaigns.domain.visit_status import visit_day
from campaigns.intake.appointment_columns import starts_at
from campaigns.locking import lineage_ids
from campaigns.models import Appointment, AppointmentType, Department, Practice, Provider

ADULT, CHILD, ADOLESCENT, CHILD_ALONE = "adult", "child", "adolescent", "child_alone"
_AGES = {ADULT: 40, CHILD: 9, ADOLESCENT: 15, CHILD_ALONE: 9}
# Stand-ins for the contact data of a described patient: shown in words, never called.
MOBILE, EMAIL = "6172530100", "patient@example.org"
STAND_INS = {f"+1{MOBILE}": "a mobile number", EMAIL: "an email address"}


@dataclass(frozen=True)
class DescribedVisit:
    """A visit as somebody describes it; ids are athenahealth's, `language` a BCP-47 tag or empty.

    `modality` None is what the type says; `no_shows` are in the days that count for the risk.
    """

    type_id: str
    department_id: str
    days: int
    hour: int
    provider_id: str = ""
    modality: Modality | None = None
    patient: str = ADULT
    mobile: bool = True
    email: bool = True
    consent_to_text: bool | None = True
    language: str = ""
    no_shows: int = 0
    opted_out: tuple[Channel, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True)
class Preview:
    """One answer: `approved` tells whether a waiting change of the rules is taken as approved."""

    snapshot: facts.Snapshot
    outcome: DryRun
    approved: bool | None = None


def previews_of(snapshot: facts.Snapshot, now: datetime) -> list[Preview]:
    """One answer, or two while a change of the rules waits for a second person.

    A paused connection only puts off what would be sent, so the answer looks beyond it.
    """
    resumed = replace(snapshot, paused=frozenset())
    if snapshot.rules_before is None:
        return [Preview(resumed, dry_run(resumed, now))]
    approved = replace(resumed, rules_before=None)
    return [
        Preview(resumed, dry_run(resumed, now), approved=False),
        Preview(approved, dry_run(approved, now), approved=True),
    ]


def of_booked(appointment: Appointment) -> facts.Snapshot:
    """The snapshot that a look would build now.

    It takes no locks, so that trying never holds up a look, and rolls back whatever was written.
    """
    with transaction.atomic():
        try:
            return build(appointment, lineage_ids(appointment.practice, appointment))
        finally:
            transaction.set_rollback(True)


def of_described(practice: Practice, case: DescribedVisit, now: datetime) -> facts.Snapshot:
    """The snapshot of a visit that nobody has booked, with a patient whom Kept has just read."""
    names = dict(Provider.objects.filter(practice=practice).values_list("external_id", "name"))
    snapshot = facts.Snapshot(
        settings=settings_of(practice, case.department_id),
        appointment=_appointment(practice, case, names, now),
        patient=facts.PatientFacts("tried", read_at=now, history_read_at=now),
        rules=rules_of(practice),
        campaigns=campaigns_of(practice),
        paused=gateways.paused(practice.external_id),
        provider_names=names,
        rules_before=rules_before_of(practice),
        all_move_since=all_move_since_of(practice),
    )
    return replace(snapshot, patient=_patient(snapshot, case, now))


def _appointment(
    practice: Practice, case: DescribedVisit, names: dict[str, str], now: datetime
) -> facts.AppointmentFacts:
    kind = AppointmentType.objects.filter(practice=practice, external_id=case.type_id).first()
    department = Department.objects.filter(
        practice=practice, external_id=case.department_id
    ).first()
    zone = department.time_zone if department else ""
    today = now.astimezone(ZoneInfo(zone or practice.time_zone)).date()
    local = datetime.combine(today + timedelta(days=case.days), time(case.hour))
    by_type = Modality(kind.modality) if kind else Modality.IN_PERSON
    return facts.AppointmentFacts(
        id=0,
        external_id="tried",
        status=AppointmentStatus.SCHEDULED,
        starts_at=starts_at(local, zone),
        time_zone=zone,
        local_start=local.replace(tzinfo=UTC),
        type_id=case.type_id,
        type_name=(kind.public_name or kind.name) if kind else "",
        modality=case.modality or by_type,
        department_id=case.department_id,
        department_name=(department.public_name or department.name) if department else "",
        providers=tuple(facts.Provider(one, names.get(one, "")) for one in _ids(case)),
        confidential=kind.confidential if kind else False,
        on_cancel=OnCancel((kind.on_cancel if kind else "") or practice.on_cancel),
        confirmation=Confirmation.CONFIRMED if case.confirmed else Confirmation.NONE,
        first_seen_at=now,
        scheduled_at=now,
    )


def _ids(case: DescribedVisit) -> Iterable[str]:
    return (case.provider_id,) if case.provider_id else ()


def _patient(snapshot: facts.Snapshot, case: DescribedVisit, now: datetime) -> facts.PatientFacts:
    day = visit_day(snapshot.appointment)
    mobile, email = MOBILE if case.mobile else "", EMAIL if case.email else ""
    guardian = facts.Contact("A parent", "PARENT", mobile_phone=mobile, email=email)
    own = case.patient in (ADULT, ADOLESCENT)
    return replace(
        snapshot.patient,
        first_name="The",
        last_name="patient",
        date_of_birth=day - timedelta(days=round(_AGES[case.patient] * 365.25)),
        mobile_phone=mobile if own else "",
        email=email if own else "",
        guarantor=guardian if case.patient in (CHILD, ADOLESCENT) else facts.NOBODY,
        consent_to_text=case.consent_to_text,
        language_code=case.language,
        consents=tuple(facts.Consent(one, "opted_out", now) for one in case.opted_out),
        # The last days before the visit count for every practice.
        no_shows=tuple(sorted(day - timedelta(days=1 + n) for n in range(case.no_shows))),
        seen_before=case.no_shows > 0,
    )
