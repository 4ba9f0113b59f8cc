"""Rules in the console: the effect before saving, and the second person's say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from campaigns.decisions.practice_snapshot import rules_of
from campaigns.domain.values import RuleChangeStatus
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Campaign,
    CampaignRule,
    Practice,
    RuleChange,
)
from tests.factories import PracticeFactory, UserFactory
from tests.integration.rule_room import a_mapped_practice, held, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]
LIST = "/admin/campaigns/campaignrule/"
HISTORY = "/admin/campaigns/rulechange/"


@pytest.fixture
def practice() -> Practice:
    return a_mapped_practice()


@pytest.fixture
def vera(practice: Practice) -> AbstractUser:
    return UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice])


@pytest.fixture
def omar(practice: Practice) -> AbstractUser:
    return UserFactory(username="omar", role=ADMINS, practices=[practice])


def form_of(practice: Practice, external_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "practice": practice.pk,
        "appointment_type_id": "82",
        "modality": "any",
        "risk": "any",
        "language": "any",
        "campaign": Campaign.objects.get(practice=practice, external_id=external_id).pk,
        "active": "on",
    } | fields


def test_saving_shows_the_effect_first(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    visit(practice)
    visit(practice, confirmation="confirmed")
    rule = CampaignRule.objects.get()
    client.force_login(vera)
    form = form_of(practice, "cmp_es")
    page = client.post(f"{LIST}{rule.pk}/change/", form)
    text = page.content.decode()
    assert "2 visits move from Preventive visit to Preventive visit, Spanish." in text
    assert "1 stays because it is confirmed or was written to." in text
    assert "Also move visits that are confirmed or were written to" in text
    assert rules_of(practice)[0].campaign == "cmp_en"
    back = client.get(page.context["back"]).context["adminform"].form
    assert back["campaign"].value() == str(form["campaign"])
    sent = dict(page.context["sent"]) | {"include_messaged": "yes"}
    assert client.post(f"{LIST}{rule.pk}/change/", sent).status_code == 302
    change = RuleChange.objects.get()
    assert (change.moving, change.include_messaged, change.made_by) == (3, True, vera)


def test_a_form_that_is_wrong_shows_no_effect(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    client.force_login(vera)
    page = client.post(f"{LIST}add/", form_of(practice, "cmp_es"))
    assert "exists already" in page.content.decode()


@pytest.mark.parametrize("action", ["switch_off", "delete_selected"])
def test_several_rules_show_their_effect_first(
    client: Client, practice: Practice, vera: AbstractUser, action: str
) -> None:
    visit(practice)
    rule = CampaignRule.objects.get()
    client.force_login(vera)
    page = client.post(LIST, {"action": action, "_selected_action": [rule.pk]})
    assert "1 visit loses its reminders, now from Preventive visit." in page.content.decode()
    assert rules_of(practice)
    client.post(LIST, dict(page.context["sent"]))
    assert not rules_of(practice)


def test_deleting_one_rule_shows_its_effect_first(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    client.force_login(vera)
    address = f"{LIST}{CampaignRule.objects.get().pk}/delete/"
    page = client.get(address)
    assert "1 visit loses its reminders, now from Preventive visit." in page.content.decode()
    client.post(address, dict(page.context["sent"]))
    assert not rules_of(practice)


def test_a_held_change_is_said_and_blocks_the_console(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    change = held(practice)
    client.force_login(vera)
    rule = CampaignRule.objects.get()
    form = form_of(practice, "cmp_en", effect_seen="yes")
    page = client.post(f"{LIST}{rule.pk}/change/", form)
    assert "Approve or reject it first" in page.content.decode()
    assert "1 of 1 enrolled visits would change" in client.get(LIST).content.decode()
    body = {"action": "delete_selected", "_selected_action": [rule.pk]}
    for sent in (body, body | {"effect_seen": "yes"}):
        refusal = client.post(LIST, sent, follow=True).content.decode()
        assert "Approve or reject it first" in refusal
    assert CampaignRule.objects.get().campaign.external_id == "cmp_es"
    assert RuleChange.objects.get() == change


def test_the_author_is_offered_to_withdraw_and_a_colleague_to_decide(
    client: Client, practice: Practice, vera: AbstractUser, omar: AbstractUser
) -> None:
    change = held(practice, vera)
    address = f"{HISTORY}{change.pk}/"
    client.force_login(vera)
    page = client.get(f"{address}change/").content.decode()
    assert "would move from Preventive visit to Preventive visit, Spanish." in page
    assert (
        "Annual physical (82), any language: Preventive visit, Spanish (was Preventive visit)"
        in page
    )
    assert "A second person has to approve it." in page
    assert (">Withdraw<" in page, ">Approve<" in page) == (True, False)
    client.post(f"{address}do/approve/")
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.HELD
    client.force_login(omar)
    page = client.get(f"{address}change/").content.decode()
    assert (">Withdraw<" in page, ">Approve<" in page, ">Reject<" in page) == (False, True, True)
    client.post(f"{address}do/approve/")
    change.refresh_from_db()
    assert (change.status, change.decided_by) == (RuleChangeStatus.APPROVED, omar)


def test_the_author_withdraws(client: Client, practice: Practice, vera: AbstractUser) -> None:
    change = held(practice, vera)
    client.force_login(vera)
    assert client.get(f"{HISTORY}{change.pk}/do/withdraw/").status_code == 405
    client.post(f"{HISTORY}{change.pk}/do/withdraw/")
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.REJECTED
    assert rules_of(practice)[0].campaign == "cmp_en"


def test_neither_the_desk_nor_another_practice_decides(client: Client, practice: Practice) -> None:
    change = held(practice)
    client.force_login(UserFactory(role=FRONT_DESK, practices=[practice]))
    assert client.post(f"{HISTORY}{change.pk}/do/approve/").status_code == 302
    client.force_login(UserFactory(role=ADMINS, practices=[PracticeFactory()]))
    assert client.post(f"{HISTORY}{change.pk}/do/approve/").status_code == 404
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.HELD
