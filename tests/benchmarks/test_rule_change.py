"""Previewing and saving a change of the rules over 100,000 visits.

`make bench` runs it on SQLite. For PostgreSQL, which must allow databases to be created:

    DATABASE_URL=postgres://… ENVIRONMENT=test .venv/bin/python -m pytest -q -s tests/benchmarks

Seconds are printed, not judged: machines differ. What is judged holds on every machine: the
number of queries does not depend on the number of visits, and time grows no worse than linearly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.decisions.practice_snapshot import rules_of
from campaigns.mapping.preview import preview
from campaigns.models import (
    BULK,
    Appointment,
    Campaign,
    CampaignRule,
    Enrollment,
    Patient,
    Practice,
)
from tests.factories import PracticeFactory
from tests.integration.rule_room import save_rule

FEW, MANY = 10_000, 100_000
BATCH = 5_000
TYPES = [str(number) for number in range(100, 120)]
LANGUAGES = ["en", "es", "zh", "vi", "pt"]
# 20 types, 2 modalities, 2 risks, 5 languages: 400 kinds of visit.
KINDS = list(product(TYPES, ["in_person", "telehealth"], ["standard", "enhanced"], LANGUAGES))
# Ten times the visits may take ten times as long, and half as long again for the luck of the day.
LINEAR = 15


@dataclass
class Measured:
    """What one piece of work took and answered."""

    seconds: float
    queries: int
    answer: Any


def measured(work: Callable[[], Any]) -> Measured:
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        answer = work()
        seconds = time.perf_counter() - began
    return Measured(seconds, len(queries), answer)


def a_practice(visits: int) -> Practice:
    """Rules for every type, risk and language, and visits of all kinds; four of five enrolled."""
    practice = PracticeFactory(hold_share=1)
    campaigns = Campaign.objects.bulk_create(
        Campaign(practice=practice, external_id=f"cmp_{n}", name=f"Campaign {n}", channels=["sms"])
        for n in range(20)
    )
    CampaignRule.objects.bulk_create(
        CampaignRule(
            practice=practice,
            appointment_type_id=type_id,
            risk=risk,
            language=language,
            campaign=campaigns[n % len(campaigns)],
        )
        for n, (type_id, risk, language) in enumerate(
            product(TYPES, ["standard", "enhanced"], LANGUAGES)
        )
    )
    now = timezone.now()
    patients = Patient.objects.bulk_create(
        Patient(practice=practice, external_id=f"{n}", read_began=now, read_ended=now)
        for n in range(1_000)
    )
    chosen = {
        (rule.type_id, rule.risk, rule.language): rule.campaign for rule in rules_of(practice)
    }
    rows = (appointment(practice, patients, n, chosen) for n in range(visits))
    while batch := list(islice(rows, BATCH)):
        made = Appointment.objects.bulk_create(batch)
        Enrollment.objects.bulk_create(enrollment(row) for row in made if row.pk % 5)
    analyze()
    return practice


def appointment(
    practice: Practice, patients: list[Patient], number: int, chosen: dict[Any, str]
) -> Appointment:
    now = timezone.now()
    type_id, modality, risk, language = KINDS[number % len(KINDS)]
    starts_at = now + timedelta(days=1, minutes=number % 50_000)
    return Appointment(
        practice=practice,
        patient=patients[number % len(patients)],
        external_id=str(number),
        status="scheduled",
        starts_at=starts_at,
        local_start=starts_at,
        department_external_id="1",
        type_external_id=type_id,
        type_name="Visit",
        confirmation="confirmed" if number % 7 == 0 else "",
        read_began=now,
        read_ended=now,
        first_seen_at=now,
        coverage_state="enrolled",
        coverage_code="enrolled",
        route_modality=modality,
        route_risk=risk,
        route_language=language,
        route_campaign=chosen[type_id, risk, language],
    )


def enrollment(row: Appointment) -> Enrollment:
    return Enrollment(
        practice=row.practice,
        appointment=row,
        patient=row.patient,
        generation=1,
        campaign=row.route_campaign,
        status="active",
        starts_at=row.starts_at,
        lead_channel="sms",
        created_at=row.first_seen_at,
        messaged_at=row.first_seen_at if row.pk % 3 == 0 else None,
    )


def analyze() -> None:
    """What either database does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def run(visits: int) -> tuple[Measured, Measured]:
    """Preview and save: one type's visits of standard risk in English change their campaign."""
    practice = a_practice(visits)
    rule = CampaignRule.objects.select_related("practice", "campaign").filter(practice=practice)[0]
    other = Campaign.objects.filter(practice=practice).exclude(pk=rule.campaign_id)[0]
    rule.campaign = other
    after = [
        one if one.id != rule.pk else type(one)(*[*vars(one).values()][:5], other.external_id)
        for one in rules_of(practice)
    ]
    previewed = measured(lambda: preview(practice, after, False))
    saved = measured(lambda: save_rule(rule))
    marked = practice.appointments.filter(look_due_at__isnull=False, look_priority=BULK)
    assert marked.count() == visits
    assert previewed.answer.moving == saved.answer.moving > 0
    print(
        f"\n{connection.vendor}, {visits:,} visits: preview {previewed.seconds:.2f} s in "
        f"{previewed.queries} queries, saving {saved.seconds:.2f} s in {saved.queries} queries; "
        f"{previewed.answer.moving:,} of {previewed.answer.upcoming:,} move, "
        f"{previewed.answer.staying:,} stay"
    )
    return previewed, saved


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("as_process")
def test_a_rule_change_over_100_000_visits() -> None:
    # The first run also asks what the database can do, and learns the languages.
    run(len(KINDS))
    small, large = run(FEW), run(MANY)
    for few, many in zip(small, large, strict=True):
        assert few.queries == many.queries
        assert many.seconds < few.seconds * LINEAR * MANY / FEW / 10
