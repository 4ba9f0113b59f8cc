"""Replies on the work list: what comes first, the patient's words, and the presses about texts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.consents import REPLY
from campaigns.domain.values import ReplyKind, ReplyOutcome, WorkItemKind
from campaigns.models import CLINICAL_OPS, FRONT_DESK, Appointment, ConsentEvent, Practice, WorkItem
from project.models import User
from tests.factories import ResponseFactory, UserFactory, WorkItemFactory
from tests.integration.worklist.desk_room import desk, practice, shown, visit_in

__all__ = ["desk", "practice"]


def heard(visit: Appointment, words: str, kind: WorkItemKind, **fields) -> WorkItem:
    """An answer that a look has put on the list."""
    reply = ResponseFactory(
        practice=visit.practice,
        appointment=visit,
        patient=visit.patient,
        kind=fields.get("label", ReplyKind.UNRECOGNIZED),
        channel="sms",
        raw_text=words,
        outcome=ReplyOutcome.FOR_STAFF,
        outcome_sentence="Read it.",
        settled_at=timezone.now(),
    )
    return WorkItemFactory(appointment=visit, response=reply, kind=kind, sentence="Read it.")


def stopped(item: WorkItem, source: str = REPLY) -> None:
    assert item.response is not None
    ConsentEvent.objects.create(
        practice=item.practice,
        patient=item.response.patient,
        channel="sms",
        state="opted_out",
        source=source,
        at=item.response.occurred_at,
        event_id=f"evt_{item.pk}",
    )


def states(item: WorkItem) -> list[str]:
    rows = ConsentEvent.objects.filter(patient=item.appointment.patient_id).order_by("at", "pk")
    return list(rows.values_list("state", flat=True))


@pytest.mark.parametrize("hours", [5, 300])
def test_a_reply_that_nobody_understands_comes_before_every_visit(
    client: Client, desk: User, practice: Practice, hours: float
) -> None:
    visit_in(practice, 1, "Zelda")
    WorkItemFactory(appointment=visit_in(practice, 250, "Yves"))
    heard(visit_in(practice, hours, "Rosa"), "wat", WorkItemKind.UNRECOGNIZED_REPLY)
    page = shown(client)
    first = page.index("wat")
    assert first < page.index("Zelda")
    assert first < page.index("Yves")
    assert page.count("<blockquote>wat</blockquote>") == 1
    assert page.index("Stop the texts") < page.index("Zelda")


def test_one_press_stops_the_texts_and_one_takes_it_back(
    client: Client, desk: User, practice: Practice
) -> None:
    item = heard(visit_in(practice, 300), "I'd rather not", WorkItemKind.UNRECOGNIZED_REPLY)
    address = f"/worklist/items/{item.pk}"
    assert client.post(f"{address}/stop/").status_code == 302
    # A second press of the same button changes nothing.
    client.post(f"{address}/stop/")
    assert states(item) == ["opted_out"]
    page = shown(client)
    assert "They still want texts" in page
    assert "Stop the texts" not in page
    client.post(f"{address}/still-wanted/")
    client.post(f"{address}/still-wanted/")
    assert states(item) == ["opted_out", "opted_in"]
    assert set(ConsentEvent.objects.values_list("source", flat=True)) == {"staff, dana"}
    trail = AuditEvent.objects.filter(action="consent.received")
    assert set(trail.values_list("actor", flat=True)) == {"dana"}
    item.refresh_from_db()
    assert item.closed_at is None


def test_a_stop_that_was_read_is_taken_back_in_the_name_of_whoever_did_it(
    client: Client, desk: User, practice: Practice
) -> None:
    item = heard(visit_in(practice, 5), "no more texts", WorkItemKind.STOP_IN_WORDS)
    stopped(item)
    assert "They still want texts" in shown(client)
    client.post(f"/worklist/items/{item.pk}/still-wanted/")
    assert states(item) == ["opted_out", "opted_in"]
    item.refresh_from_db()
    assert item.closed_by == "dana"


def test_what_the_patient_told_relatient_only_the_patient_takes_back(
    client: Client, desk: User, practice: Practice
) -> None:
    item = heard(visit_in(practice, 300), "stop", WorkItemKind.STOP_IN_WORDS)
    stopped(item, source="relatient")
    assert "They still want texts" not in shown(client)
    client.post(f"/worklist/items/{item.pk}/still-wanted/")
    assert states(item) == ["opted_out"]
    assert "by texting START" in shown(client)


def test_the_presses_are_the_desks_of_that_practice(
    client: Client, desk: User, practice: Practice
) -> None:
    other = heard(visit_in(practice, 300), "wat", WorkItemKind.UNRECOGNIZED_REPLY)
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[practice]))
    assert client.post(f"/worklist/items/{other.pk}/stop/").status_code == 403
    client.force_login(UserFactory(role=FRONT_DESK, practices=[]))
    assert client.post(f"/worklist/items/{other.pk}/stop/").status_code == 404
    assert states(other) == []


def test_the_words_stand_beside_an_answer(client: Client, desk: User, practice: Practice) -> None:
    visit = visit_in(practice, 5)
    ResponseFactory(
        appointment=visit, kind=ReplyKind.CONFIRMED, channel="sms", raw_text="Yes <thanks>"
    )
    assert "Yes &lt;thanks&gt;" in shown(client)


def test_other_visits_are_named_as_they_are_now(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 200)
    WorkItemFactory(appointment=visit, kind=WorkItemKind.CANCEL_AS_STOP, sentence="As it was.")
    assert "As it was." not in shown(client)
    assert "They also have" not in shown(client)
    visit_in(practice, 400, patient=visit.patient)
    assert "They also have" in shown(client)
