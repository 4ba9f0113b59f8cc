"""What the console calls things: words of the menu and of staff, never codes or ids of tables."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from campaigns.domain.values import EffectKind, EffectStatus, InstructionKind
from campaigns.labels import finding, language, tongue
from campaigns.models import ADMINS, CLINICAL_OPS, Enrollment, Practice, StaffInstruction
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    CampaignFactory,
    DecisionFactory,
    EffectFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)


@pytest.fixture
def practice(db: None) -> Practice:
    made = PracticeFactory(name="Lakeside Family Medicine")
    CampaignFactory(practice=made, external_id="cmp_7", name="Gentle Reminder")
    return made


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[practice]))
    return client


def title_of(page: str) -> str:
    return page.split("<title>")[1].split("</title>")[0].strip()


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("campaigns/appointment", "Appointments | Kept"),
        ("campaigns/workitem", "Work items | Kept"),
        ("integrations/syncrun", "Sync runs | Kept"),
    ],
)
def test_a_list_has_the_name_of_its_link_in_the_menu(ops: Client, label: str, title: str) -> None:
    page = ops.get(f"/admin/{label}/").content.decode()
    assert title_of(page) == title


def test_a_locked_sign_in_is_not_called_after_the_package_that_keeps_it(
    client: Client, practice: Practice
) -> None:
    client.force_login(UserFactory(role=ADMINS, practices=[practice]))
    page = client.get("/admin/axes/accessattempt/").content.decode()
    assert title_of(page) == "Locked sign-ins | Kept"
    assert "Axes" not in page


def test_a_row_is_called_what_people_call_it(ops: Client, practice: Practice) -> None:
    visit = AppointmentFactory(practice=practice)
    rows = {
        "effect": EffectFactory(appointment=visit, kind=EffectKind.WRITE_CONFIRMATION),
        "workitem": WorkItemFactory(appointment=visit),
        "response": ResponseFactory(appointment=visit),
        "decisionrecord": DecisionFactory(appointment=visit, campaign="cmp_7"),
        "enrollment": Enrollment.objects.create(
            practice=practice,
            appointment=visit,
            patient=visit.patient,
            generation=1,
            campaign="cmp_7",
            status="active",
            starts_at=visit.starts_at,
            lead_channel="sms",
            created_at=visit.starts_at,
        ),
        "staffinstruction": StaffInstruction.objects.create(
            practice=practice,
            appointment=visit,
            kind=InstructionKind.ENROLLED,
            campaign="cmp_7",
            reason="The family asked.",
            given_at=visit.starts_at,
        ),
    }
    for model, row in rows.items():
        address = f"/admin/campaigns/{model}/"
        page = ops.get(f"{address}{row.pk}/change/").content.decode()
        listed = ops.get(address).content.decode()
        assert f", visit {visit.external_id} | " in title_of(page), model
        assert str(row) not in page, model
        assert "cmp_7" not in page + listed, model
    assert (
        "Write the confirmation to the chart"
        in ops.get("/admin/campaigns/effect/").rendered_content
    )


def test_a_filter_offers_the_words_of_its_column(ops: Client, practice: Practice) -> None:
    EffectFactory(appointment=AppointmentFactory(practice=practice), status=EffectStatus.PARKED)
    for counting in ("", "?_facets=True"):
        page = ops.get(f"/admin/campaigns/effect/{counting}").content.decode()
        assert "needs a person" in page
        assert "Tell Relatient the patient&#x27;s contact data" in page
        assert "upsert patient" not in page


def test_a_finding_is_told_without_codes() -> None:
    names = {"cmp_7": "Gentle Reminder"}
    saw = "Follow-up (83), in_person, enhanced, fi"
    assert finding("rule", saw, "rule 6: Gentle Reminder (cmp_7)", names) == (
        "Campaign rule",
        "Follow-up (83), in person, enhanced, Finnish",
        "rule 6: Gentle Reminder",
    )
    assert finding("language", "default", "es", names) == (
        "Language",
        "none named, so the practice's",
        "Spanish",
    )
    assert finding("contact", "sms usable, voice no_address", "usable: sms", names)[1:] == (
        "text usable, call nothing on file",
        "usable: text",
    )
    assert finding("time", "too late for another campaign", "keep Gentle Reminder (cmp_7)", names)[
        2
    ] == ("keep Gentle Reminder")
    assert finding("difference", "upsert_patient", "effect_in_flight", names)[1:] == (
        "tell Relatient the patient's contact data",
        "a change is on its way",
    )


def test_the_desk_reads_a_language_and_the_console_its_tag_too() -> None:
    assert (tongue("es"), tongue("fi"), tongue("x-none")) == ("Spanish", "Finnish", "x-none")
    assert (language("es"), language("x-none"), language("any")) == (
        "Spanish (es)",
        "x-none",
        "any language",
    )


def test_an_admin_finds_who_signed_in_to_their_practice_and_nobody_else(
    client: Client, practice: Practice
) -> None:
    UserFactory(username="dana", practices=[practice])
    UserFactory(username="zoe", practices=[PracticeFactory()])
    for name in ("dana", "zoe"):
        client.post("/accounts/login/", {"username": name, "password": PASSWORD})
    UserFactory(username="ada", role=ADMINS, practices=[practice])
    client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
    found = client.get("/admin/audit/auditevent/?q=session.sign_in").context["cl"].queryset
    assert set(found.values_list("actor", flat=True)) == {"dana", "ada"}
    assert AuditEvent.objects.filter(action="session.sign_in", actor="zoe").count() == 1
