"""What all practice commands share, and `configure` and `explain`."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import load_command_class
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.management.practice_command import standard_output_kept_for_the_report
from campaigns.management.totals import totals
from campaigns.models import Attempt, DecisionRecord, Effect, Practice, Response
from campaigns.practices.settings import SETTINGS
from tests.integration.command_room import a_practice, an_appointment, answered, due, refused, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice() -> Practice:
    return a_practice("195900")


def test_a_command_runs_for_all_active_practices(practice: Practice) -> None:
    a_practice("2")
    Practice.objects.create(external_id="3", name="Closed", active=False)
    answer, status = answered("configure")
    assert status == 0
    assert set(answer["practices"]) == {"195900", "2"}


def test_an_unknown_practice_is_refused_with_the_known_ones(practice: Practice) -> None:
    assert "195900" in refused("configure", "--practice", "7")


def test_without_any_practice_the_way_to_one_is_named() -> None:
    assert "bootstrap" in refused("configure")


def test_a_refusal_is_one_json_object_too(practice: Practice) -> None:
    answer, status = answered("configure", "--practice", "7")
    assert status == 2
    assert "195900" in answer["error"]


def test_what_else_prints_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(handler)
    try:
        with standard_output_kept_for_the_report():
            logging.getLogger("kept").warning("a line")
            sys.stdout.write("mail")
    finally:
        logging.getLogger().removeHandler(handler)
    spoken = capsys.readouterr()
    assert spoken.out == ""
    assert "a line" in spoken.err
    assert "mail" in spoken.err


def test_totals_add_numbers_join_lists_and_go_into_groups() -> None:
    one = {"seen": 1, "errors": ["a"], "by_reason": {"no_rule": 1}, "ok": True}
    two = {"seen": 2, "errors": ["b"], "by_reason": {"no_rule": 1, "too_late": 4}, "ok": False}
    assert totals({"seen": 0, "new": 0}, [one, two]) == {
        "seen": 3,
        "new": 0,
        "errors": ["a", "b"],
        "by_reason": {"no_rule": 2, "too_late": 4},
        "ok": False,
    }


def test_no_command_takes_the_name_of_an_option_of_djangos() -> None:
    names = ("configure", "explain", "import_rules", "import_types", "export_rules", "export_types")
    for name in names:
        parser = load_command_class("campaigns", name).create_parser("manage.py", name)
        taken = [action.dest for action in parser._actions]
        assert len(taken) == len(set(taken)), name


def test_configure_shows_every_setting_of_the_interface(practice: Practice) -> None:
    answer, _ = answered("configure")
    assert answer["settings"]["poll_minutes"] == 15
    assert answer["settings"]["send_window_voice"] == "10:00-20:00"
    assert answer["settings"]["landline_calls_ok"] is False
    assert set(answer["settings"]) == set(SETTINGS)
    assert "too_late_hours=2" in said("configure")


@pytest.mark.parametrize(
    ("pair", "column", "value"),
    [
        ("too_late_hours=4", "too_late_hours", 4),
        ("poll_minutes=0.5", "poll_minutes", 0.5),
        ("landline_calls_ok=true", "landline_calls_ok", True),
        ("language=spa", "language", "es"),
        ("time_zone=America/Chicago", "time_zone", "America/Chicago"),
        ("on_cancel=ask", "on_cancel", "ask"),
        ("general_campaign=cmp_en", "general_campaign", "cmp_en"),
        ("general_campaign=", "general_campaign", ""),
        ("waitlist_phone=(617) 227-1234", "waitlist_phone", "+16172271234"),
        ("waitlist_phone=", "waitlist_phone", ""),
        ("no_address_words=No Tiene, nohaycorreo,", "no_address_words", "notiene,nohaycorreo"),
        ("no_address_words=no tiene; ninguno\nnada", "no_address_words", "notiene,ninguno,nada"),
        (
            "alert_emails=a@example.org, b@example.org",
            "alert_emails",
            "a@example.org,b@example.org",
        ),
    ],
)
def test_configure_changes_a_setting(
    practice: Practice, pair: str, column: str, value: object
) -> None:
    answered("configure", pair)
    practice.refresh_from_db()
    assert getattr(practice, column) == value


def test_configure_changes_a_window(practice: Practice) -> None:
    answer, _ = answered("configure", "send_window_sms=08:30-20:00")
    assert answer["settings"]["send_window_sms"] == "08:30-20:00"
    assert answer["changed"] == ["send_window_sms"]


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        ("colour=red", "poll_minutes"),
        ("too_late_hours=soon", "whole number"),
        ("too_late_hours=-1", "too_late_hours"),
        ("poll_minutes=nan", "number"),
        ("hold_share=1.5", "less than or equal to 1"),
        ("landline_calls_ok=perhaps", "true, false"),
        ("language=klingonish", "BCP-47"),
        ("time_zone=Boston", "IANA"),
        ("on_cancel=never", "auto, ask"),
        ("general_campaign=cmp_none", "cmp_en"),
        ("general_provider=71", "bootstrap"),
        ("waitlist_phone=911", "E.164"),
        ("alert_emails=desk", "e-mail"),
        ("no_address_words=na", "4 letters or more"),
        ("no_address_words=ninguno,gmail", "people have their addresses there"),
        ("send_window_sms=21:00-09:00", "09:00-21:00"),
        ("send_window_sms=9", "09:00-21:00"),
        ("too_late_hours", "KEY=VALUE"),
    ],
)
def test_configure_refuses_and_changes_nothing(practice: Practice, pair: str, named: str) -> None:
    assert named in refused("configure", "risk_threshold=3", pair)
    practice.refresh_from_db()
    assert practice.risk_threshold == 1


def test_a_changed_setting_is_audited_without_the_number(practice: Practice) -> None:
    answered("configure", "waitlist_phone=+16172271234", "too_late_hours=3")
    event = AuditEvent.objects.get(action="practice.configured")
    assert event.actor == "command configure"
    assert ["too_late_hours", "2", "3"] in event.detail["changed"]
    assert "6172271234" not in json.dumps(event.detail)


def test_a_setting_that_bears_on_decisions_looks_again_at_what_is_ahead(
    practice: Practice,
) -> None:
    ahead = an_appointment(practice)
    past = an_appointment(practice, "1002", starts_at=timezone.now() - timedelta(days=1))
    answered("configure", "poll_minutes=5")
    assert not due(ahead)
    answered("configure", "too_late_hours=3")
    assert due(ahead)
    assert not due(past)


def test_setting_what_is_set_already_is_no_change(practice: Practice) -> None:
    answer, _ = answered("configure", "too_late_hours=2")
    assert answer["changed"] == []
    assert not AuditEvent.objects.exists()


def test_explain_tells_the_story_without_naming_the_patient(practice: Practice) -> None:
    appointment = an_appointment(practice)
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    DecisionRecord.objects.create(
        practice=practice,
        appointment=appointment,
        at=at,
        state="excluded",
        code="no_rule",
        findings=[["rule", "type 82", "no rule matches"]],
    )
    effect = Effect.objects.create(
        practice=practice,
        kind="enroll",
        vendor="relatient",
        appointment=appointment,
        patient=appointment.patient,
        key="k",
        body={"mobile_phone": "+16172271234"},
        created_at=at,
        next_attempt_at=at,
    )
    Attempt.objects.create(
        effect=effect, practice=practice, number=1, began_at=at, outcome="later", http_status=429
    )
    Response.objects.create(
        practice=practice,
        appointment=appointment,
        patient=appointment.patient,
        event_id="e1",
        kind="confirmed",
        channel="sms",
        raw_text="C thanks, Rosalind",
        occurred_at=at,
        received_at=at,
    )
    answer, status = answered("explain", "1001")
    assert status == 0
    assert set(answer) >= {"appointment", "coverage", "decisions", "effects", "responses"}
    assert answer["appointment"]["id"] == "1001"
    assert answer["coverage"]["code"] == "awaiting_patient"
    assert answer["decisions"][0]["findings"][0]["concluded"] == "no rule matches"
    assert answer["effects"][0]["attempts"][0]["http_status"] == 429
    assert answer["responses"][0]["kind"] == "confirmed"
    for text in (json.dumps(answer), said("explain", "1001")):
        assert "Rosalind" not in text
        assert "617" not in text


def test_an_unknown_appointment_is_bad_usage(practice: Practice) -> None:
    assert "9999" in refused("explain", "9999")


def test_an_id_of_two_practices_needs_the_practice(practice: Practice) -> None:
    an_appointment(practice)
    an_appointment(a_practice("2"))
    assert "--practice" in refused("explain", "1001")
    answer, _ = answered("explain", "1001", "--practice", "2")
    assert answer["appointment"]["practice"] == "2"
