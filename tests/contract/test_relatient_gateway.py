"""What only Relatient's gateway has to get right; the rest is in test_engagement_gateways.py."""

import pytest

from campaigns.domain.values import CancelReason
from campaigns.ports import AMBIGUOUS, Refused
from tests.contract.engagement_room import patient_body


def _refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value


def test_the_patient_is_stored_under_the_id_of_the_source_system(room):
    body = patient_body()
    created = room.gateway.create_patient(body, "create-2")
    stored = next(one for one in room.state()["patients"] if one["id"] == created.vendor_id)
    assert stored["external_id"] == f"athena:195900:{body['patient']}"


@pytest.mark.parametrize("status", [200, 409])
def test_an_existing_patient_comes_back_unchanged_on_new_and_older_deployments(room, status):
    room.settings(existing_patient_status=status)
    body = patient_body()
    first = room.gateway.create_patient(body, f"first-{status}")
    again = room.gateway.create_patient({**body, "first_name": "Nina"}, f"second-{status}")
    assert again == first


def test_two_records_of_one_patient_are_ambiguous(room):
    for _ in range(2):
        room.control("relatient/patients", {"external_id": "athena:195900:twice"})
    refused = _refusal(room.gateway.find_patient, "twice")
    assert refused.code == AMBIGUOUS
    assert "merged" in refused.sentence


def test_a_refusal_names_the_request(room):
    refused = _refusal(room.gateway.enroll, {**room.enroll_body(), "campaign": "cmp_none"}, "none")
    assert (refused.code, bool(refused.request_id)) == ("campaign_not_found", True)


def test_the_active_enrollments_of_a_patient_can_be_listed_alone(room):
    body = room.enroll_body()
    first = room.gateway.enroll(body, "list-3")
    room.gateway.cancel_enrollment(first.vendor_id, CancelReason.ROUTE_CHANGED)
    second = room.gateway.enroll(body, "list-4")
    active = room.client().patient_enrollments(body["patient"], status="active").enrollments
    assert [one.id for one in active] == [second.vendor_id]


def test_one_message_can_be_read_by_itself(room):
    record = room.enrollment()
    sent = room.gateway.list_messages(record.vendor_id)
    assert room.client().message(sent[0].vendor_id).status == sent[0].status
