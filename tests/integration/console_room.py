"""A form of the console as a browser sends it back, nothing changed."""

from __future__ import annotations

from typing import Any


def as_sent(form: Any) -> dict[str, Any]:
    """The fields by name; a box that is not ticked is not sent, and a zero is."""
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ""
    }
