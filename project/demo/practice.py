"""The invented practice of the demonstration: its seed, its people, its mapping."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.context import acting_as
from campaigns.domain.values import Vendor
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, Membership, Practice

# By path, as gateways are: nothing but this demonstration may know of the simulators.
WEBHOOK = "integrations.simulators.observer.register_webhook"

PRACTICE = "195900"
FILES = Path(__file__).resolve().parent
DAYS_AHEAD = 12

# Only ever used on loopback, with invented people.
PASSWORD = "kept-demo-password"
WEBHOOK_SECRETS = {
    "athenahealth": "kept-demo-events-of-athenahealth",
    "relatient": "kept-demo-events-of-relatient",
}
SIGN_INS = {"desk": FRONT_DESK, "ops": CLINICAL_OPS, "admin": ADMINS}

# Everything a practice waits minutes for takes seconds here.
SETTINGS = [
    "poll_minutes=0.1",
    "retry_minutes=0.1",
    "retry_base_seconds=1",
    "athena_requests_per_second=40",
    "relatient_requests_per_second=40",
]


def seed(vendors: str, folder: Path | None) -> dict[str, Any]:
    """What .env would say of this practice; `vendors` is the simulators' address."""
    engagement = Vendor.RELATIENT if folder is None else Vendor.FOLDER
    return {
        "ATHENA_BASE_URL": vendors,
        "ATHENA_CLIENT_ID": "kept-demo",
        "ATHENA_CLIENT_SECRET": "demo-secret",
        "ATHENA_PRACTICE_ID": PRACTICE,
        "ATHENA_WEBHOOK_SECRET": WEBHOOK_SECRETS["athenahealth"],
        "ENGAGEMENT_VENDOR": engagement.value,
        "ENGAGEMENT_FOLDER": str(folder or ""),
        "RELATIENT_BASE_URL": f"{vendors}/relatient",
        "RELATIENT_API_KEY": "demo-relatient-key",
        "RELATIENT_WEBHOOK_SECRET": WEBHOOK_SECRETS["relatient"],
        "PRACTICE_NAME": "Harbor Family Health",
        "PRACTICE_TIME_ZONE": "America/New_York",
        "PRACTICE_LANGUAGE": "en",
        "WAITLIST_PHONE": "+16172530110",
        "ALERT_EMAILS": ["admin@example.org"],
    }


def settle_in() -> None:
    """Map the campaigns, quicken the pace, and take in what was booked before."""
    quiet = StringIO()
    call_command("configure", *SETTINGS, stdout=quiet)
    call_command("import_types", str(FILES / "types.csv"), stdout=quiet)
    call_command("import_rules", str(FILES / "rules.csv"), stdout=quiet)
    today = timezone.now().date()
    first, last = today - timedelta(days=1), today + timedelta(days=DAYS_AHEAD)
    call_command("backfill", "--from", first.isoformat(), "--to", last.isoformat(), stdout=quiet)


def hear_at_once(vendors: str, here: str) -> None:
    """Have both vendors send what happens to `here`, our own address, as soon as it does."""
    address = f"{here}/webhooks/relatient/{PRACTICE}/"
    import_string(WEBHOOK)(vendors, address, WEBHOOK_SECRETS["relatient"])
    call_command("subscriptions", "create", stdout=StringIO())


def hire() -> None:
    """One person for each role."""
    practice = Practice.objects.get(external_id=PRACTICE)
    with acting_as(process="command demo"), transaction.atomic():
        for username, role in SIGN_INS.items():
            user = get_user_model().objects.create_user(username, password=PASSWORD)
            user.groups.add(Group.objects.get(name=role))
            Membership.objects.create(user=user, practice=practice)
