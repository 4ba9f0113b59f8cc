"""The form of a practice's settings: choices from its reference data, and help in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.labels import LANGUAGES, language
from campaigns.local_time import zone_choices
from campaigns.models import Campaign, ChartCancelReason, Practice, Provider
from campaigns.practices import setting_kinds
from campaigns.practices.setting_kinds import BadValue
from campaigns.practices.settings import SETTINGS

_CHECKED = (setting_kinds.PHONE, setting_kinds.ADDRESSES, setting_kinds.NO_ADDRESS_WORDS)


def _labels() -> Iterator[tuple[str, str]]:
    for name, setting in SETTINGS.items():
        first, *last = setting.columns(name)
        yield first, setting.label
        yield from ((column, "until") for column in last)


class PracticeForm(forms.ModelForm):
    """What names a row of the reference data is chosen from it."""

    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    general_campaign = forms.ChoiceField(widget=UnfoldAdminSelectWidget, required=False)
    general_provider = forms.ChoiceField(widget=UnfoldAdminSelectWidget, required=False)
    cancel_reason_id = forms.ChoiceField(widget=UnfoldAdminSelectWidget, required=False)

    class Meta:
        model = Practice
        # The fieldsets of the console name the rest.
        fields = ("name", "active")
        labels = dict(_labels())
        help_texts = {
            "active": "While switched off, Kept neither reads nor sends anything for this practice."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer this practice's own reference data; a new practice has none yet."""
        super().__init__(*args, **kwargs)
        for name, setting in SETTINGS.items():
            if name in self.fields:
                self.fields[name].label, self.fields[name].help_text = setting.label, setting.help
        self._offer("general_campaign", self._named(Campaign), "none")
        self._offer("general_provider", self._named(Provider), "none")
        self._offer("cancel_reason_id", self._named(ChartCancelReason), "chosen by its flags")
        tags = sorted({*LANGUAGES, self.instance.language})
        self._offer("language", [(tag, language(tag)) for tag in tags])
        self._offer("time_zone", zone_choices())

    def _named(
        self, model: type[Campaign] | type[Provider] | type[ChartCancelReason]
    ) -> list[tuple[str, str]]:
        if self.instance.pk is None:
            return []
        rows = model._default_manager.filter(practice=self.instance)
        return [(row.external_id, f"{row.name} ({row.external_id})") for row in rows]

    def _offer(self, name: str, choices: list[tuple[str, str]], empty: str = "") -> None:
        if name not in self.fields:
            # A page to read only.
            return
        present = getattr(self.instance, name)
        if present and present not in dict(choices):
            choices = [*choices, (present, f"{present} (not in the list any more)")]
        nothing = [("", empty)] if empty else []
        self.fields[name].choices = [*nothing, *choices]  # type: ignore[attr-defined]
        self.fields[name].initial = present

    def clean(self) -> dict[str, Any]:
        """Check the values as the command line does, so that both accept the same."""
        data = super().clean() or self.cleaned_data
        for name, setting in SETTINGS.items():
            if setting.kind in _CHECKED and name in data:
                try:
                    data.update(setting.kind.read(self.instance, name, data[name]))
                except BadValue as refusal:
                    self.add_error(name, str(refusal).capitalize() + ".")
            if setting.kind is setting_kinds.WINDOW:
                start, end = (data.get(column) for column in setting.columns(name))
                if start and end and start >= end:
                    self.add_error(f"{name}_end", "The window must end after it starts.")
        return data
