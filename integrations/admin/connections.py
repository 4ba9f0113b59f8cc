"""Connections: addresses, credentials, pausing; what was checked, in words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.admin.columns import badge, moment
from campaigns.admin.row_actions import Verb, VerbsAdmin
from campaigns.clock import database_now
from integrations.admin.connectionform import ConnectionForm
from integrations.admin.subscriptions import may_subscribe, subscribe_it
from integrations.connections import circuit_breaker, registry
from integrations.connections.status import State, status_of, statuses
from integrations.models import Connection, WriteAccess
from integrations.operations import probe, put_in_force
from integrations.vendors import face_of

# What is known of a key's rights does not hold for another key.
CREDENTIALS = frozenset({"base_url", "client_id", "secret"})
STANDING = {
    State.OPEN: "success",
    State.PAUSED: "warning",
    State.USED_UP: "warning",
    State.SILENT: "danger",
}
WRITING = {
    WriteAccess.UNVERIFIED.value: ("", "not tried yet: the first real write will tell"),
    WriteAccess.WORKS.value: ("success", "works"),
    WriteAccess.REFUSED.value: ("danger", "refused: ask the vendor for the right to write"),
}


def pause_it(request: HttpRequest, connection: Connection) -> str:
    """Pause the connection in the name of the person who pressed the button."""
    registry.pause(connection, reason="Paused in the console.")
    return "Paused. Nothing is sent, and nothing is lost; everything waits until it is resumed."


def resume_it(request: HttpRequest, connection: Connection) -> str:
    """Resume the connection and read something small from the vendor, so that a mistake shows at
    once.
    """
    problem = probe.resume(connection)
    if problem:
        return f"Resumed, but it does not work yet. {problem}"
    return "Resumed. What has waited goes out now."


def put_it_in_force(request: HttpRequest, connection: Connection) -> str:
    """Have this vendor remind the practice's patients, if nothing is open at the one before."""
    try:
        put_in_force.put_in_force(connection)
    except put_in_force.StillInUse as why:
        return str(why)
    return "In force. Kept looks at every visit again, and begins the reminders here."


def forget_old_secret(request: HttpRequest, connection: Connection) -> str:
    """Stop accepting the old webhook secret, once the vendor signs with the new one."""
    registry.forget_webhook_secret(connection)
    return "Forgotten. Only notifications signed with the new secret are taken now."


@admin.register(Connection)
class ConnectionAdmin(VerbsAdmin):
    """One per practice and vendor."""

    form = ConnectionForm
    list_display = ("vendor", "practice", "in_force", "state", "writing", "checked")
    list_filter = ("vendor",)
    list_select_related = ("practice",)
    checked = moment("checked_at", "last checked")
    readonly_fields = (
        "folder",
        "in_force",
        "state",
        "paused_reason",
        "writing",
        "checked",
        "report",
        "secret_before",
    )
    fieldsets = (
        ("Connection", {"fields": ("practice", "vendor", "base_url", "client_id")}),
        (
            "Secrets",
            {
                "fields": ("secret", "webhook_secret", "secret_before"),
                "description": "Stored encrypted, and never shown again.",
            },
        ),
        (
            "How it stands",
            {"fields": ("in_force", "state", "paused_reason", "writing", "checked", "report")},
        ),
    )
    verbs = (
        Verb("pause", "Pause", lambda row: not row.is_paused, pause_it),
        Verb("resume", "Resume", lambda row: row.is_paused or row.opened_at, resume_it),
        Verb(
            "forget_old_secret",
            "Forget the old webhook secret",
            lambda row: row.webhook_secret_before,
            forget_old_secret,
        ),
        Verb(
            "put_in_force",
            "Put in force",
            put_in_force.may_be_put_in_force,
            put_it_in_force,
        ),
        Verb("subscribe", "Subscribe to events", may_subscribe, subscribe_it),
    )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with the status of all its rows from one query."""
        changes = super().get_changelist_instance(request)
        stand = statuses(changes.result_list, database_now())
        for row in changes.result_list:
            row.stands = stand[row.pk]
        return changes

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Practice and vendor of a connection cannot be changed; another vendor gets another
        connection.
        """
        fixed = ("practice", "vendor") if obj is not None else ()
        return (*fixed, *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A folder has neither address nor secrets; where it is stands in the environment."""
        if obj is None or face_of(obj.vendor).typed:
            return self.fieldsets
        _, _, stands = self.fieldsets
        return (("Connection", {"fields": ("practice", "vendor", "folder")}), stands)

    @display(description="in force", boolean=True)
    def in_force(self, row: Connection) -> bool:
        """Whether the practice works with this vendor at present."""
        return bool(row.practice.systems_of(row.vendor))

    @display(description="state")
    def state(self, row: Connection) -> SafeString:
        """Open, or why nothing is sent."""
        stands = getattr(row, "stands", None) or status_of(row, database_now())
        return badge(STANDING[stands.state], stands.words.removeprefix("is "))

    @display(description="webhook secret before")
    def secret_before(self, row: Connection) -> str:
        """Whether a secret is being rotated; never which."""
        if not row.webhook_secret_before:
            return "None."
        return (
            "Still accepted beside the new one. When the vendor signs with the new one, choose "
            "Forget the old webhook secret."
        )

    @display(description="writing")
    def writing(self, row: Connection) -> SafeString:
        """What real writes have shown of the key's right to write."""
        return badge(*WRITING[row.write_access])

    @display(description="what was checked")
    def report(self, row: Connection) -> SafeString | str:
        """The report of the last check, line by line."""
        lines = [(name.replace("_", " "), said) for name, said in row.check_report.items()]
        if not lines:
            return "Nothing was checked yet. Run bootstrap."
        return format_html("<ul>{}</ul>", format_html_join("", "<li><b>{}</b>: {}</li>", lines))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a connection: it is paused, and its history stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Store what changed, and audit the names of the changed fields, never their values."""
        changed = [n for n in form.changed_data if not change or _differs(obj, n)]
        columns = set(changed)
        if CREDENTIALS & set(changed):
            obj.write_access = WriteAccess.UNVERIFIED
            columns.add("write_access")
        if change and "webhook_secret" in changed:
            obj.webhook_secret_before = Connection.objects.get(pk=obj.pk).webhook_secret
            columns.add("webhook_secret_before")
        # No other column: it may have been paused or fallen silent since the form was read.
        obj.save(update_fields=columns if change else None)
        if CREDENTIALS & set(changed):
            # The failures so far were those of another address or key.
            circuit_breaker.close(obj)
        if changed:
            audit_row(
                f"connection.{('updated' if change else 'created')}",
                obj,
                vendor=obj.vendor,
                changed=sorted(changed),
            )
            doorbell.ring()


def _differs(obj: Connection, name: str) -> bool:
    stored = Connection.objects.get(pk=obj.pk)
    return bool(getattr(stored, name) != getattr(obj, name))
