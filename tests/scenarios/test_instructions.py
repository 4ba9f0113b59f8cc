"""What staff say about one visit, judged by what Relatient then holds."""

from __future__ import annotations

import pytest
from django.test import Client

from campaigns.models import CLINICAL_OPS, FRONT_DESK, Appointment
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic

WHY = "The family asked for it."


class Desk:
    """A person at the visit's page, pressing its buttons."""

    def __init__(self, clinic: Clinic, role: str = CLINICAL_OPS) -> None:
        self.clinic, self.client = clinic, Client()
        self.client.force_login(UserFactory(role=role, practices=[clinic.practice]))

    def page(self, visit: str, place: str = "") -> str:
        """The address of the visit, known by athenahealth's number."""
        return f"/appointments/{Appointment.objects.get(external_id=visit).pk}/{place}"

    def tell(self, visit: str, kind: str, campaign: str = "") -> None:
        """Give an instruction, then let Kept do its work."""
        seen = self.client.get(self.page(visit)).context["actions"].seen or ""
        said = {"kind": kind, "reason": WHY, "campaign": campaign, "seen": seen}
        answer = self.client.post(self.page(visit, "instructions/"), said)
        assert answer.status_code == 302, answer.content.decode()
        self.clinic.work()

    def withdraw(self, visit: str) -> None:
        """Take back the one that counts, then let Kept do its work."""
        seen = self.client.get(self.page(visit)).context["actions"].seen
        answer = self.client.post(self.page(visit, f"instructions/{seen}/withdraw/"))
        assert answer.status_code == 302
        self.clinic.work()

    def look_again(self, visit: str) -> None:
        """Press the button, then let Kept do its work."""
        assert self.client.post(self.page(visit, "look/")).status_code == 302
        self.clinic.work()

    def reads(self, visit: str) -> str:
        """What the page says."""
        return self.client.get(self.page(visit)).content.decode()


@pytest.mark.parametrize(
    ("kind", "role"), [("stopped", CLINICAL_OPS), ("paused", CLINICAL_OPS), ("paused", FRONT_DESK)]
)
def test_reminders_end_at_relatient_and_begin_again_when_it_is_withdrawn(
    clinic: Clinic, kind: str, role: str
) -> None:
    desk = Desk(clinic, role)
    visit = clinic.book(clinic.patient())
    other = clinic.book(clinic.patient())
    clinic.sync()
    assert len(clinic.active(visit)) == 1
    desk.tell(visit, kind)
    assert clinic.active(visit) == []
    assert [row["status"] for row in clinic.enrollments(visit)] == ["cancelled"]
    # The colleague's visit is nobody's business here, and a further poll changes nothing.
    clinic.sync()
    assert clinic.active(visit) == []
    assert len(clinic.active(other)) == 1
    assert "A colleague stopped the reminders for this visit." in desk.reads(visit)
    desk.withdraw(visit)
    assert len(clinic.active(visit)) == 1
    assert "The patient is getting reminders for this visit." in desk.reads(visit)


def test_a_visit_without_a_rule_is_enrolled_by_hand_and_let_go_again(clinic: Clinic) -> None:
    desk = Desk(clinic)
    visit = clinic.book(clinic.patient(), appointmenttypeid="84")
    clinic.sync()
    assert "No campaign rule covers this kind of visit." in desk.reads(visit)
    desk.tell(visit, "enrolled", "cmp_followup_en")
    assert [row["campaign_id"] for row in clinic.active(visit)] == ["cmp_followup_en"]
    desk.withdraw(visit)
    assert clinic.active(visit) == []


def test_another_campaign_by_hand_takes_the_place_of_the_rules(clinic: Clinic) -> None:
    desk = Desk(clinic)
    visit = clinic.book(clinic.patient())
    clinic.sync()
    desk.tell(visit, "enrolled", "cmp_followup_en")
    assert [row["campaign_id"] for row in clinic.active(visit)] == ["cmp_followup_en"]
    # A pause on top ends it for a while; what was said before counts again afterwards.
    desk.tell(visit, "paused")
    assert clinic.active(visit) == []
    desk.withdraw(visit)
    assert [row["campaign_id"] for row in clinic.active(visit)] == ["cmp_followup_en"]


def test_what_was_ended_at_relatient_goes_on_by_hand_alone(clinic: Clinic) -> None:
    desk = Desk(clinic)
    visit = clinic.book(clinic.patient())
    clinic.sync()
    [enrollment] = clinic.active(visit)
    clinic.control(f"relatient/enrollments/{enrollment['id']}/end")
    desk.look_again(visit)
    assert "If the reminders should go on, enroll the visit by hand." in desk.reads(visit)
    assert clinic.active(visit) == []
    desk.tell(visit, "enrolled", "cmp_preventive_en")
    assert len(clinic.active(visit)) == 1


def test_a_visit_that_starts_too_soon_is_enrolled_by_hand(clinic: Clinic) -> None:
    desk = Desk(clinic)
    visit = clinic.book(clinic.patient(), days=1.5 / 24)
    clinic.sync()
    assert clinic.enrollments(visit) == []
    desk.tell(visit, "enrolled", "cmp_preventive_en")
    assert len(clinic.active(visit)) == 1


def test_looking_again_finds_what_the_feed_never_told(clinic: Clinic) -> None:
    desk = Desk(clinic)
    patient = clinic.patient()
    visit = clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/cancel")
    clinic.drop_from_feed(visit)
    clinic.sync()
    assert len(clinic.active(visit)) == 1
    desk.look_again(visit)
    assert clinic.active(visit) == []
    assert "The visit is cancelled." in desk.reads(visit)
