"""What is pulled from Relatient: events, the campaign library, the check of the key."""

import pytest

from campaigns.domain.values import Channel, ReplyKind
from campaigns.ports import CREDENTIALS, Refused
from campaigns.vendor_records import EventType
from integrations.relatient import feed, translate
from tests.contract.engagement_room import CAMPAIGN, PRACTICE


def _drain(room, after=""):
    _, cursor, more = feed.read_events(room.client(), after)
    while more:
        _, cursor, more = feed.read_events(room.client(), cursor)
    return cursor


def _answer(room, record, kind="response.confirmed", **more):
    kind = kind.removeprefix("response.")
    answer = {"enrollment_id": record.vendor_id, "type": kind, **more}
    return room.control("relatient/answer", answer)


def test_a_reply_is_read_raw_and_translated(room):
    record, cursor = room.enrollment(), _drain(room)
    event = _answer(room, record, text="YES")
    raw, later, more = feed.read_events(room.client(), cursor)
    assert (raw, more) == ([event], False)
    reply = translate.event_record(PRACTICE, raw[0])
    assert (reply.type, reply.reply) == (EventType.REPLY, ReplyKind.CONFIRMED)
    assert reply.enrollment_vendor_id == record.vendor_id
    assert reply.appointment_external_id == record.appointment_external_id
    assert reply.raw_text == "YES"
    assert feed.read_events(room.client(), later) == ([], later, False)


@pytest.mark.parametrize("kind", translate.REPLY_KINDS)
def test_every_kind_of_reply_is_understood(room, kind):
    record, cursor = room.enrollment(), _drain(room)
    _answer(room, record, kind)
    raw, _, _ = feed.read_events(room.client(), cursor)
    assert translate.event_record(PRACTICE, raw[0]).reply is translate.REPLY_KINDS[kind]


def test_the_events_of_the_vendor_itself_are_understood(room):
    record, cursor = room.enrollment(), _drain(room)
    patient = room.state()["patients"][-1]["external_id"].removeprefix(f"athena:{PRACTICE}:")
    for kind in ("opted_out", "opted_in"):
        consent = {"patientid": patient, "channel": "sms", "type": kind}
        room.control("relatient/consent", consent)
    room.control("relatient/message_failed", {"enrollment_id": record.vendor_id})
    room.control(f"relatient/enrollments/{record.vendor_id}/complete", {})
    raw, _, _ = feed.read_events(room.client(), cursor)
    events = [translate.event_record(PRACTICE, one) for one in raw]
    assert [one.type for one in events] == [
        EventType.OPTED_OUT,
        EventType.OPTED_IN,
        EventType.MESSAGE_FAILED,
        EventType.ENROLLMENT_COMPLETED,
    ]
    assert (events[0].patient_external_id, events[0].channel) == (patient, Channel.SMS)


def test_events_come_page_by_page_in_order(room):
    record, cursor = room.enrollment(), _drain(room)
    sent = [_answer(room, record)["seq"] for _ in range(3)]
    page = room.client().events(cursor, limit=2)
    assert ([one["seq"] for one in page.events], page.has_more) == (sent[:2], True)
    rest, _, more = feed.read_events(room.client(), page.next_cursor)
    assert ([one["seq"] for one in rest], more) == (sent[2:], False)


def test_dropped_events_are_said_to_be_dropped(room):
    record, cursor = room.enrollment(), _drain(room)
    _answer(room, record)
    room.control("relatient/events/expire", {})
    with pytest.raises(feed.CursorExpired):
        feed.read_events(room.client(), cursor)
    assert feed.read_events(room.client(), "")[0] == []


def test_the_feed_refused_for_another_reason_is_refused(room):
    room.settings(relatient_scopes=["patients.read"])
    with pytest.raises(Refused) as caught:
        feed.read_events(room.client(), "")
    assert caught.value.code == CREDENTIALS
    assert "events.read" in caught.value.sentence


def test_the_whole_library_is_read_with_channels_in_order_of_use(room, monkeypatch):
    library = {one.external_id: one for one in feed.campaign_library(room.client())}
    assert library[CAMPAIGN].channels == (Channel.EMAIL, Channel.SMS)
    assert library[f"{CAMPAIGN}_high"].channels == (Channel.EMAIL, Channel.SMS, Channel.VOICE)
    assert library[f"{CAMPAIGN}_high"].intensity == "high"
    assert not library["cmp_flu_2019_en"].active
    assert library["cmp_telehealth_en"].modality == "telehealth"


def test_pages_of_the_library_join_without_a_gap(room):
    whole = [one.external_id for one in feed.campaign_library(room.client())]
    first = room.client().campaigns(limit=3)
    second = room.client().campaigns(first.next_cursor, limit=200)
    assert [one.id for one in [*first.campaigns, *second.campaigns]] == whole


def test_enrollments_are_listed_by_status_across_pages(room):
    active, ended = room.enrollment(), room.enrollment()
    room.control(f"relatient/enrollments/{ended.vendor_id}/end", {})
    records, cursor = feed.read_enrollments(room.client(), "active", "", 500)
    listed = {one.vendor_id for one in records}
    assert cursor == ""
    assert active.vendor_id in listed
    assert ended.vendor_id not in listed
    first = room.client().enrollments("active", limit=1)
    assert len(first.enrollments) == 1
    second = room.client().enrollments("active", first.next_cursor or "", limit=1)
    assert second.enrollments[0]["created_at"] >= first.enrollments[0]["created_at"]


def test_a_key_with_every_permission_lacks_none(room):
    assert feed.check(room.client())["missing_scopes"] == []


def test_missing_permissions_are_listed(room):
    room.settings(relatient_scopes=["patients.read", "events.read"])
    report = feed.check(room.client())
    assert report["missing_scopes"] == ["patients.write", "enrollments.write", "messages.write"]


@pytest.mark.parametrize("named", [PRACTICE, "1"])
def test_the_practice_of_the_key_is_compared(room, named):
    ping = {"practice_id": named, "scopes": []}
    room.fault("status", "/ping", status=200, body=ping)
    report = feed.check(room.client())
    assert report["practice_matches"] is (named == PRACTICE)


def test_a_refused_key_is_told_at_the_check(room):
    room.connection.secret = "old-key"
    room.connection.save()
    with pytest.raises(Refused) as caught:
        feed.check(room.client())
    assert caught.value.code == CREDENTIALS
