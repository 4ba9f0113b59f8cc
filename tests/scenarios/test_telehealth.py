"""The link to a video visit: enrolled without it, added on the day, and seen by nobody else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from campaigns.models import (
    Appointment,
    AppointmentType,
    Campaign,
    CampaignRule,
    Practice,
    WorkItem,
)
from integrations.models import HttpExchange
from tests.scenarios.clinic import Clinic

BOOKING = "2026-12-01T15:00:00+00:00"
VISIT = "2026-12-03T20:00:00Z"
# The visit's day begins at 5:00 UTC at the east coast, and at 8:00 at the west coast.
DAY_IN_THE_EAST = "2026-12-03T05:01:00+00:00"
DAY_IN_THE_WEST = "2026-12-03T08:01:00+00:00"
AN_HOUR_LATER = "2026-12-03T06:05:00+00:00"
VIDEO, OFFICE = "91", "82"
ROOM = "/v1/{practiceid}/appointments/{appointmentid}/nativeathenatelehealthroom"


@pytest.fixture
def traveller(settings) -> Iterator[time_machine.Coordinates]:
    """A clock that the test moves on."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(BOOKING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def days(traveller: time_machine.Coordinates, clinic: Clinic) -> Days:
    """A clinic whose days can be lived through."""
    return Days(traveller, clinic)


class Days:
    """Moves the clock and lets Kept do what is due by then."""

    def __init__(self, traveller: time_machine.Coordinates, clinic: Clinic) -> None:
        self.traveller = traveller
        self.clinic = clinic

    def at(self, moment: str) -> None:
        """Kept works at this moment."""
        self.traveller.move_to(datetime.fromisoformat(moment), tick=True)
        self.clinic.sync()

    def video_visit(self, **fields: str) -> str:
        """A video visit, booked and enrolled days ahead."""
        body = {"starts_at": VISIT, "appointmenttypeid": VIDEO, **fields}
        appointment = self.clinic.book(self.clinic.patient(), **body)
        self.clinic.sync()
        return appointment


def link(clinic: Clinic, appointment: str) -> str:
    """What Relatient's later messages will hold."""
    [enrollment] = clinic.active(appointment)
    return enrollment["appointment"].get("join_url") or ""


def coverage(appointment: str) -> str:
    return Appointment.objects.get(external_id=appointment).coverage_code


def asked() -> int:
    return HttpExchange.objects.filter(path_template=ROOM).count()


def open_items(kind: str) -> int:
    return WorkItem.objects.filter(kind=kind, closed_at__isnull=True).count()


def test_it_is_enrolled_without_a_link_and_nothing_is_asked_before_the_day(days: Days) -> None:
    appointment = days.video_visit()
    assert coverage(appointment) == "enrolled"
    days.at("2026-12-03T04:50:00+00:00")
    assert link(days.clinic, appointment) == ""
    assert asked() == 0


def test_on_the_day_the_link_is_added_by_an_update_and_nobody_is_told_again(days: Days) -> None:
    appointment = days.video_visit()
    days.at(DAY_IN_THE_EAST)
    assert (
        link(days.clinic, appointment) == f"https://telehealth.example.com/room/join-{appointment}"
    )
    [enrollment] = days.clinic.enrollments(appointment)
    assert len(days.clinic.initial_messages(enrollment)) == 1
    assert coverage(appointment) == "enrolled"


def test_it_is_asked_for_once(days: Days) -> None:
    days.video_visit()
    days.at(DAY_IN_THE_EAST)
    days.at(AN_HOUR_LATER)
    days.at(DAY_IN_THE_WEST)
    assert asked() == 1


def test_the_day_is_that_of_the_department(days: Days) -> None:
    appointment = days.video_visit(departmentid="102", providerid="82")
    days.at(DAY_IN_THE_EAST)
    assert asked() == 0
    days.at(DAY_IN_THE_WEST)
    assert link(days.clinic, appointment)


def test_a_visit_in_the_office_is_never_asked_about(days: Days) -> None:
    days.clinic.book(days.clinic.patient(), starts_at=VISIT)
    days.clinic.sync()
    days.at(DAY_IN_THE_EAST)
    assert asked() == 0


def test_without_a_room_the_reminders_go_on_unless_the_practice_wants_a_link(days: Days) -> None:
    days.clinic.control("settings", {"telehealth_room": False})
    appointment = days.video_visit()
    days.at(DAY_IN_THE_EAST)
    assert asked() == 1
    assert coverage(appointment) == "enrolled"
    assert open_items("telehealth_link") == 0


def test_a_missing_link_blocks_on_the_day_only_and_is_looked_for_again(days: Days) -> None:
    Practice.objects.update(telehealth_link_required=True)
    days.clinic.control("settings", {"telehealth_room": False})
    appointment = days.video_visit()
    assert coverage(appointment) == "enrolled"
    days.at(DAY_IN_THE_EAST)
    assert coverage(appointment) == "telehealth_link_missing"
    assert open_items("telehealth_link") == 1
    assert len(days.clinic.active(appointment)) == 1
    days.clinic.control("settings", {"telehealth_room": True})
    days.at(AN_HOUR_LATER)
    assert coverage(appointment) == "enrolled"
    assert open_items("telehealth_link") == 0
    assert link(days.clinic, appointment)


def test_a_visit_that_is_moved_on_its_day_gets_the_link_of_its_new_day(days: Days) -> None:
    appointment = days.video_visit()
    days.at(DAY_IN_THE_EAST)
    moved = {"starts_at": "2026-12-05T20:00:00Z"}
    days.clinic.control(f"athena/appointments/{appointment}/change", moved)
    days.clinic.sync()
    assert link(days.clinic, appointment) == ""
    days.at("2026-12-05T05:01:00+00:00")
    assert link(days.clinic, appointment)
    assert asked() == 2


def test_a_visit_cancelled_on_its_day_is_not_asked_about(days: Days) -> None:
    appointment = days.video_visit()
    days.clinic.control(f"athena/appointments/{appointment}/cancel")
    days.at(DAY_IN_THE_EAST)
    assert asked() == 0


def test_without_permission_to_read_it_the_reminders_go_on(days: Days) -> None:
    appointment = days.video_visit()
    body = json.dumps({"error": "Access denied"})
    days.clinic.fault(kind="status", status=403, path="nativeathenatelehealthroom", body=body)
    days.at(DAY_IN_THE_EAST)
    assert len(days.clinic.active(appointment)) == 1
    assert link(days.clinic, appointment) == ""


@pytest.mark.parametrize("field", ["telehealth", "istelehealth"])
def test_the_records_own_flag_is_enough(days: Days, field: str) -> None:
    days.clinic.control("settings", {"telehealth_field": field})
    appointment = days.video_visit()
    days.at(DAY_IN_THE_EAST)
    assert link(days.clinic, appointment)


def test_without_a_flag_the_type_is_enough(days: Days) -> None:
    days.clinic.control("settings", {"telehealth_field": ""})
    AppointmentType.objects.filter(external_id=VIDEO).update(modality="telehealth")
    appointment = days.video_visit()
    days.at(DAY_IN_THE_EAST)
    assert link(days.clinic, appointment)


def test_a_video_visit_that_becomes_one_in_the_office_is_that_of_its_twin_and_back(
    clinic: Clinic,
) -> None:
    """Also where the row that brings the change lacks the flag."""
    in_spanish = {"appointment_type_id": OFFICE, "modality": "in_person", "language": "es"}
    for rule in (
        {**in_spanish, "campaign": "cmp_preventive_es"},
        {"appointment_type_id": "*", "modality": "telehealth", "campaign": "cmp_telehealth_en"},
    ):
        campaign = Campaign.objects.get(external_id=rule.pop("campaign"))
        CampaignRule.objects.create(practice=clinic.practice, campaign=campaign, **rule)
    AppointmentType.objects.filter(external_id=VIDEO).update(modality="telehealth")
    appointment = clinic.book(clinic.patient(language6392code="spa"), appointmenttypeid=VIDEO)
    clinic.sync()
    assert told(clinic, appointment) == ("telehealth", "cmp_telehealth_en")
    clinic.control("settings", {"telehealth_field": ""})
    for kind, right in (
        (OFFICE, ("in_person", "cmp_preventive_es")),
        (VIDEO, ("telehealth", "cmp_telehealth_en")),
    ):
        change = {"appointmenttypeid": kind}
        clinic.control(f"athena/appointments/{appointment}/change", change)
        clinic.sync()
        assert told(clinic, appointment) == right


def told(clinic: Clinic, appointment: str) -> tuple[str, str]:
    """How the visit takes place, as the reminder says, and by which campaign."""
    [enrollment] = clinic.active(appointment)
    return enrollment["appointment"]["modality"], enrollment["campaign_id"]


def test_a_word_in_the_name_is_no_flag(days: Days) -> None:
    days.clinic.control("settings", {"telehealth_field": ""})
    days.video_visit(appointmenttype="TELEHEALTH VIDEO VISIT")
    days.at(DAY_IN_THE_EAST)
    assert asked() == 0


def test_the_link_is_stored_nowhere_in_the_clear_and_told_to_no_log(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="campaigns"), caplog.at_level(logging.DEBUG):
        appointment = days.video_visit()
        days.at(DAY_IN_THE_EAST)
    secret = f"join-{appointment}"
    assert Appointment.objects.get(external_id=appointment).join_url.endswith(secret)
    ours = [r for r in caplog.records if not r.name.startswith(("urllib3", "werkzeug"))]
    assert secret not in "".join(f"{r.getMessage()} {r.__dict__}" for r in ours)
    told = StringIO()
    call_command("explain", appointment, "--json", stdout=told)
    assert secret not in told.getvalue()
    found = [table for table in connection.introspection.table_names() if secret in dump(table)]
    assert found == []


def dump(table: str) -> str:
    """All that stands in a table, as whoever stole the file would read it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return str(cursor.fetchall())
