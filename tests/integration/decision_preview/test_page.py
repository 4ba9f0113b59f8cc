"""Trying a decision: the real rules answer, and nothing is written or sent."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    Campaign,
    CampaignRule,
    DecisionRecord,
    Effect,
    Practice,
    RuleChange,
    StaffInstruction,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    DepartmentFactory,
    PatientFactory,
    PracticeFactory,
    ProviderFactory,
    UserFactory,
)

CASE = {
    "type": "82",
    "modality": "",
    "days": "7",
    "hour": "10",
    "department": "1",
    "provider": "71",
    "patient": "adult",
    "mobile": "on",
    "email": "on",
    "consent": "yes",
    "language": "",
    "no_shows": "0",
}


@pytest.fixture
def practice(db: None) -> Practice:
    made = PracticeFactory()
    DepartmentFactory(practice=made)
    ProviderFactory(practice=made)
    AppointmentTypeFactory(practice=made)
    CampaignRuleFactory(practice=made)
    return made


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice]))
    return client


@pytest.fixture(autouse=True)
def nothing_is_written(db: None) -> Iterator[None]:
    """Whatever is tried leaves no decision, no effect and no due look behind."""
    yield
    assert not Effect.objects.exists()
    assert not DecisionRecord.objects.exists()
    assert not Appointment.objects.filter(look_due_at__isnull=False).exists()


def described(ops: Client, **changes: object) -> str:
    case = {name: value for name, value in (CASE | changes).items() if value is not None}
    answer = ops.get("/try/", case)
    assert answer.status_code == 200
    return answer.content.decode()


def a_visit(practice: Practice, **fields: object) -> Appointment:
    patient = PatientFactory(practice=practice, describe={"consent_to_text": True})
    patient.history_began = patient.history_ended = timezone.now()
    patient.save()
    return AppointmentFactory(practice=practice, patient=patient, **fields)


def test_a_described_visit_is_answered_in_words_from_finding_to_message(ops: Client) -> None:
    page = described(ops)
    for words in (
        "The patient is getting reminders for this visit.",
        "Preventive visit",
        "Campaign rule",
        "text, email",
        "Enroll in reminders",
        "Tell Relatient the patient&#x27;s contact data",
        "Dr. Amara Osei",
        "9:00",
    ):
        assert words in page, words
    # The number stands for one; nobody should call it.
    assert "a mobile number" in page
    assert "6172530100" not in page.replace("&#x27;", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "82", "modality": "telehealth"}, "The patient is getting reminders"),
        ({"patient": "child_alone"}, "no parent or guardian contact is on file"),
        ({"patient": "child"}, "A parent (parent)"),
        ({"mobile": None, "email": None}, "No usable mobile number or email on file."),
        ({"opted_out": ["sms", "email", "voice"]}, "The patient refused every way"),
        ({"consent": "no", "email": None}, "usable channels are none of the campaign&#x27;s"),
        ({"days": "0", "hour": "0"}, "The visit"),
        ({"provider": ""}, "The visit names no provider."),
        ({"no_shows": "2"}, "enhanced risk"),
        ({"language": "es"}, "Spanish"),
    ],
)
def test_each_circumstance_changes_the_answer(ops: Client, changes: dict, words: str) -> None:
    assert words in described(ops, **changes)


def test_a_type_without_a_rule_gets_nothing_and_says_why(ops: Client, practice: Practice) -> None:
    AppointmentTypeFactory(practice=practice, external_id="99", name="Sports medicine")
    page = described(ops, type="99")
    assert "No campaign rule covers this kind of visit." in page
    assert "What decided it: campaign rule." in page
    assert "Nothing would be sent." in page


def test_what_cannot_be_is_marked_and_not_answered(ops: Client) -> None:
    answer = ops.get("/try/", CASE | {"days": "-1", "type": "no such type"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('aria-invalid="true"') == 2
    assert "Please give a number from 0 to 365." in page
    assert "The answer for" not in page


def test_a_booked_visit_is_answered_as_its_next_look_would(ops: Client, practice: Practice) -> None:
    visit = a_visit(practice, code=Code.AWAITING_HISTORY)
    answer = ops.post("/try/", {"visit": visit.external_id})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Rosa Delgado" in page
    assert "The connection to athenahealth and Relatient is paused." in page
    assert "Enroll in reminders" in page
    assert "The patient is getting reminders for this visit." in page
    visit.refresh_from_db()
    assert visit.coverage_code == Code.AWAITING_HISTORY
    seen = AuditEvent.objects.get(action="page.viewed")
    assert (seen.actor, seen.appointment_id, seen.detail["page"]) == (
        "vera",
        visit.external_id,
        "try",
    )
    # The visit's number stands in no address: it is a form that was sent.
    assert ops.get("/try/", {"visit": visit.external_id}).content.decode().count("answer") == 0


def test_what_has_to_be_read_first_is_said(ops: Client, practice: Practice) -> None:
    visit = AppointmentFactory(practice=practice)
    page = ops.post("/try/", {"visit": visit.external_id}).content.decode()
    assert "Read the patient&#x27;s past visits" in page
    assert "Reading the patient&#x27;s past visits from athenahealth." in page


def test_an_instruction_of_staff_counts_here_too(ops: Client, practice: Practice) -> None:
    visit = a_visit(practice)
    StaffInstruction.objects.create(
        practice=practice, appointment=visit, kind="stopped", reason="-", given_at=timezone.now()
    )
    page = ops.post("/try/", {"visit": visit.external_id}).content.decode()
    assert "A colleague stopped the reminders for this visit." in page


def test_while_a_change_waits_both_answers_are_shown(ops: Client, practice: Practice) -> None:
    new = CampaignFactory(practice=practice, external_id="cmp_new", name="Gentle reminder")
    rule = CampaignRule.objects.get(practice=practice)
    before = [[rule.pk, "82", "any", "any", "any", "cmp_preventive_en"]]
    rule.campaign = new
    rule.save()
    RuleChange.objects.create(
        practice=practice, made_at=timezone.now(), status="held", before=before, after=[]
    )
    page = described(ops)
    first, second = page.split("If the change is approved")
    assert "As it is" in first
    assert "A rule change moves many visits and waits for a second person." in first
    assert "Gentle reminder" in second.split("What each question found")[0]
    assert "The patient is getting reminders for this visit." in second


@pytest.mark.parametrize("number", ["", "404404", "x' OR 1=1"])
def test_an_unknown_number_is_answered_in_words(ops: Client, number: str) -> None:
    answer = ops.post("/try/", {"visit": number})
    assert answer.status_code == 422
    assert "visit" in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_the_next_visits_of_a_kind_can_be_picked_and_seeing_them_leaves_a_trace(
    ops: Client, practice: Practice
) -> None:
    soon = a_visit(practice, starts_at=timezone.now() + timedelta(hours=5))
    a_visit(practice, starts_at=timezone.now() - timedelta(hours=5))
    a_visit(practice, status="cancelled", code=Code.CANCELLED)
    page = ops.get("/try/", {"of": "82"}).content.decode()
    assert page.count('name="visit"') == 2
    assert f'value="{soon.external_id}"' in page
    seen = AuditEvent.objects.get(action="page.viewed")
    assert seen.detail == {"page": "try", "rows": 1}


def test_the_page_costs_the_same_with_many_visits(ops: Client, practice: Practice) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert ops.get("/try/", {"of": "82"}).status_code == 200
        return len(seen)

    a_visit(practice)
    ops.get("/try/")
    few = queries()
    for _ in range(30):
        a_visit(practice)
    CampaignFactory(practice=practice, external_id="cmp_more")
    assert queries() == few


def test_a_practice_without_reference_data_is_told_so(client: Client, db: None) -> None:
    client.force_login(UserFactory(role=ADMINS, practices=[PracticeFactory()]))
    answer = client.get("/try/")
    assert answer.status_code == 200
    assert "have not been read yet" in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [(FRONT_DESK, 403), (CLINICAL_OPS, 200), (ADMINS, 200), (None, 403)]
)
def test_the_page_is_for_clinical_ops_and_admins(
    client: Client, practice: Practice, role: str | None, status: int
) -> None:
    client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get("/try/").status_code == status
    assert client.post("/try/", {"visit": "1"}).status_code == (422 if status == 200 else 403)


def test_another_practices_visit_cannot_be_tried(ops: Client) -> None:
    theirs = a_visit(PracticeFactory())
    assert ops.post("/try/", {"visit": theirs.external_id}).status_code == 422
    stolen = {"visit": theirs.external_id, "practice": theirs.practice_id}
    assert ops.post("/try/", stolen).status_code == 404
    assert not AuditEvent.objects.filter(action="page.viewed").exists()


def test_nobody_is_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/try/").status_code == 302
    assert Campaign.objects.count() == 0
