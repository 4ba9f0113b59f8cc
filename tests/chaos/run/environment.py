"""What every process of a run is started with; nothing of Django is needed to say it."""

from __future__ import annotations

import os

from integrations.simulators.simulation import PRACTICE_ID
from tests.chaos.run.plan import Plan
from tests.chaos.run.product import MARK, ROOT

WEBHOOK_SECRET = "chaos-webhook-secret-of-both-vendors"


def set_environment(plan: Plan, database_url: str, vendors: str, web: str) -> None:
    """For this process and its children; the addresses of the vendors, and of our own web."""
    os.environ |= {
        "ENVIRONMENT": "test",
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DATABASE_URL": database_url,
        "PYTHONPATH": str(ROOT),
        "KEPT_CHAOS_WITHOUT": plan.without,
        "EMAIL_URL": "dummymail://",
        MARK: str(os.getpid()),
        "PUBLIC_URL": web,
        "ATHENA_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "RELATIENT_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "ATHENA_BASE_URL": vendors,
        "ATHENA_CLIENT_ID": "kept-demo",
        "ATHENA_CLIENT_SECRET": "demo-secret",
        "ATHENA_PRACTICE_ID": PRACTICE_ID,
        "RELATIENT_BASE_URL": f"{vendors}/relatient",
        "RELATIENT_API_KEY": "demo-relatient-key",
        "PRACTICE_NAME": "Harbor Family Health",
        "PRACTICE_TIME_ZONE": "America/New_York",
        "WAITLIST_PHONE": "+16172530110",
        "ALERT_EMAILS": "admin@example.org",
    }
