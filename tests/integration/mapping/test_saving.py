"""From the grid to the rules: the effect first, one change, nothing lost of a colleague."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.domain.values import RuleChangeStatus
from campaigns.models import (
    Appointment,
    AppointmentType,
    Campaign,
    CampaignRule,
    Practice,
    RuleChange,
)
from tests.factories import (
    AppointmentTypeFactory,
    CampaignFactory,
    PracticeFactory,
)
from tests.integration.mapping.mapping_room import (
    ANY_CELL,
    PAGE,
    SAVE,
    form,
    practice,
    text_of,
    vera,
)
from tests.integration.rule_room import held, visit

__all__ = ["practice", "vera"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


DECIDE = "/coverage/mapping/type/"


def sent_on(answer: Any, step: str = "save") -> dict[str, Any]:
    """What the page with the effect sends when its button is pressed."""
    shown = answer.context
    known = {"practice": shown["practice"].pk, "type": shown["type_id"], "seen": shown["seen"]}
    return known | dict(shown["sent"]) | {"step": step}


def test_the_effect_is_shown_and_several_cells_are_one_change(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    visit(practice)
    visit(practice, confirmation="confirmed")
    visit(practice, "", code=Code.NO_RULE, type_external_id="83")
    AppointmentTypeFactory(practice=practice, external_id="83", name="Nurse visit")
    cells = {ANY_CELL: "cmp_es", "cell:any:enhanced:any": "-", "cell:any:any:es": ""}
    effect = client.post(SAVE, form(practice, **cells))
    text = text_of(effect)
    assert "2 visits move from Preventive visit to Preventive visit, Spanish." in text
    assert "1 stays because it is confirmed or was written to." in text
    assert "With them, 3 visits that are enrolled would move." in text
    assert "enhanced risk, any language: no reminders (new)" in text
    assert not RuleChange.objects.exists()
    assert dict(effect.context["sent"]) == {ANY_CELL: "cmp_es", "cell:any:enhanced:any": "-"}
    again = client.post(SAVE, sent_on(effect, "effect") | {"include_messaged": "yes"})
    assert "3 visits move from Preventive visit" in text_of(again)
    assert "checked" in text_of(again)
    answer = client.post(SAVE, sent_on(effect) | {"include_messaged": "yes"}, follow=True)
    assert "Saved. Kept moves the visits now" in text_of(answer)
    change = RuleChange.objects.get()
    assert (change.moving, change.include_messaged, change.made_by) == (3, True, vera)
    assert Appointment.objects.filter(look_due_at__isnull=False).count() == 4
    names = set(AuditEvent.objects.values_list("action", "actor"))
    assert {("rule.created", "vera"), ("rule.updated", "vera"), ("rules.changed", "vera")} <= names

    first = client.post(SAVE, form(practice, "83", **{ANY_CELL: "cmp_en"}))
    assert "1 visit gets its first reminders, from Preventive visit." in text_of(first)


def test_no_rule_switches_off_and_keeps_what_past_decisions_name(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    effect = client.post(SAVE, form(practice, **{ANY_CELL: ""}))
    assert "1 visit loses its reminders, now from Preventive visit." in text_of(effect)
    client.post(SAVE, sent_on(effect))
    rule = CampaignRule.objects.get()
    assert (rule.active, rule.campaign.external_id) == (False, "cmp_en")
    client.post(SAVE, form(practice, step="save", **{ANY_CELL: "cmp_en"}))
    rule.refresh_from_db()
    assert rule.active


def test_back_returns_to_the_grid_as_it_was_left(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    effect = client.post(SAVE, form(practice, **{ANY_CELL: "cmp_es"}))
    page = client.post(SAVE, sent_on(effect, "back"))
    cell = page.context["grid"].rows[0].cells[0]
    assert (cell.value, cell.new) == ("cmp_es", True)
    assert "not saved yet" in text_of(page)


def test_a_change_that_waits_is_a_banner_and_nothing_else_can_be_saved(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    Practice.objects.update(hold_share=0.5)
    visit(practice)
    effect = client.post(SAVE, form(practice, **{ANY_CELL: "cmp_es"}))
    assert "held until a second person approves it" in text_of(effect)
    page = client.post(SAVE, sent_on(effect), follow=True)
    change = RuleChange.objects.get()
    assert change.status == RuleChangeStatus.HELD
    text = text_of(page)
    assert "A change of the rules by vera waits for approval: 1 of 1" in text
    assert f'href="/admin/campaigns/rulechange/{change.pk}/change/"' in text
    assert "<fieldset disabled>" in text
    for step in ("effect", "save"):
        refused = client.post(SAVE, form(practice, step=step, **{ANY_CELL: "-"}))
        assert "Approve or reject it first" in text_of(refused)
    assert RuleChange.objects.get() == change


def test_a_colleague_s_change_in_the_meantime_is_not_undone(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    effect = client.post(SAVE, form(practice, **{ANY_CELL: "cmp_es"}))
    CampaignRule.objects.update(campaign=None)
    for step in ("effect", "save"):
        page = client.post(SAVE, sent_on(effect, step))
        assert "a colleague changed these rules" in text_of(page)
    assert CampaignRule.objects.get().campaign is None
    assert not RuleChange.objects.exists()


def test_the_grid_that_comes_back_keeps_a_colleague_s_change(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = client.get(PAGE, {"type": "82"}).content.decode()
    fields = re.findall(r'<input type="hidden" name="(was:[^"]+)" value="([^"]*)"', page)
    assert ("was:any:any:any", "cmp_en") in fields
    # What a browser sends: each cell as it was, but for the one that vera chose.
    cells = {name.replace("was:", "cell:"): value for name, value in fields}
    sent = form(practice, **dict(fields) | cells | {"cell:any:any:en": "cmp_en"})
    CampaignRule.objects.update(campaign=None)
    again = client.post(SAVE, sent)
    assert "a colleague changed these rules" in text_of(again)
    new = {cell.field: cell.value for row in again.context["grid"].rows for cell in row.cells}
    assert (new[ANY_CELL], new["cell:any:any:en"]) == ("-", "cmp_en")
    assert text_of(again).count("not saved yet") == 1


def test_only_what_the_page_offers_can_be_chosen(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    CampaignFactory(practice=practice, external_id="cmp_off", name="Old flu", active=False)
    other = CampaignFactory(external_id="cmp_theirs", practice=PracticeFactory())
    for cells, objection in (
        ({ANY_CELL: "cmp_off"}, "Old flu is switched off at Relatient."),
        ({ANY_CELL: other.external_id}, "not in the library any more"),
        ({"cell:any:any:klingonish": "cmp_en"}, "The grid has no such cell."),
        ({"cell:moon:any:any": "cmp_en"}, "The grid has no such cell."),
    ):
        assert objection in text_of(client.post(SAVE, form(practice, step="save", **cells)))
    # What is in force already may stay, even switched off, when another cell is saved.
    CampaignRule.objects.update(campaign=Campaign.objects.get(external_id="cmp_off"))
    page = client.get(PAGE, {"type": "82"})
    kept = page.context["grid"].rows[0].cells[0].kept
    assert kept.label == "Old flu (switched off at Relatient)"
    cells = {ANY_CELL: "cmp_off", "cell:any:any:en": "cmp_en"}
    client.post(SAVE, form(practice, step="save", **cells))
    assert CampaignRule.objects.filter(active=True).count() == 2


def test_the_same_again_is_no_change(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = client.post(SAVE, form(practice, **{ANY_CELL: "cmp_en"}), follow=True)
    assert "Nothing was changed" in text_of(page)


def decision(client: Client, practice: Practice) -> dict[str, Any]:
    """The form about the type itself, as the page holds it, with another place chosen."""
    page = client.get(PAGE, {"type": "82"}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', _about(page)))
    return hidden | {"modality": "telehealth", "on_cancel": "ask"}


def _about(page: str) -> str:
    return page.partition(f'action="{DECIDE}"')[2].partition("</form>")[0]


def test_what_staff_decide_of_a_type_is_saved_audited_and_looked_at(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    AppointmentType.objects.update(visit_value="180.00")
    sent = decision(client, practice)
    page = client.post(DECIDE, sent | {"confidential": "yes"}, follow=True)
    assert "Saved. Kept looks again" in text_of(page)
    row = AppointmentType.objects.get()
    assert (row.modality, row.confidential, row.on_cancel) == ("telehealth", True, "ask")
    assert row.visit_value == 180
    assert Appointment.objects.get().look_due_at is not None
    event = AuditEvent.objects.get(action="appointment_type.updated")
    assert (event.actor, event.detail["type"]) == ("vera", "82")
    wrong = client.post(DECIDE, sent | {"modality": "moon"}, follow=True)
    assert "This form is not complete" in text_of(wrong)


def test_what_a_colleague_decided_of_a_type_meanwhile_stays(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    sent = decision(client, practice)
    AppointmentType.objects.update(confidential=True)
    page = client.post(DECIDE, sent, follow=True)
    assert "a colleague changed this kind of visit" in text_of(page)
    row = AppointmentType.objects.get()
    assert (row.modality, row.confidential) == ("in_person", True)
    assert not AuditEvent.objects.filter(action="appointment_type.updated").exists()
    again = decision(client, practice) | {"confidential": "yes"}
    assert "Saved." in text_of(client.post(DECIDE, again, follow=True))


def test_a_held_change_does_not_hide_the_grid(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    held(practice)
    page = client.get(PAGE, {"type": "82"})
    assert page.context["grid"].rows[0].cells[0].value == "cmp_es"
    assert "Show the effect" not in text_of(page)
