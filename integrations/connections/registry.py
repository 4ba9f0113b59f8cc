"""Finds a practice's connections; pauses and resumes them; keeps what calls taught about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from audit.context import acting_as, current_actor
from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.locking import retried
from campaigns.look_queue import schedule_looks_waiting_for
from campaigns.models import Practice
from campaigns.models.practice import IN_FORCE
from campaigns.outbox.alerts import alert
from campaigns.ports import PAUSED, Refused, TryLater
from integrations.models import Connection, WriteAccess
from integrations.transport.errors import NOT_CONNECTED, spoken

ITSELF = "connections"
_COLUMNS = [f"practice__{column}" for column in IN_FORCE.values()]


def find(practice: str, system: System) -> Connection:
    """The connection of a practice (by athenahealth's practice id) to the vendor that runs a
    system for it, paused or not.
    """
    try:
        return Connection.objects.select_related("practice").get(
            practice__external_id=practice, vendor=F(f"practice__{IN_FORCE[system]}")
        )
    except Connection.DoesNotExist:
        owner = Practice.objects.filter(external_id=practice).first() or Practice()
        raise Refused(
            f"This practice has no connection to {owner.vendor_of(system).label}. Add one on the "
            "Connections page.",
            code=NOT_CONNECTED,
        ) from None


def find_open(practice: str, system: System) -> Connection:
    """As find, but a connection that is paused, or does not answer, is a reason to try later."""
    connection = find(practice, system)
    must_be_open(connection)
    return connection


def must_be_open(connection: Connection) -> None:
    """Raise TryLater when nothing may be sent over it at present."""
    vendor = connection.vendor
    if connection.is_paused:
        raise TryLater(
            f"The connection to {spoken(vendor)} is paused. Kept goes on when it is resumed.",
            code=PAUSED,
        )
    if connection.opened_at is not None:
        raise unanswered(connection)


def unanswered(connection: Connection) -> TryLater:
    """The error for a vendor whose circuit is open."""
    return TryLater(
        f"{spoken(connection.vendor)} does not answer at present. Kept asks again every few "
        "minutes, and goes on by itself.",
        code=PAUSED,
    )


def paused(practice: str) -> frozenset[System]:
    """The systems to which nothing may be sent at present; settings.KEPT_GATEWAYS names this.

    One without a connection counts as paused, and so does one whose vendor does not answer: effects
    for it wait instead of failing.
    """
    return _without(Connection.objects.filter(_running(practice), opened_at__isnull=True))


def stopped(practice: str) -> frozenset[System]:
    """The systems that are paused or not connected; one that only does not answer is not."""
    return _without(Connection.objects.filter(_running(practice)))


def _running(practice: str) -> Q:
    return Q(practice__external_id=practice, paused_at__isnull=True)


def _without(rows: QuerySet[Connection]) -> frozenset[System]:
    running = rows.select_related("practice").only("vendor", "practice__id", *_COLUMNS)
    return frozenset(IN_FORCE) - {
        system for row in running for system in row.practice.systems_of(row.vendor)
    }


def pause(connection: Connection, *, reason: str) -> bool:
    """Let nothing more be sent; False when it was paused before. The current actor answers."""
    is_open = Connection.objects.filter(pk=connection.pk, paused_at__isnull=True)
    values = {"paused_at": timezone.now(), "paused_by": current_actor().name}
    done = partial(audit_connection, "connection.paused", connection, reason=reason)
    return switch(connection, is_open, {**values, "paused_reason": reason[:300]}, done)


def resume(connection: Connection) -> bool:
    """Let the waiting work go on; False when it was not paused."""
    is_paused = Connection.objects.filter(pk=connection.pk, paused_at__isnull=False)
    values = {"paused_at": None, "paused_by": "", "paused_reason": ""}
    return switch(
        connection, is_paused, values, partial(audit_connection, "connection.resumed", connection)
    )


def forget_webhook_secret(connection: Connection) -> bool:
    """End a rotation: the secret before is no longer accepted; False when there was none."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if not row.webhook_secret_before:
            return False
        row.webhook_secret_before = ""
        row.save(update_fields=["webhook_secret_before"])
        audit_connection("connection.webhook_secret_forgotten", connection)
    connection.webhook_secret_before = ""
    return True


def switch(
    connection: Connection,
    rows: QuerySet[Connection],
    values: dict[str, Any],
    done: Callable[[], None],
) -> bool:
    """Change whether anything may be sent, audit it, and make looks due at the visits with waiting
    effects: their coverage says whether the vendor is paused.
    """

    def work() -> bool:
        with transaction.atomic():
            changed = rows.update(**values)
            if changed:
                done()
                for system in connection.practice.systems_of(connection.vendor):
                    schedule_looks_waiting_for(connection.practice, system)
        return bool(changed)

    changed = retried(work)
    connection.refresh_from_db()
    return changed


def credentials_refused(connection: Connection, sentence: str) -> None:
    """The vendor no longer accepts our credentials: pause, so that nothing is lost by trying."""
    stored = Connection.objects.filter(pk=connection.pk).first()
    if stored is None or _credentials(stored) != _credentials(connection):
        # Somebody mended them while this call was under way: the new ones were not refused.
        return
    with acting_as(process=ITSELF):
        if pause(connection, reason=sentence):
            _mail(connection, sentence)


def _mail(connection: Connection, sentence: str) -> None:
    """Tell the administrators at once: nothing goes out until they have mended it."""
    name = spoken(connection.vendor)
    alert(
        connection.practice,
        f"credentials-{connection.pk}-{connection.paused_at:%Y%m%d%H%M%S}",
        f"{name} refuses Kept's credentials for {connection.practice.name}",
        f"{sentence}\n\nThe connection is paused and nothing is sent. Nothing is lost: mend the "
        "credentials on the console's page Connections and resume it there.",
    )


def note_write_access(connection: Connection, access: WriteAccess) -> None:
    """Remember what a write has shown of the API key's rights; silent when it was known."""
    if connection.write_access == access:
        return
    with acting_as(process=ITSELF), transaction.atomic():
        changed = (
            Connection.objects.filter(pk=connection.pk)
            .exclude(write_access=access)
            .update(write_access=access)
        )
        if changed:
            audit_connection("connection.write_access", connection, access=access.value)
    connection.write_access = access


def day_used_up(connection: Connection, sentence: str) -> None:
    """Tell the administrators, once a day (GMT), that the vendor takes no more calls."""
    name = spoken(connection.vendor)
    with acting_as(process=ITSELF):
        alert(
            connection.practice,
            f"quota-{connection.vendor}-{database_now().astimezone(UTC):%Y%m%d}",
            f"{name} takes no more calls today from {connection.practice.name}",
            f"{sentence}\n\nNothing is lost: what waits goes out then. If this happens again, ask "
            f"{name} for more calls a day, or set athena_requests_per_day to what you have.",
        )


def _credentials(connection: Connection) -> tuple[str, str, str]:
    return connection.base_url, connection.client_id, connection.secret


def audit_connection(action: str, connection: Connection, **detail: str) -> None:
    """Audit something that happened to a connection."""
    audit_row(action, connection, vendor=connection.vendor, **detail)
