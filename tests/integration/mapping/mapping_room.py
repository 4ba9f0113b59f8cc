"""A person of clinical ops at the mapping editor, and what its forms send."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from campaigns.mapping.editor import version_of_rules
from campaigns.models import CLINICAL_OPS, Practice
from tests.factories import UserFactory
from tests.integration.rule_room import a_mapped_practice

PAGE, SAVE = "/coverage/mapping/", "/coverage/mapping/rules/"
ANY_CELL = "cell:any:any:any"


@pytest.fixture
def practice() -> Practice:
    return a_mapped_practice()


@pytest.fixture
def vera(client: Client, practice: Practice) -> AbstractUser:
    made = UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice])
    client.force_login(made)
    return made


def form(practice: Practice, type_id: str = "82", **fields: Any) -> dict[str, Any]:
    """The grid of a type, with these cells and the button that shows the effect."""
    seen = version_of_rules(practice, type_id)
    return {"practice": practice.pk, "type": type_id, "seen": seen, "step": "effect", **fields}


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())
