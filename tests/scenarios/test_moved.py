"""A visit that changes after it was enrolled: updated and told again, or ended and begun anew.

And the window in which messages may go out, which Relatient is told when a visit is enrolled.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Effect
from tests.scenarios.decision_stage import CMP, CMP_OFFICE, CMP_VIDEO, Stage, a_rule
from tests.scenarios.decision_words import staged
from tests.scenarios.shared_clinic import SharedClinic

BY_TYPE = [
    a_rule(CMP_OFFICE, type_id="82"),
    a_rule(CMP, type_id="83"),
    a_rule(CMP_VIDEO, type_id="91"),
]


def enrolled(ward: SharedClinic, **patient: Any) -> Stage:
    """A visit in a week, enrolled by a mapping in which types have campaigns of their own."""
    stage = Stage(ward, [], rules=BY_TYPE, patient_fields=patient)
    stage.write_mapping()
    stage.register()
    stage.arrive()
    stage.settle()
    return stage


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"providerid": "72"}, ("provider_external_id", "athena:195900:72")),
        ({"departmentid": "21"}, ("time_zone", "America/Chicago")),
        ({"departmentid": "62"}, ("department_name", "Saguaro Health Center")),
    ],
)
def test_where_the_campaign_stays_it_is_updated_and_told_again_once(
    ward: SharedClinic, change: dict[str, str], shown: tuple[str, str]
) -> None:
    stage = enrolled(ward)
    before = ward.active(stage.visit)
    stage.change(**change, starts_at=stage.start.isoformat())
    ward.sync()
    ward.sync()
    [after] = ward.enrollments(stage.visit)
    assert [after["id"]] == [row["id"] for row in before]
    assert after["appointment"][shown[0]] == shown[1]
    assert len(ward.initial_messages(after)) == 2
    assert Effect.objects.filter(kind="resend").count() == 1


def test_a_video_visit_that_stays_in_its_campaign_is_told_as_one(ward: SharedClinic) -> None:
    stage = staged(ward, ["enrolled"])
    stage.change(appointmenttypeid="91")
    ward.sync()
    [enrollment] = ward.enrollments(stage.visit)
    assert enrollment["appointment"]["modality"] == "telehealth"
    assert len(ward.initial_messages(enrollment)) == 2


@pytest.mark.parametrize(("type_", "campaign"), [("83", CMP), ("91", CMP_VIDEO)])
def test_where_the_campaign_changes_one_is_ended_before_the_other_begins(
    ward: SharedClinic, type_: str, campaign: str
) -> None:
    stage = enrolled(ward)
    stage.change(appointmenttypeid=type_)
    ward.sync()
    ended, begun = ward.enrollments(stage.visit)
    assert (ended["status"], ended["end_reason"]) == ("cancelled", "route_changed")
    assert (begun["status"], begun["campaign_id"]) == ("active", campaign)
    assert ended["ended_at"] <= begun["created_at"]


def test_a_type_that_no_rule_covers_ends_the_reminders(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    stage.change(appointmenttypeid="86")
    ward.sync()
    assert ward.active(stage.visit) == []
    assert ward.row(stage.visit).coverage_code == "no_rule"


def test_several_changes_between_two_polls_are_told_once(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    stage.change(providerid="72")
    stage.change(starts_at=(stage.start + timedelta(days=1)).isoformat())
    stage.change(starts_at=(stage.start + timedelta(days=2)).isoformat())
    ward.sync()
    [enrollment] = ward.enrollments(stage.visit)
    assert len(ward.initial_messages(enrollment)) == 2


def test_a_change_that_is_taken_back_before_it_was_seen_is_not_told(ward: SharedClinic) -> None:
    stage = enrolled(ward)
    before = ward.writes()
    stage.change(providerid="72")
    stage.change(providerid="71")
    ward.sync()
    assert ward.writes() == before


@pytest.mark.parametrize(
    "change",
    [{"copay": 25}, {"notes": "Called about parking."}, {"urgent": True}, {"duration": 45}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_that_no_reminder_shows_causes_no_effect(
    ward: SharedClinic, change: dict[str, Any]
) -> None:
    stage = enrolled(ward)
    before = ward.writes(), Effect.objects.count()
    stage.change(**change)
    ward.sync()
    assert (ward.writes(), Effect.objects.count()) == before


WINDOWS = {
    "sms": ({"contactpreference_appointment_sms": True}, {"start": "09:00", "end": "21:00"}),
    "email": ({"contactpreference_appointment_email": True}, {"start": "09:00", "end": "21:00"}),
    "voice": ({"contactpreference_appointment_phone": True}, {"start": "10:00", "end": "20:00"}),
}


@pytest.mark.parametrize("channel", WINDOWS)
def test_relatient_is_told_the_window_of_the_lead_channel(ward: SharedClinic, channel: str) -> None:
    wish, window = WINDOWS[channel]
    stage = enrolled(ward, **wish)
    [enrollment] = ward.active(stage.visit)
    assert enrollment["lead_channel"] == channel
    assert enrollment["send_window"] == window


def test_a_window_that_was_configured_counts_for_what_is_enrolled_from_then_on(
    ward: SharedClinic,
) -> None:
    before = enrolled(ward, contactpreference_appointment_sms=True)
    call_command("configure", "send_window_sms=11:00-17:30", stdout=io.StringIO())
    after = before.book(starts_at=before.start + timedelta(days=3))
    ward.sync()
    [old], [new] = ward.active(before.visit), ward.active(after)
    assert old["send_window"] == {"start": "09:00", "end": "21:00"}
    assert new["send_window"] == {"start": "11:00", "end": "17:30"}
    assert new["lead_channel"] == "sms"
