"""An open slot on the desk's page: whom to call about it, and who may see them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.domain.snapshot import Contact
from campaigns.domain.values import WorkItemKind
from campaigns.models import FRONT_DESK, Practice, WorkItem
from campaigns.worklist.waitlist_candidates import _days, _hours
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)


@pytest.fixture
def practice(client: Client, db: None) -> Practice:
    made = PracticeFactory()
    client.force_login(UserFactory(username="dana", role=FRONT_DESK, practices=[made]))
    return made


def waiting(patient: str, **fields: Any) -> dict[str, Any]:
    entry = {"priority": "normal", "days": [], "hour_from": None, "hour_to": None, "note": ""}
    return {"patient": patient, **entry, **fields}


def open_slot(practice: Practice, details: list[dict[str, Any]] | None) -> WorkItem:
    visit = AppointmentFactory(practice=practice, status="cancelled", code=Code.CANCELLED)
    return WorkItemFactory(
        appointment=visit,
        kind=WorkItemKind.OPEN_SLOT,
        sentence="A patient cancelled and the slot is open.",
        response=ResponseFactory(appointment=visit, kind="cancelled"),
        details=details,
    )


def shown(client: Client, address: str = "/worklist/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_those_who_wait_are_listed_in_order_with_their_numbers(
    client: Client, practice: Practice
) -> None:
    first = PatientFactory(practice=practice, describe={"first_name": "Ada", "last_name": "Early"})
    PatientFactory(practice=practice, external_id="8", describe={"first_name": "Bea"})
    item = open_slot(
        practice,
        [
            waiting(first.external_id, priority="high", days=[1, 3], hour_from=8, hour_to=12,
                    note="Has a ride"),
            waiting("8"),
            waiting("999"),
        ],
    )  # fmt: skip
    for page in (shown(client), shown(client, f"/appointments/{item.appointment_id}/")):
        assert "Open slot" in page
        assert page.index("Ada Early") < page.index("Bea Delgado") < page.index("Patient 999")
        assert page.count('href="tel:+16172530142"') >= 2
        assert "High priority" in page
        assert "Mondays and Wednesdays, starting between 8 AM and 12 PM" in page
        assert "Has a ride" in page
        assert "Any day, any time" in page
        assert "Kept has no record of this patient" in page


def test_a_child_who_waits_is_called_by_way_of_a_grown_up(
    client: Client, practice: Practice
) -> None:
    guarantor = Contact("Petra Delgado", "mother", "6172530199", may_guard=True)
    born = (timezone.now() - timedelta(days=8 * 365)).date()
    child = PatientFactory(
        practice=practice, describe={"date_of_birth": born, "guarantor": guarantor}
    )
    open_slot(practice, [waiting(child.external_id)])
    page = shown(client)
    assert "Ask for Petra Delgado (mother)" in page
    assert "tel:+16172530199" in page


def test_who_is_no_patient_any_more_is_not_called(client: Client, practice: Practice) -> None:
    gone = PatientFactory(practice=practice, describe={"first_name": "Gone", "active": False})
    merged = PatientFactory(practice=practice, describe={"first_name": "Before"})
    merged.merged_into = PatientFactory(practice=practice, describe={"first_name": "After"})
    merged.save()
    open_slot(practice, [waiting(gone.external_id), waiting(merged.external_id)])
    page = shown(client)
    assert "Gone Delgado" not in page and "Before Delgado" not in page
    assert "After Delgado" in page


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ([], "Nobody on athenahealth's waitlist fits this slot."),
        (None, "waitlist was not read yet"),
    ],
)
def test_that_nobody_waits_is_said(
    client: Client, practice: Practice, details: list | None, words: str
) -> None:
    item = open_slot(practice, details)
    assert words in shown(client)
    assert words in shown(client, f"/appointments/{item.appointment_id}/")


def test_a_long_list_opens_on_demand(client: Client, practice: Practice) -> None:
    open_slot(practice, [waiting(str(number)) for number in range(500, 507)])
    page = shown(client)
    assert "2 more who wait for a slot like this" in page
    assert page.index("Patient 504") < page.index("2 more who wait") < page.index("Patient 505")


def test_the_desk_closes_it(client: Client, practice: Practice) -> None:
    item = open_slot(practice, [])
    client.post(f"/worklist/items/{item.pk}/done/")
    item.refresh_from_db()
    assert item.closed_at is not None
    assert 'blocked">Open slot' not in shown(client)
    assert "Nobody on athena" not in shown(client, f"/appointments/{item.appointment_id}/")


def test_whose_names_were_on_the_page_is_counted_in_the_audit(
    client: Client, practice: Practice
) -> None:
    item = open_slot(practice, [waiting("8"), waiting("9")])
    shown(client)
    shown(client, f"/appointments/{item.appointment_id}/")
    listed, page = AuditEvent.objects.filter(action="page.viewed").order_by("pk")
    assert listed.detail["rows"] == 3
    assert page.detail["others"] == 2


def test_another_practices_patient_of_the_same_number_is_not_named(
    client: Client, practice: Practice
) -> None:
    PatientFactory(external_id="8", describe={"first_name": "Elsewhere"})
    open_slot(practice, [waiting("8")])
    assert "Elsewhere" not in shown(client)


def test_the_number_of_queries_does_not_grow(client: Client, practice: Practice) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(client)
        return len(captured)

    patients = [PatientFactory(practice=practice).external_id for _ in range(4)]
    open_slot(practice, [waiting(patients[0])])
    shown(client)
    few = queries()
    for _ in range(3):
        open_slot(practice, [waiting(one) for one in patients])
    assert queries() == few


@pytest.mark.parametrize(
    ("days", "first", "last", "words"),
    [
        ([], None, None, "Any day, any time"),
        ([1, 2, 3, 4, 5, 6, 7], 0, None, "Any day, starting at 12 AM or later"),
        ([7], None, 12, "Sundays, starting at 12 PM or earlier"),
        ([1, 2, 5], 13, 24, "Mondays, Tuesdays and Fridays, starting between 1 PM and 12 AM"),
    ],
)
def test_wishes_in_words(days: list[int], first: int | None, last: int | None, words: str) -> None:
    assert f"{_days(days)}, {_hours(first, last)}" == words
