"""The change feed and the lists in pages, against the simulated athenahealth."""

from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.ports import OutcomeUnknown, Refused
from integrations.athenahealth import feed, paging
from integrations.athenahealth.feed import NotSubscribed
from integrations.models import Feed


@pytest.fixture
def subscribed(athena):
    for one in Feed.APPOINTMENTS, Feed.PATIENTS:
        feed.subscribe(athena.client(), one)
        while feed.read_page(athena.client(), one).rows:
            pass
    return athena


def _ids(rows):
    return [row["appointmentid"] for row in rows]


def test_without_a_subscription_the_feed_says_so(athena):
    athena.control(
        "faults",
        {
            "kind": "status",
            "path": "/appointments/changed",
            "status": 403,
            "body": {
                "error": "Changed messages require setup (subscription) that has not been done."
            },
        },
    )
    with pytest.raises(NotSubscribed) as caught:
        feed.read_page(athena.client(), Feed.APPOINTMENTS)
    assert isinstance(caught.value, Refused)
    assert caught.value.code == "not_subscribed"


def test_a_subscription_becomes_active(athena):
    for one in Feed.APPOINTMENTS, Feed.PATIENTS:
        feed.subscribe(athena.client(), one)
        assert feed.subscription_status(athena.client(), one) == "ACTIVE"


def test_a_change_is_read_once(subscribed):
    appointment = subscribed.book(subscribed.patient())
    page = feed.read_page(subscribed.client(), Feed.APPOINTMENTS)
    assert (_ids(page.rows), page.is_full) == ([appointment], False)
    assert feed.read_page(subscribed.client(), Feed.APPOINTMENTS).rows == []


def test_a_changed_patient_is_in_the_patients_feed(subscribed):
    patient = subscribed.patient()
    page = feed.read_page(subscribed.client(), Feed.PATIENTS)
    assert [row["patientid"] for row in page.rows] == [patient]


def test_a_full_page_says_that_more_is_waiting(subscribed, monkeypatch):
    monkeypatch.setattr(feed, "PAGE_ROWS", 2)
    monkeypatch.setattr(paging, "PAGE_ROWS", 2)
    booked = [subscribed.book(subscribed.patient()) for _ in range(3)]
    first = feed.read_page(subscribed.client(), Feed.APPOINTMENTS)
    assert first.is_full
    second = feed.read_page(subscribed.client(), Feed.APPOINTMENTS)
    assert not second.is_full
    assert sorted(_ids(first.rows + second.rows)) == sorted(booked)


def test_a_window_brings_back_what_a_lost_answer_took(subscribed):
    appointment = subscribed.book(subscribed.patient())
    start = datetime.now(UTC) - timedelta(minutes=1)
    subscribed.fault("reset_after", "/appointments/changed")
    with pytest.raises(OutcomeUnknown):
        feed.read_page(subscribed.client(), Feed.APPOINTMENTS)
    assert feed.read_page(subscribed.client(), Feed.APPOINTMENTS).rows == []
    end = datetime.now(UTC) + timedelta(minutes=1)
    pages = list(feed.read_window(subscribed.client(), Feed.APPOINTMENTS, start, end))
    assert appointment in _ids(row for page in pages for row in page.rows)


def test_garbage_from_the_feed_is_an_open_question(subscribed):
    subscribed.fault("garbage", "/appointments/changed", body='{"half": ')
    with pytest.raises(OutcomeUnknown):
        feed.read_page(subscribed.client(), Feed.APPOINTMENTS)
    subscribed.fault("status", "/appointments/changed", status=200, body={"rows": "none"})
    with pytest.raises(OutcomeUnknown):
        feed.read_page(subscribed.client(), Feed.APPOINTMENTS)


def test_booked_visits_come_in_pages_with_the_cancelled_ones(athena, monkeypatch):
    monkeypatch.setattr("integrations.athenahealth.client.PAGE_ROWS", 2)
    patient = athena.patient()
    booked = [athena.book(patient, f"2088-03-0{day}T15:00:00Z") for day in range(1, 6)]
    athena.control(f"athena/appointments/{booked[2]}/cancel", {})
    pages = list(athena.client().booked(date(2088, 3, 1), date(2088, 3, 9), ("1", "62")))
    assert len(pages) == 3
    assert sorted(_ids(row for page in pages for row in page.rows)) == sorted(booked)
    assert all(page.began <= page.ended for page in pages)


def test_booked_visits_can_be_narrowed_to_recent_changes(athena):
    athena.book(athena.patient(), "2087-03-01T15:00:00Z")
    window = (date(2087, 3, 1), date(2087, 3, 2), ("1",))
    soon = datetime.now(UTC) + timedelta(days=1)
    assert list(athena.client().booked(*window, modified_since=soon)) == []
    past = datetime.now(UTC) - timedelta(days=1)
    assert len(list(athena.client().booked(*window, modified_since=past))) == 1
