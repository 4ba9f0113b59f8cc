"""What trying a decision foretells is what then happens, and foretelling it changes nothing."""

from __future__ import annotations

from django.test import Client

from campaigns.models import CLINICAL_OPS, Campaign, CampaignRule
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic
from tests.scenarios.test_instructions import Desk


def test_the_answer_for_a_booked_visit_comes_true(clinic: Clinic) -> None:
    client = Client()
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[clinic.practice]))
    visit = clinic.book(clinic.patient(), appointmenttypeid="84")
    clinic.sync()
    campaign = Campaign.objects.get(external_id="cmp_followup_en")
    CampaignRule.objects.create(
        practice=clinic.practice, appointment_type_id="84", campaign=campaign
    )
    before = clinic.state()
    page = client.post("/try/", {"visit": visit}).content.decode()
    assert "The patient is getting reminders for this visit." in page
    assert f"<dd>{campaign.name}</dd>" in page
    after = clinic.state()
    assert (after["writes"], clinic.enrollments(visit)) == (before["writes"], [])
    clinic.work()
    assert clinic.enrollments(visit) == []
    Desk(clinic).look_again(visit)
    [enrollment] = clinic.active(visit)
    assert enrollment["campaign_id"] == "cmp_followup_en"
    # Now that it is done, nothing is left to be sent.
    page = client.post("/try/", {"visit": visit}).content.decode()
    assert "Nothing would be sent." in page
