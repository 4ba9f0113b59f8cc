"""`manage.py check --database default` says when the audit trail stands unprotected."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from audit import triggers


@register(Tags.database)
def audit_trail_is_protected(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A warning, not an error: an error would also stop the migrate that repairs it."""
    return [
        Warning(
            f"The audit trail in {alias!r} can be altered: {', '.join(sorted(gone))} missing.",
            hint="Run migrate to put the triggers back, and find out who removed them.",
            id="audit.W001",
        )
        for alias in databases or ()
        if (gone := triggers.missing(connections[alias]))
    ]
