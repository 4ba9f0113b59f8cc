"""One appointment's story, and where each role's day begins."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.domain.values import EffectKind, EffectStatus, OutcomeKind
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    ROLES,
    Attempt,
    ConsentEvent,
    Enrollment,
    StaffInstruction,
)
from tests.factories import (
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
def visit(db: None):
    return AppointmentFactory(code=Code.VENDOR_REJECTED)


def page_of(client: Client, visit, role: str = FRONT_DESK) -> str:
    client.force_login(UserFactory(username="dana", role=role, practices=[visit.practice]))
    answer = client.get(f"/appointments/{visit.pk}/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_all_three_roles_may_read_it_and_leave_a_trace(client: Client, visit, role: str) -> None:
    page = page_of(client, visit, role)
    assert "The last change was refused." in page
    event = AuditEvent.objects.get(action="page.viewed")
    assert (event.actor, event.appointment_id) == ("dana", visit.external_id)


def test_it_tells_everything_in_order_newest_last(client: Client, visit) -> None:
    now = timezone.now()
    DecisionFactory(appointment=visit, at=now - timedelta(hours=9), code=Code.EFFECT_IN_FLIGHT)
    effect = EffectFactory(
        appointment=visit,
        kind=EffectKind.ENROLL,
        status=EffectStatus.REJECTED,
        sentence="Relatient refused the number.",
        created_at=now - timedelta(hours=8),
    )
    Attempt.objects.create(
        effect=effect,
        practice=visit.practice,
        number=1,
        began_at=now - timedelta(hours=8),
        outcome=OutcomeKind.REJECTED,
        http_status=422,
        request_id="req_77",
    )
    StaffInstruction.objects.create(
        practice=visit.practice,
        appointment=visit,
        kind="stopped",
        reason="The family asked.",
        given_at=now - timedelta(hours=7),
        withdrawn_at=now - timedelta(hours=6),
    )
    ResponseFactory(appointment=visit, occurred_at=now - timedelta(hours=5), raw_text="si, gracias")
    WorkItemFactory(appointment=visit, opened_at=now - timedelta(hours=4))
    Enrollment.objects.create(
        practice=visit.practice,
        appointment=visit,
        patient=visit.patient,
        generation=1,
        campaign="cmp_gone",
        status="cancelled",
        starts_at=visit.starts_at,
        lead_channel="sms",
        created_at=now - timedelta(hours=8),
        ended_at=now - timedelta(hours=3),
        end_reason="staff",
    )
    page = page_of(client, visit)
    told = [
        "First seen",
        "Decided",
        "Enroll in reminders",
        "Relatient refused the number.",
        "HTTP 422 req_77",
        "Reminders stopped",
        "Reminders stopped: withdrawn",
        "The patient, by text: Confirmed",
        "si, gracias",
        "Work list: Message not delivered",
        "Reminders of cmp_gone ended",
        "Because a colleague stopped the reminders.",
    ]
    story = page.split("What happened")[1]
    places = [story.index(words) for words in told]
    assert places == sorted(places)


def test_times_are_in_the_clinics_zone(client: Client, db: None) -> None:
    starts_at = timezone.now().replace(hour=20, minute=30) + timedelta(days=2)
    visit = AppointmentFactory(time_zone="America/Los_Angeles", starts_at=starts_at)
    page = page_of(client, visit)
    assert "Los Angeles time" in page
    assert " PST" in page or " PDT" in page


def test_a_moved_visit_leads_to_the_other_one(client: Client, visit) -> None:
    old = AppointmentFactory(
        practice=visit.practice,
        patient=visit.patient,
        status="rescheduled",
        code=Code.RESCHEDULED,
        replaced_by=visit.external_id,
    )
    assert f'href="/appointments/{visit.pk}/"' in page_of(client, old)
    assert (
        f'href="/appointments/{old.pk}/"'
        in client.get(f"/appointments/{visit.pk}/").content.decode()
    )


def test_only_who_may_use_the_console_is_led_there(client: Client, visit) -> None:
    EffectFactory(appointment=visit)
    assert "Open in the console" in page_of(client, visit, CLINICAL_OPS)
    client.force_login(UserFactory(role=FRONT_DESK, practices=[visit.practice]))
    assert "Open in the console" not in client.get(f"/appointments/{visit.pk}/").content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_another_practices_visit_does_not_exist(client: Client, visit, role: str) -> None:
    client.force_login(UserFactory(role=role, practices=[PracticeFactory()]))
    assert client.get(f"/appointments/{visit.pk}/").status_code == 404
    assert not AuditEvent.objects.filter(action="page.viewed").exists()


def test_without_a_role_or_a_sign_in_there_is_nothing_to_read(client: Client, visit) -> None:
    assert client.get(f"/appointments/{visit.pk}/").status_code == 302
    client.force_login(UserFactory(practices=[visit.practice]))
    assert client.get(f"/appointments/{visit.pk}/").status_code == 403


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (FRONT_DESK, "/worklist/"),
        (CLINICAL_OPS, "/coverage/"),
        (ADMINS, "/admin/"),
    ],
)
def test_each_role_is_sent_to_its_own_home(client: Client, db: None, role: str, home: str) -> None:
    client.force_login(UserFactory(role=role, practices=[PracticeFactory()]))
    assert client.get("/").url == home
    assert client.get(home).status_code == 200


def test_a_person_without_a_role_is_told_whom_to_ask(client: Client, db: None) -> None:
    assert client.get("/").url == "/accounts/login/?next=/"
    client.force_login(UserFactory())
    assert "Ask an administrator to give you a role" in client.get("/").content.decode()


def test_the_first_lines_say_why_in_one_sentence(client: Client, db: None) -> None:
    visit = AppointmentFactory(code=Code.NO_RULE)
    saw = "Annual physical (82), in_person, standard, es"
    found = [["status", "scheduled", "scheduled"], ["rule", saw, "no rule matches"]]
    DecisionFactory(appointment=visit, code=Code.NO_RULE, findings=found)
    page = page_of(client, visit)
    assert "No campaign rule covers this kind of visit." in page
    assert (
        "What decided it: campaign rule. Found: Annual physical (82), in person, standard, "
        "Spanish. So: no rule matches." in page
    )


def test_why_a_visit_has_its_campaign(client: Client, visit) -> None:
    CampaignFactory(practice=visit.practice, external_id="cmp_7", name="Gentle reminder")
    saw = "Annual physical (82), in_person, enhanced, en"
    found = [["time", "-", "-"], ["rule", saw, "rule 6: Gentle reminder (cmp_7)"]]
    DecisionFactory(appointment=visit, code=Code.VENDOR_REJECTED, campaign="cmp_7", findings=found)
    assert (
        "Campaign: Gentle reminder, because rule 6 covers this kind of visit: Annual physical "
        "(82), in person, enhanced, English." in page_of(client, visit)
    )


def test_a_decision_that_is_no_longer_so_explains_nothing(client: Client, visit) -> None:
    DecisionFactory(appointment=visit, code=Code.NO_RULE, findings=[["rule", "a", "b"]])
    assert "What decided it" not in page_of(client, visit)


@pytest.mark.parametrize(
    ("code", "role", "words"),
    [
        (Code.ENDED_ELSEWHERE, CLINICAL_OPS, "If the reminders should go on, enroll the visit by"),
        (Code.ENDED_ELSEWHERE, FRONT_DESK, "ask clinical ops to enroll the visit by hand"),
        (Code.TOO_LATE, FRONT_DESK, "Call the patient on a number of this page."),
        (Code.NO_CONTACT_CHANNEL, FRONT_DESK, "press Look again"),
        (Code.CANCELLED, CLINICAL_OPS, "nothing more can be asked of its reminders"),
    ],
)
def test_it_says_what_a_person_can_do(
    client: Client, db: None, code: Code, role: str, words: str
) -> None:
    status = "cancelled" if code is Code.CANCELLED else "scheduled"
    assert words in page_of(client, AppointmentFactory(code=code, status=status), role)


def test_an_instruction_is_shown_with_who_when_and_why(client: Client, visit) -> None:
    given_by = UserFactory(username="vera", first_name="Vera", last_name="Lund")
    for kind, hours in (("paused", 2), ("stopped", 1)):
        StaffInstruction.objects.create(
            practice=visit.practice,
            appointment=visit,
            kind=kind,
            reason=f"The family asked for {kind}.",
            given_by=given_by,
            given_at=timezone.now() - timedelta(hours=hours),
        )
    page = page_of(client, visit, FRONT_DESK)
    assert "Vera Lund" in page
    assert "“The family asked for stopped.”" in page
    assert "It counts again when the newer instruction is withdrawn." in page
    assert "Clinical ops can withdraw it." in page
    assert page.count("/withdraw/") == 1


def test_the_order_can_be_turned_round(client: Client, visit) -> None:
    WorkItemFactory(appointment=visit)
    page_of(client, visit)
    turned = client.get(f"/appointments/{visit.pk}/?order=newest").content.decode()
    story = turned.split('<ol class="timeline">')[1]
    assert story.index("Work list:") < story.index("First seen")
    assert "Show the oldest first" in turned


def test_what_was_observed_and_consented_is_told(client: Client, visit) -> None:
    ConsentEvent.objects.create(
        practice=visit.practice,
        patient=visit.patient,
        channel="sms",
        state="opted_out",
        source="a reply to a text",
        event_id="evt_1",
        at=timezone.now(),
    )
    page = page_of(client, visit)
    assert "The patient opted out of texts" in page
    assert "The patient&#x27;s record was last read" in page


def test_a_long_story_costs_no_more_queries_than_a_short_one(client: Client, visit) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/appointments/{visit.pk}/").status_code == 200
        return len(seen)

    def happen(times: int) -> None:
        for number in range(times):
            DecisionFactory(appointment=visit)
            effect = EffectFactory(appointment=visit)
            Attempt.objects.create(
                effect=effect, practice=visit.practice, number=1, began_at=timezone.now()
            )
            ResponseFactory(appointment=visit, given_by=UserFactory())
            WorkItemFactory(appointment=visit, closed_at=timezone.now())
            StaffInstruction.objects.create(
                practice=visit.practice,
                appointment=visit,
                kind="paused",
                reason="-",
                given_by=UserFactory(),
                given_at=timezone.now() - timedelta(minutes=number),
            )

    happen(1)
    page_of(client, visit)
    few = queries()
    happen(20)
    assert queries() == few


def test_it_shows_the_preferred_name_below_the_charts_own(client: Client, visit) -> None:
    record = {"first_name": "Margaret", "last_name": "Ruiz", "preferred_name": "Peggy"}
    visit.patient.describe(replace(visit.patient.described, **record)).save()
    page = page_of(client, visit)
    assert page.index("Margaret Ruiz") < page.index("Goes by Peggy")
    assert "Peggy" not in str(list(AuditEvent.objects.values()))
