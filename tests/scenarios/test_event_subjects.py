"""What an event of athenahealth is about: however it names the visit, or when it names none."""

from __future__ import annotations

import pytest

from campaigns.models import Appointment
from integrations.models import InboundMessage
from tests.integration.webhook_room import audit_event, bundle, status
from tests.scenarios.bell import Bell, listen, post, taken
from tests.scenarios.clinic import PRACTICE, Clinic

OLDER_SYSTEMS = [
    f"urn:athenahealth:athenanet:appointment:{PRACTICE}",
    f"urn:athenahealth:athenanet:api:appointments:{PRACTICE}",
    f"URN:athenahealth:athenanet:Appointment:{PRACTICE}:",
    "urn:athenahealth:athenanet:api:appointments:",
    "urn:athenahealth:athenanet:appointments",
]
NOT_UNDERSTOOD = [
    {},
    {"identifier": {}},
    {"identifier": "4711"},
    {"identifier": [{"value": "1"}]},
    {"identifier": {"system": "urn:athenahealth:athenanet:appointment:195900"}},
    {"identifier": {"system": "urn:elsewhere:appointment:195900", "value": "1"}},
    {"identifier": {"system": "urn:athenahealth:athenanet:room:195900", "value": "1"}},
    {
        "identifier": {
            "system": "urn:athenahealth:athenanet:appointment:195900",
            "value": "../1",
        }
    },
    {"reference": "Patient/31001"},
    {"reference": 17},
    "appointment",
    None,
    [],
]


@pytest.fixture
def bell(clinic: Clinic) -> Bell:
    listen()
    return Bell()


def test_older_shapes_of_a_focus(clinic: Clinic, bell: Bell) -> None:
    visits = [clinic.book(clinic.patient()) for _ in OLDER_SYSTEMS]
    for system, visit in zip(OLDER_SYSTEMS, visits, strict=True):
        bell.focus({"identifier": {"system": system, "value": int(visit)}})
    clinic.work()
    assert [len(clinic.active(visit)) for visit in visits] == [1] * len(visits)


@pytest.mark.parametrize("before", ["", "https://api.example/fhir/r4/"])
def test_a_version_of_a_visit_names_the_visit(clinic: Clinic, bell: Bell, before: str) -> None:
    visit = clinic.book(clinic.patient())
    bell.focus({"reference": f"{before}Appointment/a-{PRACTICE}.A-{visit}/_history/3"})
    clinic.work()
    assert len(clinic.active(visit)) == 1


def test_orders_and_claims_wait_for_nobody(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    bell.focus({"reference": "DiagnosticReport/a-1.Result-77"}, "LabResult.sign-off")
    elsewhere = {"system": f"urn:athenahealth:athenanet:api:claims:{PRACTICE}", "value": visit}
    bell.focus({"identifier": elsewhere}, "Claim.update")
    assert clinic.work()["parked"] == 0
    assert taken() == {"ignored": 2}
    assert not Appointment.objects.exists()
    # A visit between them is read as ever.
    bell.tell("Appointment.schedule", visit)
    clinic.work()
    assert len(clinic.active(visit)) == 1


@pytest.mark.parametrize("topic", ["", "Appointment.sneeze"])
def test_what_it_is_about_matters_more_than_the_topic(
    clinic: Clinic, bell: Bell, topic: str
) -> None:
    visit = clinic.book(clinic.patient())
    (event,) = bell.events(visit)
    body = status("event-notification", event)
    body["topic"] = topic
    post("athenahealth", bundle(body, audit_event(event["id"], topic, PRACTICE)))
    clinic.work()
    assert len(clinic.active(visit)) == 1


def test_events_that_cannot_be_understood_are_parked_each_for_itself(
    clinic: Clinic, bell: Bell
) -> None:
    visit = clinic.book(clinic.patient())
    for focus in NOT_UNDERSTOOD:
        bell.focus(focus)
    bell.tell("Appointment.schedule", visit)
    clinic.work()
    parked = InboundMessage.objects.filter(status="parked")
    assert parked.count() == len(NOT_UNDERSTOOD)
    assert all(row.problem.startswith("athenahealth sent") for row in parked)
    assert len(clinic.active(visit)) == 1
