"""Effects: everything Kept does at the vendors, each with its attempts, and trying again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from campaigns import doorbell
from campaigns.admin.columns import (
    EFFECT_LOOKS,
    about,
    badge,
    in_words,
    moment,
    vendor_column,
    visit_link,
)
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.admin.row_actions import Verb, VerbsAdmin
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.execution.execute import retry_effect
from campaigns.execution.redrive import in_bulk
from campaigns.labels import EFFECT_STATUSES, EFFECTS, OUTCOMES, VENDORS
from campaigns.models import Attempt, Effect

# An effect that was done or dropped is over; one that is on its way ends by itself.
AGAIN = frozenset(
    {EffectStatus.PARKED, EffectStatus.REJECTED, EffectStatus.QUEUED, EffectStatus.UNKNOWN}
)


def try_again(request: HttpRequest, effect: Effect) -> str:
    """Try an effect again because a person wishes it. A refused effect stays refused: the next look
    asks for a new one if it is still needed.
    """
    refused = effect.status == EffectStatus.REJECTED
    retry_effect(effect)
    doorbell.ring()
    if refused:
        return "Kept decides anew now, and tries again if it is still needed: see the visit's page."
    return "Kept tries again now. Load this page again in a moment to see what came of it."


class AttemptInline(TabularInline):
    """The attempts at an effect, the newest first."""

    model = Attempt
    fields = ("number", "began", "ended", "what_came", "detail", "status", "reference")
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = "Attempts"
    began = moment("began_at", "began")
    ended = moment("ended_at", "ended")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """The attempts with their practice, in whose zone the times are shown."""
        return super().get_queryset(request).select_related("practice")

    @display(description="outcome")
    def what_came(self, row: Attempt) -> str:
        """The outcome in words; an attempt without an end was cut off with its process."""
        words = {kind.value: word for kind, word in OUTCOMES.items()}
        return words.get(row.outcome, "not ended")

    @display(description="what came of it")
    def detail(self, row: Attempt) -> str:
        """The sentence about the outcome."""
        return row.sentence or "–"

    @display(description="HTTP status")
    def status(self, row: Attempt) -> str:
        """The HTTP status of the vendor's answer, if an answer came."""
        return str(row.http_status or "–")

    @display(description="vendor's reference")
    def reference(self, row: Attempt) -> str:
        """The request id, for which the vendor's support asks."""
        return row.request_id or "–"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the outbox adds attempts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes an attempt: what happened stays."""
        return False


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin, VerbsAdmin):
    """The body of an effect holds patient data and is not shown."""

    vendor_word = vendor_column()
    visit = visit_link()
    created = moment("created_at", "asked for")
    next_try = moment("next_attempt_at", "next try")
    finished = moment("finished_at", "finished")
    list_display = ("created", "what", "vendor_word", "stands", "visit", "attempts", "outcome")
    list_filter = (
        ("status", in_words(EFFECT_STATUSES)),
        ("kind", in_words(EFFECTS)),
        ("vendor", in_words(VENDORS)),
    )
    list_select_related = ("practice", "appointment")
    ordering = ("-created_at", "-pk")
    search_fields = ("key__exact", "appointment__external_id__exact")
    search_help_text = "An appointment number of athenahealth, or the key of an effect."
    fields = (
        "what",
        "vendor_word",
        "visit",
        "stands",
        "outcome",
        "code",
        "key",
        "attempts",
        "created",
        "next_try",
        "finished",
    )
    readonly_fields = (
        "what",
        "vendor_word",
        "visit",
        "stands",
        "outcome",
        "created",
        "next_try",
        "finished",
    )
    inlines = (AttemptInline,)
    actions = ("try_selected_again",)
    verbs = (Verb("again", "Try again", lambda row: row.status in AGAIN, try_again),)

    def title_of(self, row: Effect) -> str:
        """The kind of effect and its visit, in words."""
        return about(EFFECTS[EffectKind(row.kind)], row.appointment)

    @display(description="what came of it")
    def outcome(self, row: Effect) -> str:
        """The last sentence about the effect."""
        return row.sentence or "–"

    @display(description="what", ordering="kind")
    def what(self, row: Effect) -> str:
        """The kind of effect in words."""
        return EFFECTS[EffectKind(row.kind)]

    @display(description="status", ordering="status")
    def stands(self, row: Effect) -> SafeString:
        """The status as a badge with its word."""
        return badge(EFFECT_LOOKS.get(row.status, ""), EFFECT_STATUSES[EffectStatus(row.status)])

    @admin.action(description="Try again", permissions=["verb"])
    def try_selected_again(self, request: HttpRequest, queryset: QuerySet[Effect]) -> None:
        """Try those again that can be; the others are left as they are."""
        chosen = queryset.filter(status__in=sorted(AGAIN))
        effects = list(in_bulk(chosen))
        left_out = chosen.count() - len(effects)
        for effect in effects:
            retry_effect(effect)
        doorbell.ring()
        self.message_user(request, f"Kept tries {len(effects)} of them again.")
        if left_out:
            said = (
                f"{left_out} left out: somebody changed the chart meanwhile. Open each and press "
                "Try again where it is still right."
            )
            self.message_user(request, said, messages.WARNING)
