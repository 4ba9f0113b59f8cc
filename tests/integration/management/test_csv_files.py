"""Rules and types from CSV files: all or nothing, and back out as they went in."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEvent
from campaigns.models import BULK, AppointmentType, CampaignRule, Practice
from tests.integration.command_room import a_practice, an_appointment, answered, due, refused, said

pytestmark = pytest.mark.django_db

HEADING = "appointment_type_id,modality,risk,language,campaign_id,active\n"
RULES = HEADING + "82,any,standard,en,cmp_en,true\n*,telehealth,any,any,cmp_video,true\n"


@pytest.fixture
def practice() -> Practice:
    return a_practice("195900")


@pytest.fixture
def csv_file(tmp_path: Any) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "file.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_rules_are_created_then_found_unchanged(practice: Practice, csv_file: Any) -> None:
    answer, status = answered("import_rules", csv_file(RULES))
    assert status == 0
    assert (answer["created"], answer["updated"], answer["unchanged"]) == (2, 0, 0)
    assert answer["errors"] == []
    assert answer["practices"]["195900"]["created"] == 2
    again, _ = answered("import_rules", csv_file(RULES))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert "removed" not in again


def test_a_rule_is_updated_by_its_key(practice: Practice, csv_file: Any) -> None:
    answered("import_rules", csv_file(RULES))
    answer, _ = answered("import_rules", csv_file(RULES.replace("cmp_en,", "cmp_en_high,")))
    assert (answer["created"], answer["updated"], answer["unchanged"]) == (0, 1, 1)
    rule = CampaignRule.objects.get(appointment_type_id="82")
    assert rule.campaign is not None
    assert rule.campaign.external_id == "cmp_en_high"


def test_an_empty_campaign_excludes_on_purpose(practice: Practice, csv_file: Any) -> None:
    answered("import_rules", csv_file(HEADING + "82,any,any,any,,\n"))
    assert CampaignRule.objects.get().campaign is None


def test_replace_deactivates_what_the_file_lacks(practice: Practice, csv_file: Any) -> None:
    answered("import_rules", csv_file(RULES))
    only = csv_file(HEADING + "82,any,standard,en,cmp_en,true\n")
    answer, _ = answered("import_rules", only)
    assert CampaignRule.objects.filter(active=True).count() == 2
    answer, _ = answered("import_rules", only, "--replace")
    assert (answer["unchanged"], answer["removed"]) == (1, 1)
    assert CampaignRule.objects.filter(active=True).count() == 1


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("77,any,standard,en,cmp_en,true", "'77'"),
        ("82,anywhere,standard,en,cmp_en,true", "telehealth"),
        ("82,any,high,en,cmp_en,true", "enhanced"),
        ("82,any,standard,english,cmp_en,true", "BCP-47"),
        ("82,any,standard,en,cmp_none,true", "cmp_none"),
        ("82,any,standard,en,cmp_en,maybe", "true, false"),
        ("82,any,standard,en", "cells"),
        ("*,any,any,any,cmp_en,true", "line 2"),
    ],
)
def test_one_wrong_line_and_nothing_is_imported(
    practice: Practice, csv_file: Any, line: str, named: str
) -> None:
    text = HEADING + "*,any,any,any,cmp_video,true\n" + line + "\n"
    answer, status = answered("import_rules", csv_file(text))
    assert status == 1
    assert [error["line"] for error in answer["errors"]] == [3]
    assert named in answer["errors"][0]["message"]
    assert answer["created"] == 0
    assert not CampaignRule.objects.exists()


@pytest.mark.parametrize("text", ["", "a,b\n", HEADING + '"82,any\n', "\x00"])
def test_a_file_that_is_no_rule_file_is_an_error(
    practice: Practice, csv_file: Any, text: str
) -> None:
    answer, status = answered("import_rules", csv_file(text))
    assert status == 1
    assert answer["errors"][0]["line"] == 1


def test_a_missing_file_is_bad_usage(practice: Practice) -> None:
    assert "cannot be read" in refused("import_rules", "no-such-file.csv")


def test_wrong_for_one_practice_imports_for_none(practice: Practice, csv_file: Any) -> None:
    Practice.objects.create(external_id="2", name="Without a library")
    answer, status = answered("import_rules", csv_file(RULES))
    assert status == 1
    assert answer["practices"]["195900"]["errors"] == []
    assert answer["practices"]["2"]["errors"]
    assert not CampaignRule.objects.exists()


def test_rules_come_back_as_they_went_out(practice: Practice, csv_file: Any) -> None:
    text = RULES + "91,any,any,any,,false\n"
    answered("import_rules", csv_file(text))
    written = said("export_rules")
    assert sorted(written.splitlines()) == sorted(text.splitlines())
    answer, _ = answered("import_rules", csv_file(written), "--replace")
    assert (answer["unchanged"], answer["removed"]) == (3, 0)


def test_an_old_inactive_rule_of_the_same_key_does_no_harm(
    practice: Practice, csv_file: Any
) -> None:
    text = RULES + "82,any,standard,en,cmp_video,false\n"
    answered("import_rules", csv_file(text))
    rule = CampaignRule.objects.get(appointment_type_id="82", active=True)
    assert rule.campaign is not None
    assert rule.campaign.external_id == "cmp_en"
    answer, _ = answered("import_rules", csv_file(text))
    assert (answer["created"], answer["updated"]) == (0, 0)


def test_export_to_a_file(practice: Practice, csv_file: Any, tmp_path: Any) -> None:
    answered("import_rules", csv_file(RULES))
    target = tmp_path / "out.csv"
    answer, _ = answered("export_rules", str(target))
    assert answer["exported"] == 2
    assert target.read_text().startswith(HEADING)


def test_an_export_is_of_one_practice(practice: Practice) -> None:
    a_practice("2")
    assert "--practice" in refused("export_rules")


def test_a_rule_change_is_audited_and_looked_into_after_everything_else(
    practice: Practice, csv_file: Any
) -> None:
    appointment = an_appointment(practice, look_priority=BULK)
    answered("import_rules", csv_file(RULES))
    assert AuditEvent.objects.filter(action="rule.created").count() == 2
    assert due(appointment)
    assert appointment.look_priority == BULK


def test_types_take_over_what_staff_decide(practice: Practice, csv_file: Any) -> None:
    heading = "appointment_type_id,modality,confidential,on_cancel,visit_value\n"
    text = heading + "82,in_person,false,auto,180\n91,telehealth,true,ask,\n"
    answer, _ = answered("import_types", csv_file(text))
    assert (answer["updated"], answer["errors"]) == (2, [])
    video = AppointmentType.objects.get(external_id="91")
    assert (video.modality, video.confidential, video.on_cancel) == ("telehealth", True, "ask")
    assert said("export_types").strip() == text.strip()
    again, _ = answered("import_types", csv_file(text))
    assert (again["updated"], again["unchanged"]) == (0, 2)


@pytest.mark.parametrize(
    "line",
    [
        "77,in_person,false,auto,180",
        "82,any,false,auto,180",
        "82,in_person,false,perhaps,180",
        "82,in_person,false,auto,NaN",
        "82,in_person,false,auto,-1",
        "91,in_person,false,auto,1",
    ],
)
def test_one_wrong_type_and_nothing_is_taken_over(
    practice: Practice, csv_file: Any, line: str
) -> None:
    heading = "appointment_type_id,modality,confidential,on_cancel,visit_value\n"
    text = heading + "91,telehealth,true,ask,\n" + line + "\n"
    answer, status = answered("import_types", csv_file(text))
    assert status == 1
    assert [error["line"] for error in answer["errors"]] == [3]
    assert not AppointmentType.objects.filter(modality="telehealth").exists()
