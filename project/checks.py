"""What `manage.py check --deploy` says about an installation; the refusals are in safeguards."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.database, deploy=True)
def production_runs_on_postgresql(**kwargs: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if not settings.PRODUCTION or engine.endswith("postgresql"):
        return []
    return [
        Warning(
            "Production runs on SQLite, which lets one process write at a time.",
            hint="Set DATABASE_URL to PostgreSQL 14 or newer.",
            id="kept.W001",
        )
    ]


@register(Tags.security, deploy=True)
def second_factor_is_asked_for(**kwargs: Any) -> list[CheckMessage]:
    """Says openly what is missing, until it no longer is."""
    if not (settings.PRODUCTION and settings.REQUIRE_SECOND_FACTOR):
        return []
    return [
        Warning(
            "REQUIRE_SECOND_FACTOR is set, but this version asks for a password only.",
            hint="Put a sign-in with a second factor in front of Kept.",
            id="kept.W002",
        )
    ]
