"""The mapping editor: the list of types, the grid, suggestions, history."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from campaigns.domain.coverage import Code
from campaigns.mapping.suggestions import alike
from campaigns.models import (
    ADMINS,
    CampaignRule,
    Practice,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    PracticeFactory,
    UserFactory,
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
from tests.integration.rule_room import visit

__all__ = ["practice", "vera"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


def unmapped(practice: Practice, external_id: str, name: str, visits: int) -> None:
    AppointmentTypeFactory(practice=practice, external_id=external_id, name=name)
    for _ in range(visits):
        AppointmentFactory(
            practice=practice, type_external_id=external_id, type_name=name, code=Code.NO_RULE
        )


def test_unmapped_types_come_first_with_their_visits(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    unmapped(practice, "90", "Nurse visit", 1)
    unmapped(practice, "91", "Flu shot", 3)
    unmapped(practice, "92", "Retired type", 0)
    visit(practice)
    page = client.get(PAGE)
    rows = page.context["types"].listed
    assert [row.name for row in rows] == [
        "Flu shot",
        "Nurse visit",
        "Retired type",
        "Annual physical",
    ]
    assert [(row.visits, row.without) for row in rows] == [(3, 3), (1, 1), (0, 0), (1, 0)]
    assert [row.stands for row in rows] == ["no rule", "no rule", "no rule", "mapped"]
    assert "<strong>2</strong> kinds of visits with visits ahead have no rule" in text_of(page)
    CampaignRuleFactory(practice=practice, appointment_type_id="*", campaign=None)
    rows = client.get(PAGE).context["types"].listed
    assert [row.stands for row in rows][:2] == ["general rule", "general rule"]


def test_the_search_finds_by_words_of_the_name_and_says_what_it_hides(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    unmapped(practice, "90", "Nurse visit 15", 0)
    page = client.get(PAGE, {"find": "15 nurse"})
    assert [row.name for row in page.context["types"].listed] == ["Nurse visit 15"]
    assert "1 of 2 kinds of visits are shown." in text_of(page)
    assert 'role="status" hidden>No kind of visit has these words' in text_of(page)
    page = client.get(PAGE, {"find": "dentist"})
    assert 'role="status">No kind of visit has these words' in text_of(page)


def test_the_grid_offers_languages_that_are_spoken_and_campaigns_that_suit(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    CampaignFactory(practice=practice, external_id="cmp_v", name="Video", modality="telehealth")
    CampaignFactory(practice=practice, external_id="cmp_off", name="Old flu", active=False)
    CampaignFactory(practice=practice, external_id="cmp_x", name="Salud", language="es")
    for tag in ("ht", "es-MX"):
        visit(practice, route_language=tag)
    page = client.get(PAGE, {"type": "82"})
    grid = page.context["grid"]
    assert [column.tag for column in grid.columns] == ["any", "en", "es", "ht"]
    assert [column.visits for column in grid.columns] == [2, 0, 1, 1]
    assert len(grid.rows) == 9

    def offered(line: Any) -> set[str]:
        return {option.value for group in line.groups for option in group.options}

    assert "cmp_v" in offered(grid.rows[0])
    assert "cmp_v" not in offered(next(r for r in grid.rows if r.modality == "in person"))
    assert grid.rows[0].cells[0].value == "cmp_en"
    text = text_of(page)
    assert '<option value="cmp_off" disabled>Old flu (switched off at Relatient)</option>' in text
    assert 'label="English (en), standard intensity, telehealth"' in text
    assert 'aria-label="Any place, enhanced risk, English (en)"' in text


def test_many_languages_are_named_and_get_columns_when_asked_for(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    for tag in ("es", "ht", "pt", "zh", "vi", "ru", "ar"):
        visit(practice, route_language=tag)
    page = client.get(PAGE, {"type": "82"})
    assert len(page.context["grid"].columns) == 6
    assert "3 more languages among the visits ahead have no column" in text_of(page)
    page = client.get(PAGE, {"type": "82", "languages": "all"})
    assert len(page.context["grid"].columns) == 9


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Follow up 15 min", "Follow-Up Visit", True),
        ("ANNUAL PHYS", "Annual physical reminder", True),
        ("Atencion preventiva", "Atención preventiva", True),
        ("Telehealth visit", "cmp_telehealth_en", True),
        ("Nurse visit", "Follow-Up Visit", False),
        ("New patient visit", "General Reminder", False),
    ],
)
def test_names_are_alike_by_what_the_visit_is_for(left: str, right: str, expected: bool) -> None:
    assert (alike(left, right) >= 0.5) is expected


def test_a_suggestion_is_shown_and_filled_in_but_never_saved_by_itself(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    unmapped(practice, "83", "FOLLOW UP 15", 1)
    campaign = {"practice": practice, "name": "Follow-Up Visit"}
    CampaignFactory(external_id="cmp_fu", **campaign)
    CampaignFactory(external_id="cmp_fu_high", intensity="high", **campaign)
    CampaignFactory(external_id="cmp_fu_es", language="es", **campaign)
    CampaignFactory(external_id="cmp_fu_off", active=False, **campaign)
    page = client.get(PAGE, {"type": "83"})
    found = {one.campaign: one.cell for one in page.context["suggestions"]}
    assert found == {
        "cmp_fu": ("any", "any", "any"),
        "cmp_fu_high": ("any", "enhanced", "any"),
        "cmp_fu_es": ("any", "any", "es"),
    }
    assert "Suggested, because the names are alike" in text_of(page)
    assert not any(cell.value for line in page.context["grid"].rows for cell in line.cells)
    page = client.get(PAGE, {"type": "83", "use": ["cmp_fu", "cmp_fu_high"]})
    cells = [cell for line in page.context["grid"].rows for cell in line.cells if cell.value]
    assert [(cell.field, cell.value, cell.new) for cell in cells] == [
        (ANY_CELL, "cmp_fu", True),
        ("cell:any:enhanced:any", "cmp_fu_high", True),
    ]
    assert CampaignRule.objects.count() == 1


def test_the_history_tells_of_this_type_alone_newest_first(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    AppointmentTypeFactory(practice=practice, external_id="83", name="Nurse visit")
    client.post(SAVE, form(practice, step="save", **{ANY_CELL: "cmp_es"}))
    client.post(SAVE, form(practice, "83", step="save", **{ANY_CELL: "cmp_en"}))
    client.post(SAVE, form(practice, step="save", **{ANY_CELL: "-"}))
    page = client.get(PAGE, {"type": "82"})
    entries = page.context["history"].entries
    assert [entry.lines for entry in entries] == [
        ["Annual physical (82), any language: no reminders (was Preventive visit, Spanish)"],
        ["Annual physical (82), any language: Preventive visit, Spanish (was Preventive visit)"],
    ]
    assert [(entry.by, entry.stands) for entry in entries] == [("vera", "in force")] * 2
    every = client.get(PAGE, {"type": "*"})
    assert every.context["history"].entries == []
    assert "Nobody has changed them yet." in text_of(every)


def test_rules_for_every_type_are_a_grid_of_their_own(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    unmapped(practice, "83", "Nurse visit", 1)
    page = client.get(PAGE, {"type": "*"})
    assert "About this kind of visit" not in text_of(page)
    client.post(SAVE, form(practice, "*", step="save", **{ANY_CELL: "cmp_en"}))
    rule = CampaignRule.objects.get(appointment_type_id="*")
    assert rule.campaign.external_id == "cmp_en"


def test_without_a_library_there_is_nothing_to_choose(client: Client) -> None:
    kind = AppointmentTypeFactory()
    client.force_login(UserFactory(role=ADMINS, practices=[kind.practice]))
    page = text_of(client.get(PAGE, {"type": kind.external_id}))
    assert "Relatient has not told Kept of any campaign yet" in page


def test_a_practice_without_types_is_told_so(client: Client) -> None:
    practice = PracticeFactory()
    client.force_login(UserFactory(role=ADMINS, practices=[practice]))
    assert "has not told Kept of any kind of visit" in text_of(client.get(PAGE))
