"""Buttons of the console that act: on one row, and on several at once."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from campaigns.domain.values import EffectStatus, WorkItemKind
from campaigns.models import ADMINS, CLINICAL_OPS, Practice
from tests.factories import AppointmentFactory, EffectFactory, PracticeFactory, WorkItemFactory
from tests.integration.console_room import address, signed_in


@pytest.fixture
def practice(db: None) -> Practice:
    return _stuck(PracticeFactory(name="Lakeside Family Medicine"))


@pytest.fixture
def elsewhere(db: None) -> Practice:
    return _stuck(PracticeFactory(name="Zebra Pediatrics"))


def _stuck(practice: Practice) -> Practice:
    """A parked effect and an open item."""
    visit = AppointmentFactory(practice=practice)
    EffectFactory(appointment=visit, status=EffectStatus.PARKED)
    WorkItemFactory(appointment=visit)
    return practice


@pytest.mark.parametrize("role", [CLINICAL_OPS, ADMINS])
def test_trying_again_asks_anew(client: Client, practice: Practice, role: str) -> None:
    effect = practice.effects.get()
    signed_in(client, role, practice)
    page = client.get(address("campaigns.effect", f"{effect.pk}/change/")).content.decode()
    assert "Try again" in page
    client.post(address("campaigns.effect", f"{effect.pk}/do/again/"))
    effect.refresh_from_db()
    assert effect.status == EffectStatus.UNKNOWN
    assert AuditEvent.objects.get(action="effect.redriven").actor == "vera"


def test_several_effects_are_tried_again(client: Client, practice: Practice) -> None:
    effect = practice.effects.get()
    body = {"action": "try_selected_again", "_selected_action": [effect.pk]}
    answer = signed_in(client, CLINICAL_OPS, practice).post(
        address("campaigns.effect"), body, follow=True
    )
    assert "Kept tries 1 of them again." in answer.content.decode()


def test_what_others_changed_is_left_out_of_several(client: Client, practice: Practice) -> None:
    effect = practice.effects.get()
    effect.status, effect.code = EffectStatus.REJECTED, "changed_by_others"
    effect.next_attempt_at = effect.unknown_since = None
    effect.save()
    body = {"action": "try_selected_again", "_selected_action": [effect.pk]}
    answer = signed_in(client, CLINICAL_OPS, practice).post(
        address("campaigns.effect"), body, follow=True
    )
    assert "1 left out: somebody changed the chart meanwhile." in answer.content.decode()
    effect.refresh_from_db()
    assert effect.status == EffectStatus.REJECTED


def test_a_verb_is_neither_a_link_nor_for_others(
    client: Client, practice: Practice, elsewhere: Practice
) -> None:
    signed_in(client, CLINICAL_OPS, practice)
    mine, theirs = practice.effects.get(), elsewhere.effects.get()
    assert client.get(address("campaigns.effect", f"{mine.pk}/do/again/")).status_code == 405
    assert client.post(address("campaigns.effect", f"{theirs.pk}/do/again/")).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == EffectStatus.PARKED


def test_a_work_item_is_closed_in_the_console_too(client: Client, practice: Practice) -> None:
    item = practice.work_items.get()
    standing = WorkItemFactory(appointment=item.appointment, kind=WorkItemKind.NO_CONTACT)
    signed_in(client, CLINICAL_OPS, practice)
    body = {"action": "close_selected", "_selected_action": [item.pk, standing.pk]}
    client.post(address("campaigns.workitem"), body)
    item.refresh_from_db()
    standing.refresh_from_db()
    assert item.closed_by == "vera"
    assert standing.closed_at is None
