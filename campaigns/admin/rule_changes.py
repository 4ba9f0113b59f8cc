"""Changes of the rules: who changed what, whom it moves, and the second person's say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns import doorbell
from campaigns.admin.columns import RULE_CHANGE_LOOKS, badge, in_words, moment
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.admin.row_actions import Verb, VerbsAdmin
from campaigns.domain.values import RuleChangeStatus
from campaigns.labels import RULE_CHANGES
from campaigns.local_time import spoken
from campaigns.mapping import rule_changes, rule_text
from campaigns.mapping.rule_changes import ChangeRefused
from campaigns.models import RuleChange

# The visitor, set on the row by `get_object`.
VISITOR = "visitor"


def is_held(change: RuleChange) -> bool:
    """Whether the change still waits for a decision."""
    return change.status == RuleChangeStatus.HELD


def is_own(change: RuleChange) -> bool:
    """Whether the visitor made the change."""
    return rule_changes.made_by(change, getattr(change, VISITOR))


def approve(request: HttpRequest, change: RuleChange) -> str:
    """Put the held change in force, on the second person's word."""
    try:
        rule_changes.approve(change, request.user)
    except ChangeRefused as refusal:
        return str(refusal)
    doorbell.ring()
    return "Approved. Kept moves the visits now, one after the other."


def reject(request: HttpRequest, change: RuleChange) -> str:
    """Take the held change back: a second person refuses it, or its author withdraws it."""
    try:
        rule_changes.reject(change, request.user)
    except ChangeRefused as refusal:
        return str(refusal)
    doorbell.ring()
    return "The rules before are in force again. No visit was moved."


@admin.register(RuleChange)
class RuleChangeAdmin(ReadOnlyAdmin, VerbsAdmin):
    """The history of the mapping; only one change of a practice can wait at a time."""

    made = moment("made_at", "made")
    list_display = ("made", "by", "what", "effect", "stands")
    list_filter = (("status", in_words(RULE_CHANGES)),)
    list_select_related = ("practice",)
    search_fields = ("made_by_name__exact", "decided_by_name__exact")
    search_help_text = "The user name of who made or decided a change."
    fields = (
        "stands",
        "next_step",
        "made",
        "by",
        "what",
        "moves_in_words",
        "share",
        "written_to",
        "decision",
    )
    readonly_fields = fields
    verbs = (
        Verb("approve", "Approve", lambda row: is_held(row) and not is_own(row), approve),
        Verb("reject", "Reject", lambda row: is_held(row) and not is_own(row), reject),
        Verb("withdraw", "Withdraw", lambda row: is_held(row) and is_own(row), reject),
    )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> RuleChange | None:
        """The row with its visitor, since nobody approves a change of their own."""
        change: RuleChange | None = super().get_object(request, object_id, from_field)
        if change is not None:
            setattr(change, VISITOR, request.user)
        return change

    def title_of(self, row: RuleChange) -> str:
        """Who made the change, and when."""
        return f"{row.made_by_name}, {spoken(row.made_at, row.practice.time_zone)}"

    @display(description="made by", ordering="made_by_name")
    def by(self, row: RuleChange) -> str:
        """The person or the command that made the change."""
        return row.made_by_name

    @display(description="what changed")
    def what(self, row: RuleChange) -> SafeString:
        """Each line of the mapping that the change added, took away or altered."""
        return _lines(rule_text.lines_changed(row.practice, row.before, row.after))

    @display(description="effect")
    def effect(self, row: RuleChange) -> str:
        """How many enrolled visits the change moves."""
        return f"{row.moving:,} of {row.upcoming:,} enrolled visits {_verb(row) or 'move'}"

    @display(description="visits that move")
    def moves_in_words(self, row: RuleChange) -> SafeString:
        """From which campaign to which, as it was when the change was made."""
        names = rule_text.campaign_names(row.practice)
        said = rule_text.moved(row.moves, names, _verb(row))
        return _lines(said or ["No visit changes its campaign."])

    @display(description="share")
    def share(self, row: RuleChange) -> str:
        """The share of the enrolled visits that moves, beside the setting that it is
        compared with.
        """
        return (
            f"{row.moving:,} of {row.upcoming:,} enrolled visits ahead; more than "
            f"{row.practice.hold_share:.0%} need a second person"
        )

    @display(description="confirmed or written to")
    def written_to(self, row: RuleChange) -> str:
        """Whether visits that are confirmed or were written to move too."""
        return "move too" if row.include_messaged else "stay with their campaign"

    @display(description="status", ordering="status")
    def stands(self, row: RuleChange) -> SafeString:
        """The status as a badge with its word."""
        return badge(
            RULE_CHANGE_LOOKS.get(row.status, ""), RULE_CHANGES[RuleChangeStatus(row.status)]
        )

    @display(description="what happens next")
    def next_step(self, row: RuleChange) -> str:
        """What has to happen next; shown also to the author, who cannot approve."""
        if not is_held(row):
            return "Nothing to do."
        if is_own(row):
            return "A second person has to approve it. You can withdraw it."
        return "Approve it, and the visits move; reject it, and the rules before are put back."

    @display(description="decided")
    def decision(self, row: RuleChange) -> str:
        """Who approved or rejected the change, and when."""
        if row.decided_at is None:
            return "–"
        return f"{row.decided_by_name}, {spoken(row.decided_at, row.practice.time_zone)}"


def _verb(change: RuleChange) -> str:
    verbs = {RuleChangeStatus.HELD: "would move", RuleChangeStatus.REJECTED: "would have moved"}
    return verbs.get(RuleChangeStatus(change.status), "")


def _lines(sentences: Iterable[Any]) -> SafeString:
    items = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in sentences))
    return format_html('<ul class="leading-relaxed">{}</ul>', items)
