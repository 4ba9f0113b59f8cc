"""Columns that several lists share: moments in clinic time, states as badges, links to a visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from campaigns.clinictime import spoken
from campaigns.domain.coverage import State
from campaigns.domain.values import EffectStatus, ReplyOutcome

STATE_LOOKS = {
    State.PENDING.value: "info",
    State.ENROLLED.value: "success",
    State.EXCLUDED.value: "",
    State.BLOCKED.value: "warning",
    State.FAILED.value: "danger",
    State.CLOSED.value: "",
}
EFFECT_LOOKS = {
    EffectStatus.ACCEPTED.value: "success",
    EffectStatus.QUEUED.value: "info",
    EffectStatus.CLAIMED.value: "info",
    EffectStatus.UNKNOWN.value: "warning",
    EffectStatus.PARKED.value: "danger",
    EffectStatus.REJECTED.value: "danger",
}
REPLY_LOOKS = {
    ReplyOutcome.PENDING.value: "info",
    ReplyOutcome.APPLIED.value: "success",
    ReplyOutcome.FOR_STAFF.value: "warning",
    ReplyOutcome.CONFLICT.value: "warning",
    ReplyOutcome.STALE.value: "warning",
}


def moment(field: str, description: str) -> Callable[[Any, Any], str]:
    """A column of moments in the practice's own time, named with its zone."""

    @display(description=description, ordering=field)
    def column(admin: Any, row: Any) -> str:
        return spoken(getattr(row, field), row.practice.time_zone) or "–"

    return column


def visit_link(path: str = "appointment") -> Callable[[Any, Any], SafeString | str]:
    """A column that leads to the story of the visit that a row is about."""

    @display(description="visit")
    def column(admin: Any, row: Any) -> SafeString | str:
        visit = getattr(row, path)
        if visit is None:
            return "–"
        address = reverse("appointment", args=[visit.pk])
        return format_html('<a class="underline" href="{}">{}</a>', address, visit.external_id)

    return column


def badge(look: str, word: str) -> SafeString:
    """A word with a colour that says the same; `look` is one of Unfold's, or empty."""
    return mark_safe(
        render_to_string("unfold/helpers/label.html", {"type": look, "text": word}).strip()
    )
