"""What each way of failing means: refused, to be tried later, or unknown."""

import socket
from contextlib import suppress

import pytest

from audit.models import AuditEvent
from campaigns.domain.values import CancelReason
from campaigns.ports import CREDENTIALS, Deadline, LeaseLost, OutcomeUnknown, Refused, TryLater
from integrations import vendors
from integrations.models import Connection, HttpExchange, RequestBudget, WriteAccess
from integrations.relatient.auth import ApiKey
from integrations.relatient.gateway import RelatientGateway
from tests.contract.engagement_room import PRACTICE, patient_body, reminder_body

READS = {
    "find_patient": lambda g: g.find_patient("1"),
    "list_enrollments": lambda g: g.list_enrollments("pat_1"),
    "read_enrollment": lambda g: g.read_enrollment("enr_1"),
    "list_messages": lambda g: g.list_messages("enr_1"),
}
ENROLL = {
    "patient": "pat_1",
    "campaign": "cmp_1",
    "reminder": reminder_body(),
    "send_window": {"start": "", "end": ""},
}
WRITES = {
    "create_patient": lambda g: g.create_patient(patient_body(), "key"),
    "update_patient": lambda g: g.update_patient("pat_1", patient_body(), ""),
    "enroll": lambda g: g.enroll(ENROLL, "key"),
    "update_enrollment": lambda g: g.update_enrollment("enr_1", reminder_body()),
    "cancel_enrollment": lambda g: g.cancel_enrollment("enr_1", CancelReason.STAFF),
    "resend": lambda g: g.resend("enr_1", "key"),
    "send_message": lambda g: g.send_message("+16175550199", "A slot is free.", "key"),
}
every_read = pytest.mark.parametrize("call", READS.values(), ids=READS)
every_write = pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
every_call = pytest.mark.parametrize("call", (READS | WRITES).values(), ids=READS | WRITES)
server_trouble = pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 408},
        {"kind": "timeout_before"},
        {"kind": "timeout_after"},
        {"kind": "reset_before"},
        {"kind": "reset_after"},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)


@every_read
@server_trouble
def test_a_read_without_an_answer_is_tried_later(room, call, fault):
    room.fault(path="/relatient/", **fault)
    with pytest.raises(TryLater):
        call(room.gateway)


@every_write
@server_trouble
def test_a_write_without_an_answer_has_an_unknown_outcome(room, call, fault):
    room.fault(path="/relatient/", **fault)
    with pytest.raises(OutcomeUnknown):
        call(room.gateway)


@every_read
def test_an_unreadable_answer_to_a_read_is_tried_later(room, call):
    room.fault("garbage", "/relatient/")
    with pytest.raises(TryLater):
        call(room.gateway)


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"resend"}))
@pytest.mark.parametrize("body", ["", {"id": 1}, [], None])
def test_an_unreadable_answer_to_a_write_has_an_unknown_outcome(room, name, body):
    room.fault("status", "/relatient/", status=200, body=body)
    with pytest.raises(OutcomeUnknown):
        WRITES[name](room.gateway)


def test_an_enrollment_that_was_done_and_not_told_is_found_by_repeating_it(room):
    body = room.enroll_body()
    room.fault("timeout_after", "/enrollments$", method="POST")
    with pytest.raises(OutcomeUnknown):
        room.gateway.enroll(body, "told-late")
    record = room.gateway.enroll(body, "told-late")
    assert [one.vendor_id for one in room.gateway.list_enrollments(body["patient"])] == [
        record.vendor_id
    ]


@every_call
def test_a_vendor_that_cannot_be_reached_is_tried_later(room, call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    room.connection.base_url = f"http://127.0.0.1:{port}/relatient"
    room.connection.save()
    with pytest.raises(TryLater):
        call(room.gateway)


@every_call
def test_a_deadline_that_has_passed_sends_nothing(room, call):
    before = room.state()["requests"]
    with pytest.raises(TryLater):
        call(RelatientGateway(room.client(seconds=0)))
    assert room.state()["requests"] == before


@every_call
def test_work_that_was_taken_over_sends_nothing(room, call):
    def lost():
        raise LeaseLost

    before = room.state()["requests"]
    with pytest.raises(LeaseLost):
        call(RelatientGateway(room.client(guard=lost)))
    assert room.state()["requests"] == before


@every_call
def test_a_refused_key_says_how_to_mend_it_and_pauses_the_connection(room, call):
    room.connection.secret = "old-key"
    room.connection.save()
    with pytest.raises(Refused) as caught:
        call(room.gateway)
    assert caught.value.code == CREDENTIALS
    assert caught.value.sentence == (
        "Relatient refused the API key. Check RELATIENT_API_KEY, or the Connections page."
    )
    room.connection.refresh_from_db()
    assert room.connection.is_paused
    assert AuditEvent.objects.filter(action="connection.paused").count() == 1


def test_a_late_answer_to_an_old_key_pauses_nothing(room):
    room.connection.secret = "old-key"
    room.connection.save()
    late = room.client()
    room.connection = Connection.objects.get()
    room.connection.secret = "demo-relatient-key"
    room.connection.save()
    with pytest.raises(Refused):
        late.ping()
    room.connection.refresh_from_db()
    assert not room.connection.is_paused


def test_a_missing_permission_is_named(room):
    room.settings(relatient_scopes=["patients.read"])
    with pytest.raises(Refused) as caught:
        room.gateway.create_patient(patient_body(), "no-right")
    assert caught.value.code == CREDENTIALS
    assert "patients.write" in caught.value.sentence
    room.connection.refresh_from_db()
    assert room.connection.write_access == WriteAccess.REFUSED
    assert not room.connection.is_paused


def test_the_first_write_proves_the_right_to_write(room):
    room.gateway.find_patient("404404")
    room.connection.refresh_from_db()
    assert room.connection.write_access == WriteAccess.UNVERIFIED
    room.patient()
    room.connection.refresh_from_db()
    assert room.connection.write_access == WriteAccess.WORKS


@every_call
def test_too_many_calls_wait_as_long_as_the_vendor_asks_and_so_do_all_others(room, call):
    room.fault("status", "/relatient/", status=429, headers={"Retry-After": "17"})
    with pytest.raises(TryLater) as caught:
        call(room.gateway)
    assert caught.value.retry_after == 17
    assert RequestBudget.objects.get().blocked_until is not None
    with pytest.raises(TryLater) as blocked:
        RelatientGateway(room.client(seconds=5)).find_patient("1")
    assert 5 < blocked.value.retry_after <= 17


def test_the_vendors_own_limit_is_heeded_before_it_is_met(room):
    room.settings(relatient_requests_per_second=1)
    with suppress(TryLater):
        # Other tests may have used up this second.
        room.gateway.find_patient("404404")
    HttpExchange.objects.all().delete()
    for _ in range(3):
        assert room.gateway.find_patient("404404") is None
    assert set(HttpExchange.objects.values_list("status", flat=True)) == {404}


@every_call
def test_a_bare_404_is_no_answer_of_the_vendor(room, call):
    room.fault("status", "/relatient/", status=404, body="Not here")
    with pytest.raises(TryLater):
        call(room.gateway)


@every_call
def test_a_redirect_is_not_followed(room, call):
    room.fault("status", "/relatient/", status=302, headers={"Location": "http://127.0.0.1:9/"})
    with pytest.raises(Refused) as caught:
        call(room.gateway)
    assert caught.value.code == "redirected"


@every_call
def test_nothing_that_the_vendor_wrote_is_passed_on(room, call):
    said = {"code": "Nora Sampleton", "title": "Nora Sampleton", "detail": "+16172267001"}
    room.fault("status", "/relatient/", status=422, body=said)
    with pytest.raises(Refused) as caught:
        call(room.gateway)
    error = caught.value
    assert error.code == "rejected"
    assert "Nora" not in repr((error.sentence, error.args, error.code, error.__cause__))


def test_an_unreadable_patient_leaves_no_trace_in_the_error(room):
    room.fault("status", "/patients", status=200, body={"id": "pat_1", "first_name": "Nora"})
    with pytest.raises(TryLater) as caught:
        room.gateway.find_patient("1")
    assert caught.value.__suppress_context__
    assert "Nora" not in repr(caught.value.__context__)


def test_a_record_of_another_practice_is_not_taken_for_ours(room):
    created = room.control("relatient/patients", {"external_id": "athena:1:77"})
    with pytest.raises(OutcomeUnknown):
        room.gateway.update_patient(created["id"], patient_body(), "")
    enrolled = room.enrollment()
    stranger = RelatientGateway(_for_practice(room, "1"))
    with pytest.raises(TryLater) as caught:
        stranger.read_enrollment(enrolled.vendor_id)
    assert enrolled.appointment_external_id not in caught.value.sentence


def _for_practice(room, practice):
    room.connection.practice.external_id = practice
    room.connection.practice.save()
    return room.client()


def test_a_gateway_is_built_for_an_open_connection_only(room):
    built = vendors.engagement(PRACTICE, deadline=Deadline.after(5), guard=lambda: None)
    assert built.find_patient("404404") is None
    room.connection.paused_at, room.connection.paused_by = room.connection.practice.created_at, "a"
    room.connection.save()
    with pytest.raises(TryLater) as caught:
        vendors.engagement(PRACTICE, deadline=Deadline.after(5), guard=lambda: None)
    assert caught.value.code == "connection_paused"
    with pytest.raises(Refused):
        vendors.engagement("1", deadline=Deadline.after(5), guard=lambda: None)


def test_calls_are_logged_without_ids(room):
    room.enrollment()
    room.gateway.find_patient("404404")
    templates = set(HttpExchange.objects.values_list("method", "path_template"))
    assert templates == {
        ("POST", "/v1/patients"),
        ("POST", "/v1/enrollments"),
        ("GET", "/v1/patients"),
    }


def test_the_key_is_not_shown():
    assert "s3cret" not in repr(ApiKey("s3cret"))
    assert ApiKey("s3cret").headers() == {"Authorization": "ApiKey s3cret"}
