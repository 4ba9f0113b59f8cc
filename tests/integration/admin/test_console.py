"""The console: who sees which list, whose rows, and what saving sets in motion."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.access import CONSOLE
from campaigns.domain.coverage import Code
from campaigns.domain.values import EffectStatus, ReplyKind, WorkItemKind
from campaigns.models import (
    ADMINS,
    BULK,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    CampaignRule,
    Practice,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignRuleFactory,
    DecisionFactory,
    DepartmentFactory,
    EffectFactory,
    PracticeFactory,
    ProviderFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)
from tests.integration.console_room import address, as_sent, signed_in

CONSOLE_LISTS = sorted(CONSOLE[ADMINS].keys() - {"campaigns.attempt", "campaigns.membership"})


@pytest.fixture
def practice(db: None) -> Practice:
    made = PracticeFactory(name="Lakeside Family Medicine")
    fill(made)
    return made


@pytest.fixture
def elsewhere(db: None) -> Practice:
    made = PracticeFactory(name="Zebra Pediatrics")
    fill(made)
    return made


def fill(practice: Practice) -> None:
    """One row of nearly everything."""
    DepartmentFactory(practice=practice)
    ProviderFactory(practice=practice)
    AppointmentTypeFactory(practice=practice)
    CampaignRuleFactory(practice=practice)
    visit = AppointmentFactory(practice=practice)
    ResponseFactory(appointment=visit)
    EffectFactory(appointment=visit, status=EffectStatus.PARKED)
    WorkItemFactory(appointment=visit)
    DecisionFactory(appointment=visit)


@pytest.mark.parametrize("label", CONSOLE_LISTS)
@pytest.mark.parametrize("role", [CLINICAL_OPS, ADMINS])
def test_each_role_opens_its_own_lists_and_no_others(
    client: Client, practice: Practice, role: str, label: str
) -> None:
    answer = signed_in(client, role, practice).get(address(label))
    assert answer.status_code == (200 if label in CONSOLE[role] else 403)


@pytest.mark.parametrize("page", ["", "campaigns/campaignrule/", "campaigns/appointment/"])
def test_the_front_desk_has_no_console(client: Client, practice: Practice, page: str) -> None:
    answer = signed_in(client, FRONT_DESK, practice).get(f"/admin/{page}")
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")


@pytest.mark.parametrize(
    "label",
    [
        "campaigns.appointment",
        "campaigns.campaignrule",
        "campaigns.appointmenttype",
        "campaigns.campaign",
        "campaigns.department",
        "campaigns.provider",
        "campaigns.response",
        "campaigns.effect",
        "campaigns.workitem",
        "campaigns.decisionrecord",
        "campaigns.practice",
    ],
)
def test_nobody_sees_another_practices_rows(
    client: Client, practice: Practice, elsewhere: Practice, label: str
) -> None:
    signed_in(client, ADMINS, practice)
    page = client.get(address(label))
    rows = page.context["cl"].queryset
    assert rows.count() == 1
    assert "Zebra" not in page.content.decode()
    model = rows.model
    foreign = model.objects.exclude(pk__in=rows.values("pk")).first()
    followed = client.get(address(label, f"{foreign.pk}/change/"), follow=True)
    assert "Zebra" not in followed.content.decode()
    assert followed.status_code == 404 or followed.redirect_chain


def test_a_superuser_sees_all(client: Client, practice: Practice, elsewhere: Practice) -> None:
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert client.get(address("campaigns.appointment")).context["cl"].queryset.count() == 2


def test_the_first_page_tells_how_it_stands(client: Client, practice: Practice) -> None:
    AppointmentFactory(practice=practice, code=Code.NO_RULE)
    page = signed_in(client, ADMINS, practice).get("/admin/").content.decode()
    assert "Upcoming visits: 2" in page
    assert "No campaign rule covers this kind of visit" in page
    assert "Effects whose outcome nobody knows" in page


@pytest.fixture
def quiet(practice: Practice) -> Appointment:
    """A visit at which nobody has to look."""
    visit = Appointment.objects.get(practice=practice)
    Appointment.objects.update(look_due_at=None, look_priority=BULK)
    return visit


def due(visit: Appointment) -> bool:
    visit.refresh_from_db()
    return visit.look_due_at is not None


def test_a_rule_is_changed_in_the_mapping(client: Client, practice: Practice) -> None:
    """One editor: the console lists the rules and leads there, and stores nothing itself."""
    rule = CampaignRule.objects.get()
    signed_in(client, CLINICAL_OPS, practice)
    opened = client.get(address("campaigns.campaignrule", f"{rule.pk}/change/"))
    assert opened.headers["Location"] == f"/coverage/mapping/?practice={practice.pk}&type=82"
    assert client.get(address("campaigns.campaignrule", "add/")).headers["Location"] == (
        "/coverage/mapping/"
    )
    client.post(address("campaigns.campaignrule", f"{rule.pk}/change/"), {"active": ""})
    rule.refresh_from_db()
    assert rule.active
    assert client.get(address("campaigns.campaignrule", f"{rule.pk}/delete/")).status_code == 403


def test_a_rule_of_another_practice_leads_nowhere(
    client: Client, practice: Practice, elsewhere: Practice
) -> None:
    signed_in(client, CLINICAL_OPS, elsewhere)
    rule = CampaignRule.objects.get(practice=practice)
    opened = client.get(address("campaigns.campaignrule", f"{rule.pk}/change/"))
    assert opened.headers.get("Location") == "/admin/"


def test_a_time_zone_set_by_hand_moves_the_visits_along(
    client: Client, practice: Practice, quiet: Appointment
) -> None:
    department = DepartmentFactory(practice=practice)
    signed_in(client, ADMINS, practice)
    client.post(
        address("campaigns.department", f"{department.pk}/change/"),
        {"time_zone": "America/Los_Angeles"},
    )
    department.refresh_from_db()
    before = quiet.starts_at
    assert department.time_zone_set_by_hand
    assert due(quiet)
    assert quiet.starts_at - before == timedelta(hours=3)
    assert quiet.time_zone == "America/Los_Angeles"
    assert AuditEvent.objects.get(action="department.time_zone_set").detail["visits"] == 1


def test_an_age_of_majority_of_a_department_is_a_setting_like_any_other(
    client: Client, practice: Practice, quiet: Appointment
) -> None:
    department = DepartmentFactory(practice=practice, time_zone="America/Chicago")
    signed_in(client, ADMINS, practice)
    page = address("campaigns.department", f"{department.pk}/change/")
    client.post(page, {"time_zone": "America/Chicago", "age_of_majority": "40"})
    department.refresh_from_db()
    assert department.age_of_majority is None
    client.post(page, {"time_zone": "America/Chicago", "age_of_majority": "19"})
    department.refresh_from_db()
    assert department.age_of_majority == 19
    assert due(quiet)
    (change,) = AuditEvent.objects.get(action="practice.configured").detail["changed"]
    assert change == [f"age_of_majority.{department.external_id}", "", "19"]


def test_what_is_decided_of_a_type_is_audited(
    client: Client, practice: Practice, quiet: Appointment
) -> None:
    kind = AppointmentTypeFactory(practice=practice)
    signed_in(client, CLINICAL_OPS, practice)
    form = {"modality": "telehealth", "on_cancel": "ask", "visit_value": "180"}
    client.post(address("campaigns.appointmenttype", f"{kind.pk}/change/"), form)
    kind.refresh_from_db()
    assert (kind.modality, kind.on_cancel) == ("telehealth", "ask")
    changed = AuditEvent.objects.get(action="appointment_type.updated").detail["changed"]
    assert changed == ["modality", "on_cancel", "visit_value"]
    assert due(quiet)


def settings_form(client: Client, practice: Practice) -> dict[str, object]:
    page = client.get(address("campaigns.practice", f"{practice.pk}/change/"))
    return as_sent(page.context["adminform"].form)


def test_settings_are_changed_the_way_the_command_changes_them(
    client: Client, practice: Practice, quiet: Appointment
) -> None:
    signed_in(client, ADMINS, practice)
    form = settings_form(client, practice) | {
        "too_late_hours": "5",
        "waitlist_phone": "(617) 253-0142",
        "send_window_sms_end": "20:00",
    }
    answer = client.post(address("campaigns.practice", f"{practice.pk}/change/"), form)
    assert answer.status_code == 302
    practice.refresh_from_db()
    assert (practice.too_late_hours, practice.waitlist_phone) == (5, "+16172530142")
    assert f"{practice.send_window_sms_end:%H:%M}" == "20:00"
    changed = AuditEvent.objects.get(action="practice.configured").detail["changed"]
    assert {"too_late_hours", "waitlist_phone", "send_window_sms"} == {one[0] for one in changed}
    assert due(quiet)


def test_settings_that_make_no_sense_are_refused(client: Client, practice: Practice) -> None:
    signed_in(client, ADMINS, practice)
    form = settings_form(client, practice) | {
        "waitlist_phone": "12",
        "alert_emails": "not an address",
        "send_window_voice_end": "09:00",
    }
    page = client.post(address("campaigns.practice", f"{practice.pk}/change/"), form)
    text = page.content.decode()
    assert "A us or canadian number" in text or "number in E.164 is needed" in text.lower()
    assert "addresses are needed" in text
    assert "The window must end after it starts." in text


def test_the_patients_words_are_on_one_page_and_reading_them_is_audited(
    client: Client, practice: Practice
) -> None:
    heard = ResponseFactory(
        appointment=practice.appointments.get(),
        kind=ReplyKind.UNRECOGNIZED,
        raw_text="is parking free?",
    )
    signed_in(client, CLINICAL_OPS, practice)
    assert "parking" not in client.get(address("campaigns.response")).content.decode()
    page = client.get(address("campaigns.response", f"{heard.pk}/change/")).content.decode()
    assert "is parking free?" in page
    assert AuditEvent.objects.get(action="page.viewed").detail == {"page": "response"}


def test_lists_begin_with_what_people_ask_about(client: Client, practice: Practice) -> None:
    AppointmentFactory(practice=practice, starts_at=timezone.now() - timedelta(days=3))
    WorkItemFactory(
        appointment=practice.appointments.first(),
        kind=WorkItemKind.NOT_RESENT,
        closed_at=timezone.now(),
    )
    signed_in(client, CLINICAL_OPS, practice)
    for label, everything in (
        ("campaigns.appointment", "?when=all"),
        ("campaigns.workitem", "?open=all"),
    ):
        assert client.get(address(label)).context["cl"].queryset.count() == 1
        assert client.get(address(label, everything)).context["cl"].queryset.count() == 2


def test_an_appointment_leads_to_its_story(client: Client, practice: Practice) -> None:
    visit = practice.appointments.get()
    signed_in(client, CLINICAL_OPS, practice)
    answer = client.get(address("campaigns.appointment", f"{visit.pk}/change/"))
    assert answer.url == f"/appointments/{visit.pk}/"
