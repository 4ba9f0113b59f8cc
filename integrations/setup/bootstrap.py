"""The first practice, from the environment: connections, roles, reference data, subscriptions.

Idempotent. Once a connection has worked, the environment no longer changes it: the console does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.models import Practice
from campaigns.models.practice import IN_FORCE
from campaigns.ports import GatewayError
from campaigns.practices import setting_kinds
from campaigns.practices.roles import ensure_roles
from campaigns.practices.setting_kinds import BadValue
from integrations.drift.store import recording_drift
from integrations.feeds.pull import plan_first_pull
from integrations.models import Connection
from integrations.setup import reference_data
from integrations.transport.errors import Nonsense
from integrations.vendors import EngagementFace, face_of, faces

NOT_IN_FORCE = "no; an admin can put it in force on the console's page Connections"


def _engagement_vendor(practice: Practice, column: str, text: str) -> dict[str, Any]:
    permitted = [vendor.value for vendor, face in faces() if isinstance(face, EngagementFace)]
    if text and text not in permitted:
        raise BadValue(f"permitted: {', '.join(permitted)}")
    return {column: text} if text else {}


# What the environment says of the first practice: the column it becomes, and how it is read.
SEEDED_COLUMNS = {
    "ATHENA_PRACTICE_ID": ("external_id", setting_kinds.TEXT),
    "ENGAGEMENT_VENDOR": (
        "engagement_vendor",
        setting_kinds.Kind(_engagement_vendor, lambda practice, column: getattr(practice, column)),
    ),
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
    for vendor in _vendors(practice, settings.KEPT_SEED):
        connection = _connection(practice, vendor, settings.KEPT_SEED)
        report["connections"][connection.vendor] = _checked(connection, report["reference"])
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
            audit_row("practice.created", practice)
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
        value = seed.get(variable) or ""
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


def _vendors(practice: Practice, seed: dict[str, Any]) -> Iterable[Vendor]:
    """The vendors in force, and the one that the environment would rather have: putting another
    in force is a person's decision.
    """
    asked = Vendor(seed.get("ENGAGEMENT_VENDOR") or practice.engagement_vendor)
    return dict.fromkeys([*map(practice.vendor_of, IN_FORCE), asked])


def _connection(practice: Practice, vendor: Vendor, seed: dict[str, Any]) -> Connection:
    """The connection; the environment's values are taken over until it has worked once."""
    values = face_of(vendor).seeded(seed)
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
            audit_row("connection.seeded", connection, vendor=vendor.value)
    return connection


def _checked(connection: Connection, loaded: dict[str, Any]) -> dict[str, Any]:
    """Try what can be tried without writing, and store the result."""
    face = face_of(connection.vendor)
    try:
        with recording_drift(connection.practice.external_id):
            report = face.check(connection, _no_guard)
            if connection.practice.systems_of(connection.vendor):
                loaded.update(reference_data.load(connection, _no_guard))
                for which in face.feeds:
                    plan_first_pull(connection, which)
            else:
                report["in_force"] = NOT_IN_FORCE
    except (GatewayError, Nonsense) as error:
        return {"ok": False, "problem": error.sentence}
    connection.checked_at, connection.check_report = database_now(), report
    connection.save(update_fields=["checked_at", "check_report"])
    return {"ok": True, **report}


def _no_guard() -> None:
    """Nothing is leased here: a bootstrap run twice does no harm."""
