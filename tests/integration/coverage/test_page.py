"""Coverage: the share of visits that get reminders, and the holes of the mapping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.coverage.page import SHOWN
from campaigns.domain.coverage import Code, State
from campaigns.domain.values import RuleChangeStatus
from campaigns.models import (
    ADMINS,
    BULK,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    Patient,
    Practice,
    RuleChange,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    PatientFactory,
    PracticeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/coverage/"
# The visitor and the session, the practice, the groups, the mapping, the names; PostgreSQL's clock.
MOST_QUERIES = 15


@pytest.fixture
def practice() -> Practice:
    """Physicals have a campaign in English for standard risk, in person."""
    made = PracticeFactory(name="Lakeside Family Medicine")
    AppointmentTypeFactory(practice=made)
    CampaignRuleFactory(practice=made, modality="in_person", risk="standard", language="en")
    return made


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice]))
    return client


def visit(practice: Practice, code: Code = Code.ENROLLED, **columns: Any) -> Appointment:
    routed = {"route_modality": "in_person", "route_risk": "standard", "route_language": "en"}
    return AppointmentFactory(practice=practice, code=code, **{**routed, **columns})


def shown(client: Client, weeks: int | str = 4) -> dict[str, Any]:
    answer = client.get(PAGE, {"weeks": weeks})
    assert answer.status_code == 200
    return answer.context


def holes(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(row["name"], row["hole"].missing, row["hole"].visits) for row in rows]


def test_the_share_leaves_out_what_is_meant_to_get_none(ops: Client, practice: Practice) -> None:
    visit(practice)
    visit(practice)
    visit(practice, Code.EFFECT_IN_FLIGHT)
    visit(practice, Code.NO_CONTACT_CHANNEL)
    visit(practice, Code.OPTED_OUT)
    visit(practice, Code.TYPE_EXCLUDED)
    share = shown(ops)["share"]
    assert (share.visits, share.meant, share.enrolled, share.pending) == (6, 4, 2, 1)
    assert (share.percent, share.missing, share.without) == (50, 1, 2)
    assert "50% of the visits that should get reminders have them" in ops.get(PAGE).content.decode()


def test_nearly_all_is_not_all(ops: Client, practice: Practice) -> None:
    patient = PatientFactory(practice=practice)
    for _ in range(200):
        visit(practice, patient=patient)
    visit(practice, Code.NO_CONTACT_CHANNEL)
    assert shown(ops)["share"].percent == 99


def test_unmapped_types_come_first_and_lead_to_the_mapping(ops: Client, practice: Practice) -> None:
    AppointmentTypeFactory(practice=practice, external_id="92", name="Sleep study")
    for _ in range(3):
        visit(practice)
    visit(practice, Code.NO_RULE, type_external_id="91", type_name="Nutrition")
    for _ in range(2):
        visit(practice, Code.NO_RULE, type_external_id="92", type_name="Sleep study")
    context = shown(ops)
    assert holes(context["unmapped"]) == [("Sleep study", "", 2), ("Nutrition", "", 1)]
    assert [line.name for line in context["ledger"]] == [
        "Sleep study",
        "Nutrition",
        "Annual physical",
    ]
    page = ops.get(PAGE).content.decode()
    assert '<a class="target" href="/coverage/mapping/?type=92">' in page
    # athenahealth added Nutrition since the types were loaded.
    assert context["unmapped"][1]["fix"] == "/coverage/mapping/"
    for row in context["unmapped"]:
        assert ops.get(row["fix"]).status_code == 200


@pytest.mark.parametrize(
    ("columns", "missing", "meanwhile"),
    [
        ({"route_language": "es"}, "Spanish", "written to in English: Preventive visit"),
        (
            {"route_risk": "enhanced"},
            "enhanced risk",
            "get what is meant for standard risk: Preventive visit",
        ),
        ({"route_modality": "telehealth", "code": Code.NO_RULE}, "telehealth", "no reminders"),
    ],
)
def test_a_variant_that_is_missing_says_what_they_get_instead(
    ops: Client, practice: Practice, columns: dict[str, Any], missing: str, meanwhile: str
) -> None:
    visit(practice, **columns)
    (row,) = shown(ops)["variants"]
    assert (row["hole"].missing, row["hole"].meanwhile) == (missing, meanwhile)
    assert not shown(ops)["unmapped"]


def test_a_language_without_even_a_fallback(ops: Client, practice: Practice) -> None:
    CampaignRuleFactory(
        practice=practice,
        appointment_type_id="91",
        language="es",
        campaign=CampaignFactory(practice=practice, external_id="cmp_es", name="Spanish"),
    )
    visit(practice, Code.NO_RULE, type_external_id="91", type_name="Nutrition", route_language="vi")
    visit(practice, Code.NO_RULE, type_external_id="91", type_name="Nutrition")
    assert holes(shown(ops)["variants"]) == [
        ("Nutrition", "English", 1),
        ("Nutrition", "Vietnamese", 1),
    ]


def test_who_gets_none_for_another_reason_is_no_hole(ops: Client, practice: Practice) -> None:
    visit(practice, Code.OPTED_OUT, type_external_id="91")
    visit(practice, Code.ENROLLED, type_external_id="92")
    visit(practice, Code.AWAITING_PATIENT, type_external_id="93", route_modality="")
    context = shown(ops)
    assert not context["unmapped"]
    assert not context["variants"]


def test_rules_that_decide_nothing(ops: Client, practice: Practice) -> None:
    idle = CampaignRuleFactory(practice=practice, appointment_type_id="*", campaign=None)
    visit(practice)
    ((words, address),) = shown(ops)["idle"]
    assert words == ("Every type", "no reminders")
    assert address == f"/admin/campaigns/campaignrule/{idle.pk}/change/"
    assert ops.get(address, follow=True).status_code == 200


def test_a_campaign_that_was_switched_off_is_named(ops: Client, practice: Practice) -> None:
    visit(practice, Code.CAMPAIGN_INACTIVE)
    rule = practice.rules.get()
    rule.campaign.active = False
    rule.campaign.save()
    assert shown(ops)["ended"] == [("Preventive visit", 1)]


def test_each_reason_leads_to_exactly_its_visits(ops: Client, practice: Practice) -> None:
    for code in (Code.NO_CONTACT_CHANNEL, Code.NO_CONTACT_CHANNEL, Code.OPTED_OUT):
        visit(practice, code)
    visit(practice, Code.OPTED_OUT, starts_at=timezone.now() + timedelta(days=70))
    zoneless = visit(practice, Code.TIME_ZONE_UNKNOWN)
    Appointment.objects.filter(pk=zoneless.pk).update(starts_at=None, time_zone="")
    reasons = shown(ops)["reasons"]
    assert [(reason.state, reason.visits) for reason in reasons] == [
        ("blocked", 2),
        ("blocked", 1),
        ("excluded", 1),
    ]
    for reason in reasons:
        rows = ops.get(reason.address).context["cl"].queryset
        assert rows.count() == reason.visits
        if reason.fix:
            assert ops.get(reason.fix.address).status_code == 200


def test_the_ledger_counts_every_visit_once(ops: Client, practice: Practice) -> None:
    codes = [Code.ENROLLED, Code.AWAITING_HISTORY, Code.NO_RULE, Code.NO_PROVIDER]
    for code in [*codes, Code.VENDOR_REJECTED, Code.ENROLLED]:
        visit(practice, code)
    (line,) = shown(ops)["ledger"]
    assert dict(zip(SHOWN, line.by_state, strict=True)) == {
        State.ENROLLED: 2,
        State.PENDING: 1,
        State.EXCLUDED: 1,
        State.BLOCKED: 1,
        State.FAILED: 1,
    }
    assert line.visits == sum(line.by_state)
    assert ops.get(line.address).context["cl"].queryset.count() == 6


@pytest.mark.parametrize(("weeks", "visits"), [(1, 1), (2, 2), (4, 3), (8, 4), ("x", 3), ("", 3)])
def test_one_looks_as_far_ahead_as_one_likes(
    ops: Client, practice: Practice, weeks: int | str, visits: int
) -> None:
    for days in (-1, 3, 10, 20, 50):
        visit(practice, starts_at=timezone.now() + timedelta(days=days))
    assert shown(ops, weeks)["share"].visits == visits


def test_the_last_day_counts_to_its_end_in_clinic_time(ops: Client, practice: Practice) -> None:
    Practice.objects.filter(pk=practice.pk).update(time_zone="Pacific/Honolulu")
    today = timezone.now().astimezone(timezone.get_fixed_timezone(-600)).date()
    last = today + timedelta(days=7)
    # 11 PM in Honolulu is 9 AM of the next day in UTC.
    late = datetime(last.year, last.month, last.day, 9, tzinfo=UTC) + timedelta(days=1)
    visit(practice, starts_at=late)
    visit(practice, starts_at=late + timedelta(hours=1))
    assert shown(ops, 1)["share"].visits == 1


def test_a_new_practice_is_told_what_will_come(ops: Client, practice: Practice) -> None:
    practice.rules.all().delete()
    page = ops.get(PAGE).content.decode()
    assert "No visits in the next 4 weeks" in page
    assert "There are no rules yet" in page


def test_what_is_under_way_is_said(ops: Client, practice: Practice) -> None:
    visit(practice, look_due_at=timezone.now(), look_priority=BULK)
    RuleChange.objects.create(
        practice=practice,
        status=RuleChangeStatus.HELD,
        made_at=timezone.now(),
        made_by_name="omar",
    )
    page = ops.get(PAGE).content.decode()
    assert "1 visit still has to be looked at after a change." in page
    assert "waits for a second person" in page


def test_another_practice_is_not_counted_nor_found(ops: Client, practice: Practice) -> None:
    elsewhere = PracticeFactory(name="Zebra Pediatrics")
    visit(elsewhere)
    assert shown(ops)["share"].visits == 0
    assert ops.get(PAGE, {"practice": elsewhere.pk}).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(CLINICAL_OPS, 200), (FRONT_DESK, 403), (ADMINS, 403), (None, 302)]
)
def test_coverage_is_for_clinical_ops(
    client: Client, practice: Practice, role: str | None, status: int
) -> None:
    if role:
        client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get(PAGE).status_code == status


def test_it_is_where_clinical_ops_begin(ops: Client) -> None:
    assert ops.get("/").url == PAGE


def many(practice: Practice, patient: Patient, number: int) -> None:
    """Visits in every state, with and without a route."""
    first = visit(practice, patient=patient)
    codes = [Code.ENROLLED, Code.NO_RULE, Code.OPTED_OUT, Code.NO_CONTACT_CHANNEL]
    template = {
        field.attname: getattr(first, field.attname)
        for field in Appointment._meta.concrete_fields
        if not field.primary_key
    }
    rows = []
    for n in range(number):
        code = codes[n % 4]
        row = {
            **template,
            "external_id": f"m{number}-{n}",
            "type_external_id": str(80 + n % 9),
            "route_language": ["en", "es", "vi"][n % 3],
            "coverage_code": code,
            "coverage_state": {
                Code.ENROLLED: State.ENROLLED,
                Code.NO_CONTACT_CHANNEL: State.BLOCKED,
            }.get(code, State.EXCLUDED),
        }
        rows.append(Appointment(**row))
    Appointment.objects.bulk_create(rows, batch_size=500)


def test_a_thousand_visits_take_as_many_queries_as_ten(
    ops: Client,
    practice: Practice,
) -> None:
    patient = PatientFactory(practice=practice)
    many(practice, patient, 10)
    with CaptureQueriesContext(connection) as few:
        shown(ops)
    many(practice, patient, 1_000)
    with CaptureQueriesContext(connection) as more:
        assert shown(ops)["share"].visits == 1_012
    assert len(more) == len(few) <= MOST_QUERIES
