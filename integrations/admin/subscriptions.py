"""Event subscriptions: what athenahealth tells by itself, until when, and when it last did.

A button stores a request and answers at once; the background work carries the request out within a
minute or two.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from campaigns.admin.columns import badge, moment
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.admin.row_actions import Verb, VerbsAdmin
from campaigns.ports import Refused
from integrations.models import (
    ACTIVE,
    REQUESTED,
    Connection,
    EventSubscription,
    Wish,
    placeholder,
)
from integrations.subscriptions.requests import (
    request_change,
    request_subscriptions,
    subscriptions_of,
    topics_of,
)
from integrations.vendors import chart_of

SOON = "Kept asks athenahealth within a minute or two. Load this page again then."
# The vendor's statuses, and Kept's own requests, in plain words.
STATES = {
    ACTIVE: ("success", "active"),
    REQUESTED: ("info", "not active yet"),
    "error": ("danger", "in error"),
    "off": ("danger", "switched off"),
    Wish.WANTED.value: ("info", "about to be made"),
    Wish.RENEW.value: ("info", "about to be renewed"),
    Wish.DELETE.value: ("info", "about to be deleted"),
}
ENDED = ("danger", "ended")
SILENT = ("warning", "silent")
FAILING = ("warning", "not made yet")
SILENT_SENTENCE = "Kept found changes by polling that it did not tell of. Polling goes on as usual."


def renew_it(request: HttpRequest, row: EventSubscription) -> str:
    """Request a renewal in the name of the person who pressed the button."""
    request_change(_alone(row), Wish.RENEW)
    return f"It will be renewed. {SOON}"


def delete_it(request: HttpRequest, row: EventSubscription) -> str:
    """Request the deletion. Polling then becomes as frequent as without events."""
    request_change(_alone(row), Wish.DELETE)
    return f"It will be deleted, and Kept polls for these changes. {SOON}"


def subscribe_it(request: HttpRequest, connection: Connection) -> str:
    """The button on the page of a connection to athenahealth; or what must be set first."""
    try:
        new = request_subscriptions(connection)
    except Refused as refusal:
        return refusal.sentence
    if not new:
        return "Kept is subscribed to all of its events already."
    return f"Kept will be subscribed to {new} kinds of events. {SOON}"


def may_subscribe(connection: Connection) -> bool:
    """Whether the button is of any use: the chart's vendor sends events, and not all come yet."""
    told = chart_of(connection.practice).events
    if told is None or connection.vendor != connection.practice.chart_vendor:
        return False
    kept = (
        subscriptions_of(connection.practice)
        .exclude(status=Wish.DELETE)
        .values_list("topic", flat=True)
    )
    return not told.topics.keys() <= set(kept)


def _in_words(row: EventSubscription) -> str:
    return topics_of(row.practice).in_words(row.topic)


def _alone(row: EventSubscription) -> Any:
    return EventSubscription.objects.filter(pk=row.pk)


@admin.register(EventSubscription)
class EventSubscriptionAdmin(ReadOnlyAdmin, VerbsAdmin):
    """Event subscriptions, one per topic."""

    ends = moment("ends_at", "ends")
    heard = moment("last_event_at", "last event")
    checked = moment("checked_at", "last looked at")
    made = moment("created_at", "made")
    silent = moment("silent_since", "silent since")
    list_display = ("tells", "practice", "state", "ends", "heard", "problem_column")
    list_select_related = ("practice",)
    list_before_template = "admin/integrations/subscriptions_intro.html"
    ordering = ("topic", "pk")
    fields = (
        "tells",
        "vendors_topic",
        "practice",
        "state",
        "made",
        "ends",
        "heard",
        "silent",
        "checked",
        "address",
        "vendors_number",
        "problem_column",
    )
    readonly_fields = fields
    verbs = (
        Verb("renew", "Renew", lambda row: row.status not in list(Wish), renew_it),
        Verb("delete", "Delete", lambda row: row.status != Wish.DELETE, delete_it),
    )

    @display(description="Kept is told when", ordering="topic")
    def tells(self, row: EventSubscription) -> str:
        """The topic in plain words."""
        return _in_words(row)

    @display(description="state")
    def state(self, row: EventSubscription) -> SafeString:
        """The most important fact about the subscription."""
        return badge(*state_of(row))

    @display(description="what is wrong")
    def problem_column(self, row: EventSubscription) -> str:
        """The sentence, if there is one."""
        silent = SILENT_SENTENCE if row.silent_since is not None else ""
        return row.problem or silent or "–"

    @display(description="topic")
    def vendors_topic(self, row: EventSubscription) -> str:
        """The topic as athenahealth calls it."""
        return row.topic

    @display(description="sent to")
    def address(self, row: EventSubscription) -> SafeString:
        """Our address as text, since no person could open it. A narrow screen may break
        the line.
        """
        return format_html_join(mark_safe("/<wbr>"), "{}", ([p] for p in row.endpoint.split("/")))

    @display(description="number at athenahealth")
    def vendors_number(self, row: EventSubscription) -> str:
        """The subscription's id, for athenahealth's support."""
        return row.external_id if row.external_id != placeholder(row.topic) else "–"

    def title_of(self, row: Any) -> str:
        """The topic in plain words."""
        return f"Event subscription: {_in_words(row)}"


def state_of(row: EventSubscription) -> tuple[str, str]:
    """Colour and words: ended and silent weigh more than what the vendor says."""
    if row.status not in list(Wish):
        # By this process' clock: asking the database for each row would be a query each.
        if row.ends_at is not None and row.ends_at <= timezone.now():
            return ENDED
        if row.silent_since is not None:
            return SILENT
    elif row.status == Wish.WANTED and row.problem:
        return FAILING
    return STATES.get(row.status, ("", row.status))
