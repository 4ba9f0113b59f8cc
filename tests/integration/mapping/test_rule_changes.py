"""Changing the rules: what it would move, what waits for a second person, what is put back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from audit.models import AuditEvent
from campaigns.decisions.practice_snapshot import all_move_since_of, rules_before_of, rules_of
from campaigns.domain.coverage import Code
from campaigns.domain.snapshot import Rule
from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.csv_rules import read_rules
from campaigns.mapping.preview import Preview, preview
from campaigns.mapping.rule_changes import (
    ChangeRefused,
    apply_rules,
    approve,
    reject,
)
from campaigns.models import (
    ADMINS,
    BULK,
    CLINICAL_OPS,
    Appointment,
    Campaign,
    CampaignRule,
    Effect,
    Practice,
    RuleChange,
    StaffInstruction,
)
from tests.factories import AppointmentTypeFactory, CampaignRuleFactory, UserFactory
from tests.integration.command_room import answered
from tests.integration.rule_room import a_mapped_practice, change_to, held, save_rule, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


@pytest.fixture
def practice() -> Practice:
    return a_mapped_practice()


@pytest.fixture
def vera(practice: Practice) -> AbstractUser:
    return UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice])


@pytest.fixture
def omar(practice: Practice) -> AbstractUser:
    return UserFactory(username="omar", role=ADMINS, practices=[practice])


def to_spanish(practice: Practice) -> tuple[Rule, ...]:
    """The mapping, had the rule for physicals the other campaign."""
    rule = CampaignRule.objects.get(practice=practice)
    return (Rule(rule.pk, "82", "any", "any", "any", "cmp_es"),)


def actions() -> list[str]:
    events = AuditEvent.objects.filter(action__startswith="rule").order_by("pk")
    return list(events.values_list("action", flat=True))


def looks_due(practice: Practice) -> int:
    return practice.appointments.filter(look_due_at__isnull=False, look_priority=BULK).count()


def test_visits_are_counted_by_what_they_move_from_and_to(practice: Practice) -> None:
    for _ in range(3):
        visit(practice)
    visit(practice, "cmp_es")
    visit(practice, type_external_id="83", code=Code.NO_RULE, enrolled_in="")
    rules = (*to_spanish(practice), Rule(0, "83", "any", "any", "any", "cmp_en"))
    found = preview(practice, rules, include_messaged=False)
    assert found.moves == (("cmp_en", "cmp_es", 3), ("", "cmp_en", 1))
    assert (found.upcoming, found.moving) == (4, 3)


def test_a_type_without_a_rule_any_more_moves_to_no_reminders(practice: Practice) -> None:
    visit(practice, enrollment={"status": "completed"})
    found = preview(practice, (), include_messaged=False)
    assert found == Preview(upcoming=1, moving=1, moves=(("cmp_en", "", 1),))


@pytest.mark.parametrize(
    "written_to",
    [
        {"confirmation": "confirmed"},
        {"confirmation": "confirmed_by_operator"},
        {"enrollment": {"messaged_at": timezone.now()}},
    ],
)
def test_who_confirmed_or_was_written_to_stays_unless_told_otherwise(
    practice: Practice, written_to: dict[str, Any]
) -> None:
    visit(practice, **written_to)
    stays = preview(practice, to_spanish(practice), include_messaged=False)
    assert (stays.staying, stays.moving, stays.moves) == (1, 0, ())
    moves = preview(practice, to_spanish(practice), include_messaged=True)
    assert (moves.staying, moves.moving) == (0, 1)


def test_a_campaign_that_is_switched_off_keeps_nobody(practice: Practice) -> None:
    visit(practice, confirmation="confirmed")
    Campaign.objects.filter(external_id="cmp_en").update(active=False)
    found = preview(practice, to_spanish(practice), include_messaged=False)
    assert (found.staying, found.moving) == (0, 1)


def test_what_the_rules_do_not_choose_does_not_move(practice: Practice) -> None:
    by_hand = visit(practice)
    StaffInstruction.objects.create(
        practice=practice,
        appointment=by_hand,
        kind="enrolled",
        campaign="cmp_en",
        reason="The family asked.",
        given_at=timezone.now(),
    )
    visit(practice, enrollment={"route": {"general": "yes"}})
    visit(practice, "", code=Code.OPTED_OUT)
    visit(practice, starts_at=timezone.now() - timedelta(hours=1))
    visit(practice, status="cancelled")
    found = preview(practice, to_spanish(practice), include_messaged=True)
    assert found == Preview(upcoming=2)


def test_a_visit_that_was_not_looked_at_is_undecided(practice: Practice) -> None:
    visit(practice, "", route_modality="", route_risk="", route_language="")
    assert preview(practice, to_spanish(practice), False) == Preview(undecided=1)


def test_an_earlier_change_on_its_way_is_not_counted_for_this_one(practice: Practice) -> None:
    visit(practice, "cmp_es")
    rules = (*rules_of(practice), Rule(0, "83", "any", "any", "any", "cmp_es"))
    assert preview(practice, rules, False).moves == ()


def test_the_number_of_queries_is_the_same_for_any_number_of_visits(practice: Practice) -> None:
    rules = to_spanish(practice)
    clock = connection.vendor == "postgresql"
    for _ in range(2):
        visit(practice)
        with assertNumQueries(3 + clock):
            preview(practice, rules, False)


def test_a_small_change_is_in_force_at_once_and_kept_as_history(
    practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    change = change_to(practice, "cmp_es", user=vera)
    pk = CampaignRule.objects.get().pk
    assert change.status == RuleChangeStatus.APPLIED
    assert change.before == [[pk, "82", "any", "any", "any", "cmp_en"]]
    assert change.after == [[pk, "82", "any", "any", "any", "cmp_es"]]
    assert change.moves == [["cmp_en", "cmp_es", 1]]
    assert (change.made_by, change.made_by_name) == (vera, "vera")
    assert actions() == ["rule.updated", "rules.changed"]
    assert looks_due(practice) == 1


def test_a_change_that_moves_nobody_is_history_too(practice: Practice) -> None:
    change = change_to(practice, "cmp_es")
    assert (change.status, change.moving, change.made_by_name) == ("applied", 0, "test")


def test_saving_what_is_there_already_is_no_change(practice: Practice) -> None:
    rule = CampaignRule.objects.select_related("practice").get()
    assert save_rule(rule) is None
    assert actions() == []


def test_a_change_that_moves_too_many_waits_and_is_mailed(practice: Practice) -> None:
    change = held(practice)
    assert rules_before_of(practice) == (Rule(*change.before[0]),)
    assert rules_of(practice) == (Rule(*change.after[0]),)
    assert looks_due(practice) == 1
    assert actions()[-1] == "rules.held"
    mail = Effect.objects.get(kind="alert")
    assert "1 of 1 enrolled visits" in mail.body["text"]
    assert mail.body["to"] == ["ops@example.org"]


def test_the_share_itself_may_still_move(practice: Practice) -> None:
    Practice.objects.update(hold_share=0.5)
    visit(practice)
    visit(practice, confirmation="confirmed")
    assert change_to(practice, "cmp_es").status == RuleChangeStatus.APPLIED


def test_while_one_waits_every_other_change_is_refused(practice: Practice) -> None:
    held(practice)
    with pytest.raises(ChangeRefused, match="Approve or reject it first"):
        change_to(practice, "cmp_en")
    assert CampaignRule.objects.get().campaign.external_id == "cmp_es"


def test_nobody_approves_a_change_of_their_own(practice: Practice, vera: AbstractUser) -> None:
    change = held(practice, vera)
    with pytest.raises(ChangeRefused, match="second person"):
        approve(change, vera)
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.HELD


def test_not_even_with_an_account_that_was_made_anew(
    practice: Practice, vera: AbstractUser
) -> None:
    change = held(practice, vera)
    vera.memberships.all().delete()
    vera.delete()
    again = UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice])
    with pytest.raises(ChangeRefused):
        approve(change, again)


def test_a_second_person_lets_the_visits_move(
    practice: Practice, vera: AbstractUser, omar: AbstractUser
) -> None:
    change = held(practice, vera, include_messaged=True)
    assert all_move_since_of(practice) is None
    Appointment.objects.update(look_due_at=None)
    approve(change, omar)
    change.refresh_from_db()
    assert (change.status, change.decided_by_name) == ("approved", "omar")
    assert rules_before_of(practice) is None
    assert all_move_since_of(practice) == change.decided_at
    assert looks_due(practice) == 1
    assert actions()[-1] == "rules.approved"
    with pytest.raises(ChangeRefused, match="already"):
        reject(change, omar)


def test_rejecting_puts_every_rule_back_under_its_number(
    practice: Practice, vera: AbstractUser
) -> None:
    gone = CampaignRule.objects.get()
    changed = CampaignRuleFactory(practice=practice, risk="enhanced", campaign=gone.campaign)
    before = set(rules_of(practice))
    Practice.objects.update(hold_share=0)
    visit(practice)
    lines = "83,any,any,any,cmp_es,true\n82,any,enhanced,any,,true\n"
    AppointmentTypeFactory(practice=practice, external_id="83")
    change = import_held(practice, lines)
    reject(change, vera)
    assert set(rules_of(practice)) == before
    assert CampaignRule.objects.filter(active=True).count() == 2
    assert CampaignRule.objects.get(appointment_type_id="83").active is False
    assert CampaignRule.objects.get(pk=changed.pk).campaign == gone.campaign
    assert actions()[-1] == "rules.rejected"


def import_held(practice: Practice, lines: str) -> RuleChange:
    """Replace the mapping, as one change."""
    heading = "appointment_type_id,modality,risk,language,campaign_id,active\n"
    rules, errors = read_rules(practice, heading + lines)
    assert not errors
    _, change = apply_rules(practice, rules, replace=True)
    assert change is not None
    return change


def test_an_import_that_is_held_says_so(practice: Practice, tmp_path: Any) -> None:
    Practice.objects.update(hold_share=0.5)
    visit(practice)
    file = tmp_path / "rules.csv"
    file.write_text(
        "appointment_type_id,modality,risk,language,campaign_id\n82,any,any,any,cmp_es\n"
    )
    answer, status = answered("import_rules", str(file))
    assert (status, answer["held"], answer["moving"], answer["upcoming"]) == (1, True, 1, 1)
    assert (answer["updated"], answer["errors"]) == (1, [])
    again, status = answered("import_rules", str(file))
    assert (status, again["held"]) == (1, False)
    assert "waits for approval" in again["errors"][0]["message"]
