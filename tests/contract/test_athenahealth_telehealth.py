"""The way into a video visit: there on its day alone, and never anywhere but in the answer."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.ports import Refused, TryLater
from integrations.models import HttpExchange

VIDEO = "91"


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:00Z")


@pytest.mark.parametrize("proper_json", [True, False])
def test_on_the_day_a_video_visit_has_a_link(athena, proper_json):
    athena.settings(proper_json=proper_json)
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    assert athena.gateway().read_join_link(visit).startswith("https://")


def test_on_any_other_day_there_is_none(athena):
    gateway = athena.gateway()
    for days in (-1, 1, 400):
        start = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:00Z")
        visit = athena.book(athena.patient(), start, appointmenttypeid=VIDEO)
        assert gateway.read_join_link(visit) == ""


def test_a_visit_in_the_office_has_none(athena):
    assert athena.gateway().read_join_link(athena.book(athena.patient(), _today())) == ""


def test_a_video_visit_may_have_no_room(athena):
    athena.settings(telehealth_room=False)
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    assert athena.gateway().read_join_link(visit) == ""


def test_a_cancelled_visit_has_none(athena):
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    athena.control(f"athena/appointments/{visit}/cancel", {})
    assert athena.gateway().read_join_link(visit) == ""


@pytest.mark.parametrize(
    "body",
    [
        '[{"patienturl": "javascript:alert(1)"}]',
        '{"patienturl": "http://telehealth.example.com/room/1"}',
    ],
)
def test_what_is_no_secure_web_address_is_refused_and_not_quoted(athena, body):
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    athena.fault("status", "nativeathenatelehealthroom", status=200, body=body, times=1)
    with pytest.raises(Refused) as caught:
        athena.gateway().read_join_link(visit)
    assert caught.value.code == "vendor_nonsense"
    assert "room" not in str(caught.value) and "javascript" not in str(caught.value)


def test_an_answer_that_is_no_room_is_asked_for_again(athena):
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    athena.fault("status", "nativeathenatelehealthroom", status=200, body="7", times=1)
    with pytest.raises(TryLater):
        athena.gateway().read_join_link(visit)


def test_without_permission_it_is_refused_and_not_taken_for_none(athena):
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    body = '{"error": "Access denied"}'
    athena.fault("status", "nativeathenatelehealthroom", status=403, body=body, times=1)
    with pytest.raises(Refused) as caught:
        athena.gateway().read_join_link(visit)
    assert caught.value.code == "forbidden"


def test_the_log_of_exchanges_does_not_hold_the_link(athena):
    visit = athena.book(athena.patient(), _today(), appointmenttypeid=VIDEO)
    token = athena.gateway().read_join_link(visit).rpartition("/")[2]
    kept = HttpExchange.objects.values_list("path_template", "request_id", "outcome")
    assert kept and token not in str(list(kept))
    assert visit not in str(list(kept))


@pytest.mark.parametrize("field", ["telehealth", "telehealthyn", "istelehealth", ""])
@pytest.mark.parametrize("proper_json", [True, False])
def test_a_video_visit_is_flagged_where_the_vendor_flags_it(athena, field, proper_json):
    athena.settings(telehealth_field=field, proper_json=proper_json)
    video = athena.book(athena.patient(), appointmenttypeid=VIDEO)
    office = athena.book(athena.patient())
    flags = [athena.gateway().read_appointment(one).telehealth for one in (video, office)]
    assert flags == ([True, False] if field else [None, None])
