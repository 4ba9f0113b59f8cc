"""What a person may tell Kept about one visit: who may, what is stored, what is refused."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from audit.models import AuditEvent
from campaigns.appointments import instructions
from campaigns.appointments.instructions import NotGiven
from campaigns.domain.coverage import Code
from campaigns.domain.values import InstructionKind
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    PROMPT,
    ROLES,
    Appointment,
    Enrollment,
    StaffInstruction,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    PracticeFactory,
    UserFactory,
)

WHY = "The family asked for it."


@pytest.fixture
def visit(db: None) -> Appointment:
    made = AppointmentFactory()
    CampaignFactory(practice=made.practice)
    return made


@pytest.fixture
def vera(visit: Appointment):
    return UserFactory(username="vera", role=CLINICAL_OPS, practices=[visit.practice])


@pytest.fixture
def ops(client: Client, vera) -> Client:
    client.force_login(vera)
    return client


def post(client: Client, visit: Appointment, kind: str, **fields: object):
    said = {"kind": kind, "reason": WHY, "seen": "", **fields}
    return client.post(f"/appointments/{visit.pk}/instructions/", said)


def an_instruction(visit: Appointment, kind: str = "paused", **fields: object) -> StaffInstruction:
    fields = {"given_at": timezone.now(), "reason": WHY, **fields}
    return StaffInstruction.objects.create(
        practice=visit.practice, appointment=visit, kind=kind, **fields
    )


@pytest.mark.parametrize("kind", ["paused", "stopped"])
@pytest.mark.django_db(transaction=True)
def test_it_is_stored_audited_and_looked_at_at_once(
    ops: Client, visit: Appointment, kind: str
) -> None:
    assert post(ops, visit, kind).status_code == 302
    said = visit.instructions.get()
    assert (said.kind, said.reason, str(said.given_by)) == (kind, WHY, "vera")
    assert (said.campaign, said.withdrawn_at) == ("", None)
    visit.refresh_from_db()
    assert visit.look_due_at is not None
    assert visit.look_priority == PROMPT
    assert OrmQ.objects.count() == 1
    event = AuditEvent.objects.get(action="instruction.given")
    assert (event.actor, event.appointment_id) == ("vera", visit.external_id)
    # What a colleague wrote stays in its own row.
    assert event.detail == {"kind": kind}


def test_enrolling_by_hand_names_one_of_the_campaigns_that_fit(
    ops: Client, visit: Appointment
) -> None:
    practice = visit.practice
    CampaignFactory(practice=practice, external_id="cmp_off", active=False)
    CampaignFactory(practice=practice, external_id="cmp_video", modality="telehealth")
    for wrong in ("", "cmp_off", "cmp_video", "cmp_of_nobody"):
        answer = post(ops, visit, "enrolled", campaign=wrong)
        assert answer.status_code == 422
        assert "Please choose one of the campaigns." in answer.content.decode()
    assert post(ops, visit, "enrolled", campaign="cmp_preventive_en").status_code == 302
    assert visit.instructions.get().campaign == "cmp_preventive_en"


def test_a_video_visit_is_offered_video_campaigns(visit: Appointment) -> None:
    practice = visit.practice
    AppointmentTypeFactory(practice=practice, modality="telehealth")
    CampaignFactory(practice=practice, external_id="cmp_video", modality="telehealth", name="A")
    CampaignFactory(practice=practice, external_id="cmp_office", modality="in_person")
    fitting = [row.external_id for row in instructions.fitting_campaigns(visit)]
    assert fitting == ["cmp_video", "cmp_preventive_en"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_needed_and_what_was_typed_comes_back(
    ops: Client, visit: Appointment, reason: str
) -> None:
    CampaignFactory(practice=visit.practice, external_id="cmp_b", name="Another")
    answer = post(ops, visit, "enrolled", reason=reason, campaign="cmp_b")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert">Please say why' in page
    assert 'value="cmp_b" selected' in page
    assert not visit.instructions.exists()


def test_a_second_press_and_a_slower_colleague_store_nothing(
    ops: Client, visit: Appointment
) -> None:
    post(ops, visit, "paused")
    for late in ("paused", "stopped"):
        answer = post(ops, visit, late)
        assert answer.status_code == 422
        assert "Nothing was stored: the instructions have changed." in answer.content.decode()
    assert visit.instructions.count() == 1


def test_another_of_the_same_kind_takes_the_place_of_the_first(visit: Appointment, vera) -> None:
    CampaignFactory(practice=visit.practice, external_id="cmp_b")
    kind = InstructionKind.ENROLLED
    first = instructions.give(
        visit, kind, vera, reason=WHY, campaign="cmp_preventive_en", seen=None
    )
    instructions.give(visit, kind, vera, reason=WHY, campaign="cmp_b", seen=first.pk)
    assert [said.campaign for said in instructions.active_instructions(visit)] == ["cmp_b"]
    withdrawn = AuditEvent.objects.get(action="instruction.withdrawn")
    assert withdrawn.detail == {"kind": "enrolled", "campaign": "cmp_preventive_en"}


def test_a_pause_leaves_what_was_said_before_and_gives_way_to_it_again(
    visit: Appointment, vera
) -> None:
    by_hand = instructions.give(
        visit,
        InstructionKind.ENROLLED,
        vera,
        reason=WHY,
        campaign="cmp_preventive_en",
        seen=None,
    )
    pause = instructions.give(visit, InstructionKind.PAUSED, vera, reason=WHY, seen=by_hand.pk)
    assert instructions.active_instructions(visit) == [pause, by_hand]
    assert instructions.withdraw(pause, vera)
    assert instructions.active_instructions(visit) == [by_hand]


@pytest.mark.parametrize(
    "over",
    [
        {"status": "cancelled", "code": Code.CANCELLED},
        {"starts_at": timezone.now() - timedelta(hours=1), "code": Code.OUTCOME_NOT_RECORDED},
    ],
)
def test_a_visit_that_is_not_ahead_takes_no_instruction(db: None, vera, over: dict) -> None:
    gone = AppointmentFactory(**over)
    with pytest.raises(NotGiven, match="not ahead any more"):
        instructions.give(gone, InstructionKind.PAUSED, vera, reason=WHY, seen=None)


@pytest.mark.django_db(transaction=True)
def test_withdrawing_ends_it_once_and_looks_again(ops: Client, visit: Appointment) -> None:
    said = an_instruction(visit, "stopped")
    address = f"/appointments/{visit.pk}/instructions/{said.pk}/withdraw/"
    assert "Withdrawn." in ops.post(address, follow=True).content.decode()
    assert "withdrawn before" in ops.post(address, follow=True).content.decode()
    said.refresh_from_db()
    visit.refresh_from_db()
    assert said.withdrawn_at is not None
    assert visit.look_priority == PROMPT
    assert visit.look_due_at is not None
    assert AuditEvent.objects.filter(action="instruction.withdrawn").count() == 1


@pytest.mark.django_db(transaction=True)
def test_looking_again_reads_the_visit_its_patient_and_its_reminders_afresh(
    ops: Client, visit: Appointment
) -> None:
    held = Enrollment.objects.create(
        practice=visit.practice,
        appointment=visit,
        patient=visit.patient,
        generation=1,
        campaign="cmp_preventive_en",
        status="active",
        vendor_id="enr_1",
        starts_at=visit.starts_at,
        lead_channel="sms",
        created_at=timezone.now(),
    )
    page = ops.post(f"/appointments/{visit.pk}/look/", follow=True).content.decode()
    assert "Kept is reading this visit and its patient again." in page
    for row in (visit, visit.patient, held):
        row.refresh_from_db()
        assert row.reread_wanted
    assert visit.look_priority == PROMPT
    assert OrmQ.objects.count() == 1
    assert AuditEvent.objects.get(action="appointment.look_asked").actor == "vera"


ALLOWED = {
    "look": set(ROLES),
    "paused": set(ROLES),
    "stopped": {CLINICAL_OPS, ADMINS},
    "enrolled": {CLINICAL_OPS, ADMINS},
}


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("action", ALLOWED)
def test_each_role_may_do_what_the_table_says_and_no_more(
    client: Client, visit: Appointment, role: str | None, action: str
) -> None:
    client.force_login(UserFactory(role=role, practices=[visit.practice]))
    if action == "look":
        answer = client.post(f"/appointments/{visit.pk}/look/")
    else:
        answer = post(client, visit, action, campaign="cmp_preventive_en")
    assert answer.status_code == (302 if role in ALLOWED[action] else 403)
    if action != "look":
        said = an_instruction(visit, "paused" if action == "enrolled" else action)
        address = f"/appointments/{visit.pk}/instructions/{said.pk}/withdraw/"
        mine = role is not None and (said.kind == "paused" or role != FRONT_DESK)
        assert client.post(address).status_code == (302 if mine else 403)


def test_the_desk_sees_only_its_own_buttons(client: Client, visit: Appointment) -> None:
    client.force_login(UserFactory(role=FRONT_DESK, practices=[visit.practice]))
    page = client.get(f"/appointments/{visit.pk}/").content.decode()
    assert "Pause the reminders" in page
    assert "Look again" in page
    assert "Stop the reminders" not in page
    assert "Enroll by hand" not in page


@pytest.mark.parametrize("role", ROLES)
def test_a_user_of_another_practice_finds_no_such_visit(
    client: Client, visit: Appointment, role: str
) -> None:
    said = an_instruction(visit)
    client.force_login(UserFactory(role=role, practices=[PracticeFactory()]))
    assert post(client, visit, "paused").status_code == 404
    assert client.post(f"/appointments/{visit.pk}/look/").status_code == 404
    address = f"/appointments/{visit.pk}/instructions/{said.pk}/withdraw/"
    assert client.post(address).status_code == 404


def test_an_instruction_of_another_visit_cannot_be_withdrawn_here(
    ops: Client, visit: Appointment
) -> None:
    other = AppointmentFactory(practice=PracticeFactory())
    said = an_instruction(other)
    address = f"/appointments/{visit.pk}/instructions/{said.pk}/withdraw/"
    assert ops.post(address).status_code == 404


def test_nobody_is_sent_to_sign_in_and_a_link_changes_nothing(
    client: Client, visit: Appointment
) -> None:
    assert post(client, visit, "paused").url.startswith("/accounts/login/")
    client.force_login(UserFactory(role=ADMINS, practices=[visit.practice]))
    assert client.get(f"/appointments/{visit.pk}/look/").status_code == 405
    assert client.get(f"/appointments/{visit.pk}/instructions/").status_code == 405
    assert not visit.instructions.exists()


@pytest.mark.parametrize("fields", [{"kind": "deleted"}, {"kind": "paused", "seen": "-1"}])
def test_a_form_that_kept_did_not_make_is_refused(
    ops: Client, visit: Appointment, fields: dict
) -> None:
    answer = ops.post(f"/appointments/{visit.pk}/instructions/", {"reason": WHY, **fields})
    assert answer.status_code == 400
