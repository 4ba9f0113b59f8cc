"""Every call of an engagement gateway, whichever vendor stands behind it: what is asked for is what
happens, once. Relatient is its simulator, the folder a folder.
"""

import pytest

from campaigns.domain.values import CancelReason, EnrollmentStatus
from campaigns.ports import ACTIVE_EXISTS, NOT_ACTIVE, NOT_FOUND, Refused
from tests.contract.engagement_room import (
    CAMPAIGN,
    OTHER_CAMPAIGN,
    SWITCHED_OFF,
    EngagementRoom,
    patient_body,
    reminder_body,
)


@pytest.fixture(params=["room", "folder_room"], ids=["relatient", "folder"])
def room(request: pytest.FixtureRequest) -> EngagementRoom:
    """One vendor after the other."""
    return request.getfixturevalue(request.param)


def _refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value


def test_an_existing_patient_comes_back_unchanged(room):
    body = patient_body()
    first = room.gateway.create_patient(body, f"first-{body['patient']}")
    again = room.gateway.create_patient({**body, "first_name": "Nina"}, f"second-{body['patient']}")
    assert again == first


def test_a_consent_stands_in_the_record_until_another_is_given(room):
    patient = room.patient()
    for state in ("opted_out", "opted_out", "opted_in"):
        room.gateway.record_consent(patient.vendor_id, "sms", state, "2026-11-22T12:00:00Z")
        found = room.gateway.find_patient(patient.vendor_state["patient"])
        assert found.consents["sms"] == state


def test_a_patient_nobody_entered_is_not_found(room):
    assert room.gateway.find_patient("404404") is None


def test_a_created_patient_is_found_and_holds_what_was_sent(room):
    body = patient_body()
    created = room.gateway.create_patient(body, "create-1")
    assert created.vendor_state == body
    assert room.gateway.find_patient(body["patient"]) == created


def test_an_update_makes_the_record_hold_the_body(room):
    body = patient_body()
    created = room.gateway.create_patient(body, "create-3")
    changed = {**body, "email": None, "language": "es", "last_name": ""}
    updated = room.gateway.update_patient(created.vendor_id, changed, created.etag)
    assert updated.vendor_state == changed
    assert updated.etag != created.etag


def test_an_update_on_top_of_someone_elses_change_is_refused(room):
    body = patient_body()
    created = room.gateway.create_patient(body, "create-4")
    theirs = {**body, "first_name": "Nina"}
    room.gateway.update_patient(created.vendor_id, theirs, created.etag)
    refused = _refusal(room.gateway.update_patient, created.vendor_id, body, created.etag)
    assert (refused.code, refused.http_status) == ("changed_meanwhile", 412)


def test_an_enrollment_holds_what_was_sent(room):
    body = room.enroll_body()
    record = room.gateway.enroll(body, "enroll-1")
    assert record.vendor_state == body["reminder"]
    assert record.status is EnrollmentStatus.ACTIVE
    assert (record.patient_vendor_id, record.campaign) == (body["patient"], CAMPAIGN)
    assert record.appointment_external_id == body["reminder"]["visit"]["appointment"]
    assert room.gateway.read_enrollment(record.vendor_id) == record


def test_the_same_key_and_body_enroll_once(room):
    body = room.enroll_body()
    first = room.gateway.enroll(body, "enroll-2")
    assert room.gateway.enroll(body, "enroll-2") == first
    assert len(room.gateway.list_enrollments(body["patient"])) == 1


def test_a_key_is_good_for_one_body_only(room):
    body = room.enroll_body()
    room.gateway.enroll(body, "enroll-3")
    refused = _refusal(room.gateway.enroll, {**body, "campaign": OTHER_CAMPAIGN}, "enroll-3")
    assert refused.code == "idempotency_key_reused"


def test_a_second_active_enrollment_is_refused_and_the_first_can_be_adopted(room):
    body = room.enroll_body()
    first = room.gateway.enroll(body, "enroll-4")
    refused = _refusal(room.gateway.enroll, body, "enroll-5")
    assert (refused.code, refused.existing_id) == (ACTIVE_EXISTS, first.vendor_id)
    assert room.gateway.read_enrollment(refused.existing_id) == first


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"patient": "pat_none"}, "patient_not_found"),
        ({"campaign": "cmp_none"}, "campaign_not_found"),
        ({"campaign": SWITCHED_OFF}, "campaign_inactive"),
        ({"reminder": reminder_body(starts_at="2020-06-01T15:30:00Z")}, "appointment_in_past"),
    ],
)
def test_the_vendors_reason_is_passed_on_in_our_own_words(room, changes, code):
    refused = _refusal(room.gateway.enroll, {**room.enroll_body(), **changes}, f"refused-{code}")
    assert refused.code == code
    assert refused.sentence.endswith(".")
    assert code not in refused.sentence


def test_a_refusal_is_replayed_with_its_key(room):
    body = {**room.enroll_body(), "campaign": "cmp_none"}
    codes = {_refusal(room.gateway.enroll, body, "refused-twice").code for _ in range(2)}
    assert codes == {"campaign_not_found"}


def test_an_opted_out_patient_cannot_be_enrolled(room):
    body = room.enroll_body()
    for channel in ("sms", "email"):
        room.gateway.record_consent(body["patient"], channel, "opted_out", "2026-11-22T12:00:00Z")
    assert _refusal(room.gateway.enroll, body, "opted-out").code == "opted_out"


def test_a_guardian_without_contacts_cannot_be_reached(room):
    body = room.enroll_body()
    body["reminder"]["recipient"] = {
        "kind": "guardian",
        "name": "Pat Sampleton",
        "relationship": "PARENT",
        "mobile_phone": None,
        "home_phone": None,
        "email": None,
    }
    assert _refusal(room.gateway.enroll, body, "no-contact").code == "no_reachable_channel"


def test_an_update_replaces_the_details_and_drops_what_is_gone(room):
    body = room.enroll_body(reminder_body(modality="telehealth", join_url="https://v.example.org/"))
    record = room.gateway.enroll(body, "enroll-6")
    reminder = body["reminder"]
    reminder["visit"] |= {"starts_at": "2090-06-02T09:00:00Z", "join_url": ""}
    reminder["recipient"]["email"] = None
    reminder["channels"] = ["sms"]
    assert room.gateway.update_enrollment(record.vendor_id, reminder).vendor_state == reminder
    assert room.gateway.read_enrollment(record.vendor_id).vendor_state == reminder


@pytest.mark.parametrize("reason", CancelReason)
def test_an_enrollment_can_be_ended_for_every_reason_and_twice(room, reason):
    record = room.enrollment()
    ended = room.gateway.cancel_enrollment(record.vendor_id, reason)
    assert ended.status is EnrollmentStatus.CANCELLED
    assert ended.ended_at is not None
    assert room.gateway.cancel_enrollment(record.vendor_id, reason) == ended


def test_a_cancel_may_find_the_enrollment_completed(room):
    record = room.enrollment()
    room.complete(record.vendor_id)
    ended = room.gateway.cancel_enrollment(record.vendor_id, CancelReason.STAFF)
    assert ended.status is EnrollmentStatus.COMPLETED


def test_an_ended_enrollment_is_neither_updated_nor_resent(room):
    record = room.enrollment()
    room.gateway.cancel_enrollment(record.vendor_id, CancelReason.STAFF)
    update = _refusal(room.gateway.update_enrollment, record.vendor_id, record.vendor_state)
    resend = _refusal(room.gateway.resend, record.vendor_id, "resend-ended")
    assert {update.code, resend.code} == {NOT_ACTIVE}


def test_an_enrollment_nobody_knows_is_not_found(room):
    gateway = room.gateway
    calls = [
        (gateway.read_enrollment, "enr_none"),
        (gateway.update_enrollment, "enr_none", reminder_body()),
        (gateway.cancel_enrollment, "enr_none", CancelReason.STAFF),
        (gateway.resend, "enr_none", "resend-none"),
        (gateway.list_messages, "enr_none"),
    ]
    assert {_refusal(*call).code for call in calls} == {NOT_FOUND}


def test_an_id_cannot_lead_to_another_address(room):
    assert _refusal(room.gateway.read_enrollment, "../ping?x=").code == NOT_FOUND


def test_all_enrollments_of_a_patient_are_listed_newest_first(room):
    body = room.enroll_body()
    first = room.gateway.enroll(body, "list-1")
    room.gateway.cancel_enrollment(first.vendor_id, CancelReason.ROUTE_CHANGED)
    second = room.gateway.enroll(body, "list-2")
    listed = room.gateway.list_enrollments(body["patient"])
    assert [one.vendor_id for one in listed] == [second.vendor_id, first.vendor_id]


def test_a_resend_sends_once_per_key(room):
    record = room.enrollment()
    for _ in range(2):
        room.gateway.resend(record.vendor_id, f"resend-{record.vendor_id}")
    sent = room.gateway.list_messages(record.vendor_id)
    assert [one.step for one in sent] == ["initial", "initial"]


def test_the_waitlist_desk_is_texted_once_per_key(room):
    for _ in range(2):
        room.gateway.send_message("+16175550199", "A slot is free.", "waitlist-1")
    assert room.texts_to("+16175550199") == ["A slot is free."]


def test_a_number_that_is_none_is_refused(room):
    refused = _refusal(room.gateway.send_message, "5550199", "A slot is free.", "waitlist-2")
    assert refused.code == "invalid_phone"
    assert "5550199" not in refused.sentence
