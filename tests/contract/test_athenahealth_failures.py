"""How a call to athenahealth can end badly, and what the outbox is told."""

import re
from contextlib import suppress

import pytest

from campaigns.ports import CREDENTIALS, OutcomeUnknown, Refused, TryLater
from integrations.models import HttpExchange, RequestBudget, WriteAccess

CONFIRM = "/confirmationstatus"
THROTTLES = [
    {"status": 429, "body": {"fault": {"faultstring": "Spike arrest"}}},
    {"status": 403, "body": "<h1>Developer Over Rate</h1>"},
    {"status": 403, "body": {"fault": {"faultstring": "Quota"}}},
    {"status": 403, "body": {"error": "The rate limit was exceeded."}},
]


def _failure(kind, call, *arguments):
    with pytest.raises(kind) as caught:
        call(*arguments)
    return caught.value


@pytest.fixture
def appointment(athena):
    return athena.book(athena.patient())


@pytest.mark.parametrize("throttle", THROTTLES)
def test_a_throttle_is_tried_later_and_pauses_the_key(athena, appointment, throttle):
    athena.fault("status", CONFIRM, headers={"Retry-After": "37"}, **throttle)
    later = _failure(TryLater, athena.gateway().write_confirmation, appointment, "2")
    assert (later.code, later.retry_after) == ("rate_limited", 37)
    budget = RequestBudget.objects.get(host__endswith=str(athena.server.port))
    assert budget.blocked_until is not None
    again = _failure(TryLater, athena.gateway().write_confirmation, appointment, "2")
    assert again.code == "held_back"
    assert 30 < again.retry_after <= 37


def test_a_refused_write_names_the_remedy_and_keeps_reading(athena, appointment):
    athena.fault("status", CONFIRM, status=403, body={"error": "Access denied."})
    gateway = athena.gateway()
    refused = _failure(Refused, gateway.write_confirmation, appointment, "2")
    assert refused.code == CREDENTIALS
    assert refused.sentence.startswith(
        "athenahealth does not let this API key write confirmations. Ask athenahealth to grant"
    )
    athena.connection.refresh_from_db()
    assert athena.connection.write_access == WriteAccess.REFUSED
    assert not athena.connection.is_paused
    assert gateway.read_appointment(appointment)


def test_a_refused_read_is_no_matter_of_credentials(athena, appointment):
    athena.fault("status", "/appointments/", status=403, body={"error": "Not for you."})
    refused = _failure(Refused, athena.gateway().read_appointment, appointment)
    assert refused.code == "forbidden"


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "timeout_before", "reset_before"])
def test_a_write_without_an_answer_may_have_been_done(athena, appointment, kind):
    athena.fault(kind, CONFIRM)
    unknown = _failure(OutcomeUnknown, athena.gateway().write_confirmation, appointment, "2")
    assert unknown.code == "no_answer"
    done = athena.gateway().read_appointment(appointment).confirmation_external_id == "2"
    assert done is kind.endswith("after")
    assert HttpExchange.objects.filter(outcome="no_answer", status=None, method="PUT").count() == 1


def test_a_write_that_is_never_answered_ends_at_the_deadline(athena, appointment):
    athena.gateway().read_appointment(appointment)
    athena.fault("timeout_after", CONFIRM, delay_seconds=5)
    gateway = athena.gateway(seconds=0.4)
    unknown = _failure(OutcomeUnknown, gateway.write_confirmation, appointment, "2")
    assert "in time" in unknown.sentence


def test_a_server_error_is_an_open_question_for_a_write_only(athena, appointment):
    athena.fault("status", CONFIRM, status=503)
    assert _failure(OutcomeUnknown, athena.gateway().write_confirmation, appointment, "2")
    athena.fault("status", "/appointments/", status=500)
    later = _failure(TryLater, athena.gateway().read_appointment, appointment)
    assert (later.code, later.http_status) == ("vendor_unavailable", 500)


def test_a_read_without_an_answer_is_asked_again(athena, appointment):
    athena.fault("reset_after", "/appointments/")
    assert _failure(TryLater, athena.gateway().read_appointment, appointment).code == "no_answer"


def test_garbage_is_no_answer_to_a_read_and_an_open_question_for_a_write(athena, appointment):
    athena.fault("garbage", "/appointments/", method="GET")
    athena.fault("garbage", CONFIRM, method="PUT")
    later = _failure(TryLater, athena.gateway().read_appointment, appointment)
    assert later.code == "vendor_nonsense"
    assert _failure(OutcomeUnknown, athena.gateway().write_confirmation, appointment, "2")


@pytest.mark.parametrize(
    "body",
    [
        {"success": "false", "errormessage": "Wrong data for Nora Sampleton"},
        {"success": False},
        [{"error": "Wrong data for Nora Sampleton"}],
        '"Wrong data for Nora Sampleton"',
    ],
)
def test_a_success_with_an_error_inside_is_a_refusal_that_quotes_nothing(athena, appointment, body):
    athena.fault("status", CONFIRM, status=200, body=body)
    refused = _failure(Refused, athena.gateway().write_confirmation, appointment, "2")
    assert refused.http_status == 200
    assert "Nora" not in refused.sentence


@pytest.mark.parametrize("body", ["", "1", '"1"', "true", {}, {"success": "true"}, {"status": "x"}])
def test_a_success_may_say_little(athena, appointment, body):
    athena.fault("status", CONFIRM, status=200, body=body)
    athena.gateway().write_confirmation(appointment, "2")


def test_the_gateways_own_404_is_not_taken_for_a_missing_record(athena, appointment):
    text = "Service not registered with API gateway."
    athena.fault("status", "/appointments/", status=404, body=text)
    refused = _failure(Refused, athena.gateway().read_appointment, appointment)
    assert refused.code == "not_served"


def test_a_redirect_is_refused_and_not_followed(athena, appointment):
    headers = {"Location": f"{athena.server.url}/elsewhere"}
    athena.fault("status", "/appointments/", status=307, headers=headers)
    before = athena.state()["requests"]
    refused = _failure(Refused, athena.gateway().read_appointment, appointment)
    assert refused.code == "redirected"
    assert athena.state()["requests"] <= before + 1


def test_a_vendor_that_is_down_was_not_reached(athena, appointment):
    athena.connection.base_url = "http://127.0.0.1:9"
    athena.connection.save()
    later = _failure(TryLater, athena.gateway().write_confirmation, appointment, "2")
    assert later.code == "unreachable"


def test_no_error_quotes_an_address_or_an_id(athena, appointment):
    athena.fault("reset_after", CONFIRM)
    unknown = _failure(OutcomeUnknown, athena.gateway().write_confirmation, appointment, "2")
    chain = [str(unknown), repr(unknown), repr(unknown.__cause__)]
    assert unknown.__suppress_context__
    assert not re.search(r"\d{4,}|http", " ".join(chain))


@pytest.mark.parametrize("style", ["429", "403"])
def test_a_used_up_quota_of_the_day_pauses_the_key_until_midnight_gmt(athena, appointment, style):
    athena.settings(athena_daily_quota=1, athena_throttle=style)
    gateway = athena.gateway()
    for _ in range(2):
        with suppress(TryLater):
            gateway.read_appointment(appointment)
    blocked = RequestBudget.objects.exclude(blocked_until=None).get().blocked_until
    assert (blocked.hour, blocked.minute, blocked.second) == (0, 0, 0)
