"""The console's header and titles: the words of its menu, and rows by what people call them."""

from typing import Any

from django import template
from django.contrib import admin
from django.urls import reverse

from project.console.sidebar import MENU

register = template.Library()

_LABELS = {model: label for _, links in MENU for label, model, _ in links}


@register.filter
def menu_label(opts: Any) -> str:
    """A list by the word that its link in the menu has."""
    known = _LABELS.get(opts.label_lower)
    return known or str(opts.verbose_name_plural)


@register.filter
def called(row: Any) -> str:
    """A row by the name that its page gives it."""
    page = admin.site.get_model_admin(type(row)) if admin.site.is_registered(type(row)) else None
    title_of = getattr(page, "title_of", str)
    return str(title_of(row))


@register.filter
def trail(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where one is, without the name of the app that keeps the table."""
    if len(parts) < 2:
        return parts
    return [{**part, "title": _title(part)} for part in parts[1:]]


def _title(part: dict[str, Any]) -> str:
    if hasattr(part["title"], "_meta"):
        return called(part["title"])
    return _label_by_address().get(str(part.get("link")), str(part["title"]))


def _label_by_address() -> dict[str, str]:
    return {
        reverse(f"admin:{model.replace('.', '_')}_changelist"): label
        for model, label in _LABELS.items()
    }
