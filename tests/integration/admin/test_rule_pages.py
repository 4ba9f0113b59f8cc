"""Rules in the console: the list, and the second person's say."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from campaigns.decisions.practice_snapshot import rules_of
from campaigns.domain.values import RuleChangeStatus
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Practice,
)
from tests.factories import PracticeFactory, UserFactory
from tests.integration.rule_room import a_mapped_practice, held

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]
LIST = "/admin/campaigns/campaignrule/"
HISTORY = "/admin/campaigns/rulechange/"


@pytest.fixture
def practice() -> Practice:
    return a_mapped_practice()


@pytest.fixture
def vera(practice: Practice) -> AbstractUser:
    return UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice])


@pytest.fixture
def omar(practice: Practice) -> AbstractUser:
    return UserFactory(username="omar", role=ADMINS, practices=[practice])


def test_a_held_change_is_said_above_the_list(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    held(practice)
    client.force_login(vera)
    assert "1 of 1 enrolled visits would change" in client.get(LIST).content.decode()


def test_the_author_is_offered_to_withdraw_and_a_colleague_to_decide(
    client: Client, practice: Practice, vera: AbstractUser, omar: AbstractUser
) -> None:
    change = held(practice, vera)
    address = f"{HISTORY}{change.pk}/"
    client.force_login(vera)
    page = client.get(f"{address}change/").content.decode()
    assert "would move from Preventive visit to Preventive visit, Spanish." in page
    assert (
        "Annual physical (82), any language: Preventive visit, Spanish (was Preventive visit)"
        in page
    )
    assert "A second person has to approve it." in page
    assert (">Withdraw<" in page, ">Approve<" in page) == (True, False)
    client.post(f"{address}do/approve/")
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.HELD
    client.force_login(omar)
    page = client.get(f"{address}change/").content.decode()
    assert (">Withdraw<" in page, ">Approve<" in page, ">Reject<" in page) == (False, True, True)
    client.post(f"{address}do/approve/")
    change.refresh_from_db()
    assert (change.status, change.decided_by) == (RuleChangeStatus.APPROVED, omar)


def test_the_author_withdraws(client: Client, practice: Practice, vera: AbstractUser) -> None:
    change = held(practice, vera)
    client.force_login(vera)
    assert client.get(f"{HISTORY}{change.pk}/do/withdraw/").status_code == 405
    client.post(f"{HISTORY}{change.pk}/do/withdraw/")
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.REJECTED
    assert rules_of(practice)[0].campaign == "cmp_en"


def test_neither_the_desk_nor_another_practice_decides(client: Client, practice: Practice) -> None:
    change = held(practice)
    client.force_login(UserFactory(role=FRONT_DESK, practices=[practice]))
    assert client.post(f"{HISTORY}{change.pk}/do/approve/").status_code == 302
    client.force_login(UserFactory(role=ADMINS, practices=[PracticeFactory()]))
    assert client.post(f"{HISTORY}{change.pk}/do/approve/").status_code == 404
    change.refresh_from_db()
    assert change.status == RuleChangeStatus.HELD
