"""Somebody in the console: signed in, at an address, and with a form as a browser sends it."""

from __future__ import annotations

from typing import Any

from django.test import Client

from campaigns.models import Practice
from tests.factories import UserFactory


def as_sent(form: Any) -> dict[str, Any]:
    """The fields by name; a box that is not ticked is not sent, and a zero is."""
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ""
    }


def signed_in(client: Client, role: str, *practices: Practice) -> Client:
    """As Vera, who has this role."""
    client.force_login(UserFactory(username="vera", role=role, practices=practices))
    return client


def address(label: str, rest: str = "") -> str:
    """Of a model's list, or what lies below it."""
    return f"/admin/{label.replace('.', '/')}/{rest}"
