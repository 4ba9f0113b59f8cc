"""What `manage.py` says at each start of what the environment says of the vendors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from integrations.vendors import faces


@register(Tags.security)
def seeds_are_safe(**kwargs: Any) -> list[CheckMessage]:
    """Refuses what a vendor must not be given, such as a folder that others can read."""
    problems = [face.unsafe(settings.KEPT_SEED) for _, face in faces()]
    return [Error(problem, id="kept.E004") for problem in problems if problem]
