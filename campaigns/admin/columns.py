"""Columns that several lists share: moments in clinic time, states as badges, links to a visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin import ChoicesFieldListFilter
from django.db.models import OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from campaigns.domain.coverage import State
from campaigns.domain.values import EffectStatus, ReplyOutcome, RuleChangeStatus
from campaigns.labels import VENDORS
from campaigns.local_time import spoken
from campaigns.models import Campaign

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

RULE_CHANGE_LOOKS = {
    RuleChangeStatus.APPLIED.value: "success",
    RuleChangeStatus.HELD.value: "warning",
    RuleChangeStatus.APPROVED.value: "success",
}


def moment(field: str, description: str) -> Callable[[Any, Any], str]:
    """A column of moments in the practice's own time, named with its zone."""

    @display(description=description, ordering=field)
    def column(admin: Any, row: Any) -> str:
        return spoken(getattr(row, field), row.practice.time_zone) or "–"

    return column


def universal(field: str, description: str) -> Callable[[Any, Any], str]:
    """The same in UTC, for rows that belong to no practice and so to no clinic's clock."""

    @display(description=description, ordering=field)
    def column(admin: Any, row: Any) -> str:
        return spoken(getattr(row, field), "UTC") or "–"

    return column


def worded(field: str, words: Mapping[Any, str], description: str) -> Callable[[Any, Any], str]:
    """A column of codes in words."""
    known = {str(code): word for code, word in words.items()}

    @display(description=description, ordering=field)
    def column(admin: Any, row: Any) -> str:
        said = str(getattr(row, field))
        return known.get(said, said) or "–"

    return column


def vendor_column() -> Callable[[Any, Any], str]:
    """athenahealth or Relatient, as they write themselves."""
    return worded("vendor", VENDORS, "vendor")


@display(description="campaign", ordering="campaign")
def campaign_column(admin: Any, row: Any) -> str:
    """A campaign by its name, for rows that came from `with_campaign`."""
    return row.campaign_name or row.campaign or "–"


def with_campaign(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows that hold Relatient's id of a campaign, with its name."""
    named = Campaign.objects.filter(practice=OuterRef("practice"), external_id=OuterRef("campaign"))
    return rows.annotate(campaign_name=Subquery(named.values("name")[:1]))


def in_words(words: Mapping[Any, str]) -> type[ChoicesFieldListFilter]:
    """A filter that offers the words of the column beside it."""
    known = {str(code): word for code, word in words.items()}

    class WordedFilter(ChoicesFieldListFilter):
        def choices(self, changelist: Any) -> Any:
            first, *others = super().choices(changelist)
            yield first
            for (code, label), offered in zip(self.field.flatchoices, others, strict=False):
                word = known.get(str(code), str(label))
                # Replaced, not set: it may end in a count.
                yield {**offered, "display": str(offered["display"]).replace(str(label), word, 1)}

    return WordedFilter


def visit_link(path: str = "appointment") -> Callable[[Any, Any], SafeString | str]:
    """A column that leads to the page of the visit that a row is about."""

    @display(description="visit")
    def column(admin: Any, row: Any) -> SafeString | str:
        visit = getattr(row, path)
        if visit is None:
            return "–"
        address = reverse("appointment", args=[visit.pk])
        return format_html('<a class="underline" href="{}">{}</a>', address, visit.external_id)

    return column


def about(word: str, visit: Any) -> str:
    """What a row is called: what it is, and the visit by athenahealth's number."""
    return f"{word}, visit {visit.external_id}" if visit is not None else word


def badge(look: str, word: str) -> SafeString:
    """A word with a colour that says the same; `look` is one of Unfold's, or empty."""
    return mark_safe(
        render_to_string("unfold/helpers/label.html", {"type": look, "text": word}).strip()
    )
