"""The first practice, from the environment: connections, roles, reference data, subscriptions.

Idempotent. Once a connection has worked, the environment no longer changes it: the console does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.models import Practice
from campaigns.ports import Deadline, GatewayError
from campaigns.practices import setting_kinds
from campaigns.practices.roles import ensure_roles
from campaigns.practices.setting_kinds import BadValue
from integrations.athenahealth import feed
from integrations.athenahealth.client import AthenaClient
from integrations.athenahealth.client import client_for as athena_client
from integrations.drift.store import recording_drift
from integrations.feeds import poll_chart
from integrations.models import Connection, Feed
from integrations.relatient import feed as relatient_feed
from integrations.relatient.gateway import client_for as relatient_client
from integrations.setup import reference_data
from integrations.transport.errors import Nonsense

CALL_SECONDS = 60
UNVERIFIED = "not verified: athenahealth names no scope for it; the first write will tell"
# What the environment says of the first practice: the column it becomes, and how it is read.
SEEDED_COLUMNS = {
    "ATHENA_PRACTICE_ID": ("external_id", setting_kinds.TEXT),
    "PRACTICE_NAME": ("name", setting_kinds.TEXT),
    "PRACTICE_TIME_ZONE": ("time_zone", setting_kinds.ZONE),
    "PRACTICE_LANGUAGE": ("language", setting_kinds.LANGUAGE),
    "WAITLIST_PHONE": ("waitlist_phone", setting_kinds.PHONE),
    "ALERT_EMAILS": ("alert_emails", setting_kinds.ADDRESSES),
}


class BadSeed(Exception):
    """What the environment says of the first practice cannot be used; the text names it all."""


def bootstrap() -> dict[str, Any]:
    """Make or complete the practice of the environment, and report what works.

    Raises BadSeed, and writes nothing, when the environment names no practice or holds values that
    cannot be used. A vendor that refuses is a sentence under its connection's `problem`.
    """
    practice = _practice(settings.KEPT_SEED)
    ensure_roles()
    report: dict[str, Any] = {
        "practice": {"id": practice.external_id, "name": practice.name},
        "connections": {},
        "reference": {},
    }
    for vendor, check in _CHECKS.items():
        connection = _connection(practice, vendor, settings.KEPT_SEED)
        report["connections"][vendor.value] = _checked(connection, check, report["reference"])
    return report


def _practice(seed: dict[str, Any]) -> Practice:
    if not seed["ATHENA_PRACTICE_ID"]:
        raise BadSeed(
            "ATHENA_PRACTICE_ID is not set. Put it, and the other ATHENA_ and RELATIENT_ "
            "values, into .env (see .env.example) and run bootstrap again."
        )
    columns = _columns(seed)
    external_id = columns["external_id"]
    with transaction.atomic():
        practice, created = Practice.objects.get_or_create(
            external_id=external_id, defaults=columns
        )
        if created:
            audit("practice.created", practice=external_id, subject=("practice", practice.pk))
    return practice


def _columns(seed: dict[str, Any]) -> dict[str, Any]:
    """The practice's columns; BadSeed with every value that cannot be used.

    They are checked although the practice may be there already: a value that stands in the
    environment unread is believed by whoever reads it.
    """
    practice = Practice()
    columns: dict[str, Any] = {}
    objections = []
    for variable, (column, kind) in SEEDED_COLUMNS.items():
        value = seed[variable] or ""
        try:
            columns |= kind.read(
                practice, column, value if isinstance(value, str) else ",".join(value)
            )
        except BadValue as refusal:
            objections.append(f"{variable}: {refusal}")
    if objections:
        raise BadSeed(
            f"Nothing was written. In the environment (.env): {'; '.join(objections)}. "
            "Correct it and run bootstrap again."
        )
    return columns | {"name": columns["name"] or f"Practice {columns['external_id']}"}


def _connection(practice: Practice, vendor: Vendor, seed: dict[str, Any]) -> Connection:
    """The connection; the environment's values are taken over until it has worked once."""
    values = {
        Vendor.ATHENAHEALTH: {
            "base_url": seed["ATHENA_BASE_URL"],
            "client_id": seed["ATHENA_CLIENT_ID"],
            "secret": seed["ATHENA_CLIENT_SECRET"],
            "webhook_secret": seed["ATHENA_WEBHOOK_SECRET"],
        },
        Vendor.RELATIENT: {
            "base_url": seed["RELATIENT_BASE_URL"],
            "secret": seed["RELATIENT_API_KEY"],
            "webhook_secret": seed["RELATIENT_WEBHOOK_SECRET"],
        },
    }[vendor]
    with transaction.atomic():
        connection, created = Connection.objects.get_or_create(
            practice=practice, vendor=vendor, defaults=values
        )
        stale = not created and connection.checked_at is None
        if stale and any(getattr(connection, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(connection, name, value)
            # What paused it were credentials that have been replaced.
            connection.paused_at, connection.paused_by, connection.paused_reason = None, "", ""
            connection.save(update_fields=[*values, "paused_at", "paused_by", "paused_reason"])
        if created or stale:
            audit(
                "connection.seeded",
                practice=practice.external_id,
                subject=("connection", connection.pk),
                detail={"vendor": vendor.value},
            )
    return connection


Check = Callable[[Connection, dict[str, Any]], dict[str, str]]


def _checked(connection: Connection, check: Check, loaded: dict[str, Any]) -> dict[str, Any]:
    """Try what can be tried without writing, and store the result."""
    if not connection.base_url:
        name = "ATHENA" if connection.vendor == Vendor.ATHENAHEALTH else "RELATIENT"
        return {"ok": False, "problem": f"{name}_BASE_URL is not set. Set it and try again."}
    try:
        with recording_drift(connection.practice.external_id):
            report = check(connection, loaded)
    except (GatewayError, Nonsense) as error:
        return {"ok": False, "problem": error.sentence}
    connection.checked_at, connection.check_report = database_now(), report
    connection.save(update_fields=["checked_at", "check_report"])
    return {"ok": True, **report}


def _no_guard() -> None:
    """Nothing is leased here: a bootstrap run twice does no harm."""


def _athenahealth(connection: Connection, loaded: dict[str, Any]) -> dict[str, str]:
    def client() -> AthenaClient:
        return athena_client(connection, deadline=Deadline.after(CALL_SECONDS), guard=_no_guard)

    loaded.update(reference_data.load_athenahealth(connection.practice, client))
    for which in poll_chart.ATHENA_FEEDS:
        feed.subscribe(client(), which)
        _plan_first_poll(connection, which)
    return {
        "credentials": "work",
        "reading": "works",
        "change_feeds": "subscribed",
        "writing": UNVERIFIED if connection.write_access == "unverified" else "works",
    }


def _relatient(connection: Connection, loaded: dict[str, Any]) -> dict[str, str]:
    client = relatient_client(connection, deadline=Deadline.after(CALL_SECONDS), guard=_no_guard)
    check = relatient_feed.check(client)
    loaded.update(reference_data.load_relatient(connection.practice, client))
    _plan_first_poll(connection, Feed.EVENTS)
    missing = check["missing_scopes"]
    return {
        "credentials": "work",
        "reading": "works",
        "permissions": "missing: " + ", ".join(missing) if missing else "complete",
        "practice_id": check["practice_id"],
    }


def _plan_first_poll(connection: Connection, which: Feed) -> None:
    cursor = poll_chart.cursor_of(connection, which)
    if cursor.next_poll_at is None:
        cursor.next_poll_at = database_now()
        cursor.save(update_fields=["next_poll_at"])


_CHECKS: dict[Vendor, Check] = {
    Vendor.ATHENAHEALTH: _athenahealth,
    Vendor.RELATIENT: _relatient,
}
