"""Rules change under visits that have reminders already; judged by what Relatient holds."""

from __future__ import annotations

import pytest

from audit.context import acting_as
from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.rule_changes import approve, reject
from campaigns.models import CLINICAL_OPS, Appointment, Campaign, CampaignRule, RuleChange
from tests.factories import UserFactory
from tests.integration.rule_room import save_rule
from tests.scenarios.clinic import Clinic

BEFORE, AFTER = "cmp_preventive_en", "cmp_followup_en"


@pytest.fixture
def visit(clinic: Clinic) -> str:
    """A visit of whose enrollment nobody has heard yet."""
    booked = clinic.book(clinic.patient(), days=5)
    clinic.poll_and_work()
    assert campaigns_of(clinic, booked) == [BEFORE]
    return booked


def campaigns_of(clinic: Clinic, visit: str) -> list[str]:
    return [enrollment["campaign_id"] for enrollment in clinic.active(visit)]


def code_of(visit: str) -> str:
    return Appointment.objects.get(external_id=visit).coverage_code


def change_the_rule(clinic: Clinic, share: float, **how: bool) -> RuleChange:
    """What gets the usual campaign gets another; `share` may do so at once."""
    practice = clinic.practice
    practice.hold_share = share
    practice.save()
    rule = CampaignRule.objects.select_related("practice").get(campaign__external_id=BEFORE)
    rule.campaign = Campaign.objects.get(external_id=AFTER)
    with acting_as(process="test"):
        change = save_rule(rule, **how)
    assert change is not None
    return change


def test_a_small_change_moves_the_visits(clinic: Clinic, visit: str) -> None:
    change_the_rule(clinic, share=1)
    clinic.work()
    assert campaigns_of(clinic, visit) == [AFTER]


@pytest.mark.parametrize(("all_move", "campaign"), [(False, BEFORE), (True, AFTER)])
def test_who_was_written_to_moves_only_if_staff_say_so(
    clinic: Clinic, visit: str, all_move: bool, campaign: str
) -> None:
    clinic.answer(visit, "confirmed")
    clinic.sync()
    change_the_rule(clinic, share=1, include_messaged=all_move)
    clinic.sync()
    assert campaigns_of(clinic, visit) == [campaign]


@pytest.mark.parametrize(("decide", "campaign"), [(approve, AFTER), (reject, BEFORE)])
def test_a_large_change_moves_nobody_before_it_is_approved(
    clinic: Clinic, visit: str, decide, campaign: str
) -> None:
    change = change_the_rule(clinic, share=0)
    clinic.work()
    assert change.status == RuleChangeStatus.HELD
    assert campaigns_of(clinic, visit) == [BEFORE]
    assert code_of(visit) == "held_for_approval"
    writes = len(clinic.writes())
    clinic.work()
    assert len(clinic.writes()) == writes
    person = UserFactory(role=CLINICAL_OPS, practices=[clinic.practice])
    with acting_as(user=person):
        decide(change, person)
    clinic.work()
    assert campaigns_of(clinic, visit) == [campaign]
    assert code_of(visit) == "enrolled"


def test_while_a_change_is_held_a_cancelled_visit_loses_its_reminders(
    clinic: Clinic, visit: str
) -> None:
    change_the_rule(clinic, share=0)
    clinic.control(f"athena/appointments/{visit}/cancel")
    clinic.poll_and_work()
    assert campaigns_of(clinic, visit) == []
