"""CSV files of rules and types through the browser: a dry run, errors by line, then taken over."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.upload import LARGEST
from campaigns.models import (
    AppointmentType,
    CampaignRule,
    Practice,
    RuleChange,
)
from tests.factories import AppointmentTypeFactory, CampaignRuleFactory
from tests.integration.mapping.mapping_room import practice, text_of, vera
from tests.integration.rule_room import visit

__all__ = ["practice", "vera"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]
PAGE = "/coverage/mapping/import/"
HEAD = "appointment_type_id,modality,risk,language,campaign_id,active\n"
TYPES_HEAD = "appointment_type_id,modality,confidential,on_cancel,visit_value\n"


def upload(client: Client, practice: Practice, content: str | bytes, what: str = "rules", **f: Any):
    content = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("mapping.csv", content, "text/csv")
    return client.post(PAGE, {"practice": practice.pk, "what": what, "file": file, **f})


def applied(client: Client, dry_run: Any, **fields: Any) -> Any:
    shown = dry_run.context
    sent = {"practice": shown["practice"].pk, "what": shown["what"], "text": shown["text"]}
    sent |= {"seen": shown["seen"]} if "seen" in shown else {}
    sent |= {"replace": "yes"} if shown.get("replace") else {}
    return client.post(PAGE, {**sent, "step": "apply", **fields}, follow=True)


def test_a_dry_run_shows_what_would_change_and_apply_does_it(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    visit(practice)
    visit(practice, confirmation="confirmed")
    CampaignRuleFactory(practice=practice, appointment_type_id="*", campaign=None)
    rules = "82,any,any,any,cmp_es,\n82,any,enhanced,any,cmp_en,true\n*,any,any,any,,\n"
    page = upload(client, practice, HEAD + rules)
    text = text_of(page)
    assert "1 rule created, 1 updated, 1 unchanged. Nothing is saved yet." in text
    assert "1 visit moves from Preventive visit to Preventive visit, Spanish." in text
    assert "1 stays because it is confirmed or was written to." in text
    assert not RuleChange.objects.exists()
    assert CampaignRule.objects.count() == 2
    assert "Saved. Kept moves the visits now" in text_of(
        applied(client, page, include_messaged="yes")
    )
    change = RuleChange.objects.get()
    assert (change.moving, change.include_messaged, change.made_by) == (2, True, vera)
    assert CampaignRule.objects.filter(active=True).count() == 3
    assert AuditEvent.objects.filter(action="rules.changed", actor="vera").exists()


def test_the_rules_that_the_file_lacks_are_switched_off_when_ticked(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = upload(client, practice, HEAD + "*,any,any,any,cmp_es,\n", replace="yes")
    assert "1 rule created, 0 updated, 0 unchanged, 1 switched off." in text_of(page)
    applied(client, page)
    active = CampaignRule.objects.filter(active=True)
    assert [row.appointment_type_id for row in active] == ["*"]


def test_errors_are_told_by_line_and_nothing_is_taken(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    rules = "82,any,any,any,cmp_en,\n99,any,any,any,cmp_en,\n82,moon,any,any,x,\n"
    page = upload(client, practice, HEAD + rules)
    text = text_of(page)
    assert "the file has 2 errors" in text
    assert "line 3: the practice has no appointment type &#x27;99&#x27;" in text
    assert "line 4: there is no campaign &#x27;x&#x27; in the library" in text
    assert ">Apply<" not in text
    sent = {"practice": practice.pk, "what": "rules", "text": HEAD + rules, "step": "apply"}
    assert "line 4" in text_of(client.post(PAGE, sent))
    assert not RuleChange.objects.exists()


@pytest.mark.parametrize(
    ("content", "objection"),
    [
        (b"", "This file is empty."),
        (HEAD.encode("utf-16"), "This file is not UTF-8 text."),
        ((HEAD + "82,any,any,any,cmp_\xe9,").encode("latin-1"), "This file is not UTF-8 text."),
        (b"PK\x03\x04\x00\x00", "This file is not UTF-8 text."),
        (b"x" * (LARGEST + 1), "This file is too large"),
        (b"one,two\n1,2\n", "line 1: the heading must be appointment_type_id,modality"),
        ((HEAD + '82,any,any,any,"cmp').encode(), "line 1: line 2 is not CSV"),
    ],
)
def test_files_that_cannot_be_taken_are_explained(
    client: Client, practice: Practice, vera: AbstractUser, content: bytes, objection: str
) -> None:
    page = upload(client, practice, content)
    assert page.status_code == 200
    assert objection in text_of(page)
    assert not RuleChange.objects.exists()


def test_a_form_without_a_file_is_explained(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = client.post(PAGE, {"practice": practice.pk, "what": "rules"})
    assert "Choose a file first." in text_of(page)
    assert client.post(PAGE, {"practice": practice.pk, "what": "people"}).status_code == 404


def test_a_file_of_excel_is_read(client: Client, practice: Practice, vera: AbstractUser) -> None:
    content = ("\ufeff" + HEAD + "82,any,any,any,cmp_es,\n").replace("\n", "\r\n")
    assert "1 updated" in text_of(upload(client, practice, content))


def test_a_large_share_is_held_and_then_nothing_can_be_imported(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    Practice.objects.update(hold_share=0.5)
    visit(practice)
    page = upload(client, practice, HEAD + "82,any,any,any,cmp_es,\n")
    assert "held until a second person approves it" in text_of(page)
    assert "held until a second person approves it" in text_of(applied(client, page))
    assert RuleChange.objects.get().status == RuleChangeStatus.HELD
    again = upload(client, practice, HEAD + "82,any,any,any,cmp_en,\n")
    assert "Approve or reject it first" in text_of(again)
    assert ">Apply<" not in text_of(again)


def test_rules_that_changed_since_the_dry_run_are_shown_anew(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = upload(client, practice, HEAD + "82,any,any,any,cmp_es,\n")
    CampaignRule.objects.update(campaign=None)
    page = applied(client, page)
    assert "a colleague changed these rules" in text_of(page)
    assert "Preventive visit, Spanish (was no reminders)" in text_of(page)
    assert not RuleChange.objects.exists()
    assert "Saved" in text_of(applied(client, page))


def test_types_are_looked_at_then_taken_over(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    AppointmentTypeFactory(practice=practice, external_id="83", name="Nurse visit")
    types = "82,telehealth,true,ask,180\n83,in_person,,,\n"
    page = upload(client, practice, TYPES_HEAD + types, "types")
    text = text_of(page)
    assert "1 updated, 1 unchanged. Nothing is saved yet." in text
    said = "telehealth, confidential, on cancel ask the desk, value $180.00"
    assert f"Annual physical (82): {said}" in text
    assert AppointmentType.objects.get(external_id="82").modality == "in_person"
    assert "Saved: 1 changed, 1 as they were." in text_of(applied(client, page))
    assert AppointmentType.objects.get(external_id="82").confidential
    wrong = upload(client, practice, TYPES_HEAD + "82,moon,,,\n", "types")
    assert "line 2: modality &#x27;moon&#x27;: permitted are in_person, telehealth" in text_of(
        wrong
    )


def test_types_that_a_colleague_changed_since_the_dry_run_are_shown_anew(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    page = upload(client, practice, TYPES_HEAD + "82,telehealth,,,\n", "types")
    AppointmentType.objects.update(confidential=True)
    page = applied(client, page)
    assert "a colleague changed" in text_of(page)
    assert "Annual physical (82): telehealth, not confidential" in text_of(page)
    assert AppointmentType.objects.get().confidential
    assert "Saved: 1 changed" in text_of(applied(client, page))


@pytest.mark.parametrize("what", ["rules", "types"])
def test_what_is_exported_reads_back_unchanged(
    client: Client, practice: Practice, vera: AbstractUser, what: str
) -> None:
    answer = client.get(f"/coverage/mapping/{what}.csv", {"practice": practice.pk})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{what}-{practice.external_id}.csv"'
    )
    page = upload(client, practice, answer.content, what)
    assert "0 updated, 1 unchanged" in text_of(page)
    assert ">Apply<" not in text_of(page)


def test_a_dry_run_asks_as_often_for_many_lines_as_for_one(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    kinds = [
        AppointmentType(practice=practice, external_id=str(1000 + number), name=f"Kind {number}")
        for number in range(466)
    ]
    AppointmentType.objects.bulk_create(kinds)

    def queries(lines: int) -> int:
        rules = "".join(f"{1000 + number},any,any,any,cmp_en,\n" for number in range(lines))
        with CaptureQueriesContext(connection) as asked:
            page = upload(client, practice, HEAD + rules)
        assert page.context["changes"].created == lines
        return len(asked)

    assert queries(1) == queries(466)
