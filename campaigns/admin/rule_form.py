"""The form of a campaign rule: everything is chosen from what the practice has, nothing typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.labels import language
from campaigns.mapping.rule_changes import WAITS, held_change
from campaigns.models import AppointmentType, Campaign, CampaignRule, Practice

Choices = list[tuple[str, Any]]
TWICE = (
    "An active rule for exactly this kind of visit, modality, risk and language exists already. "
    "Change that one, or switch it off first."
)


class CampaignChoice(forms.ModelChoiceField):
    """Campaigns by name, with what tells two of one name apart."""

    def label_from_instance(self, obj: Any) -> str:
        """Name, language and whether Relatient has switched it off."""
        off = "" if obj.active else ", switched off at Relatient"
        return f"{obj.name} ({language(obj.language)}, {obj.external_id}{off})"


class RuleForm(forms.ModelForm):
    """`practices` are those of the visitor; the admin sets them.

    `chosen` is what was chosen before the visitor came back from the page with the effect.
    """

    practices: Sequence[Practice] = ()
    chosen: Mapping[str, str] = {}
    appointment_type_id = forms.ChoiceField(label="Kind of visit", widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        help_text="Of the patient. Without a rule in theirs, the practice's language is used.",
    )
    campaign = CampaignChoice(
        queryset=Campaign.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="no reminders, on purpose",
    )

    class Meta:
        model = CampaignRule
        fields = (
            "practice",
            "appointment_type_id",
            "modality",
            "risk",
            "language",
            "campaign",
            "active",
        )
        # The database's constraint has no code of its own, hence None.
        error_messages = {NON_FIELD_ERRORS: {None: TWICE}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what the practices have, and what the rule has chosen already."""
        super().__init__(*args, **kwargs)
        if "practice" not in self.fields:
            # A page to read only.
            return
        before = {name: self.chosen[name] for name in self.fields if name in self.chosen}
        if before:
            # A box that is not ticked is not sent.
            self.initial.update({"active": False, "campaign": None, **before})
        if len(self.practices) == 1:
            self.fields["practice"].initial = self.practices[0]
            self.fields["practice"].widget = forms.HiddenInput()
        self._offer("appointment_type_id", [(EVERY_TYPE, "every kind of visit"), *self._types()])
        self._offer("language", [(ANY, "any language"), *self._languages()])
        campaigns = Campaign.objects.filter(practice__in=self.practices).order_by("name")
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]

    def _offer(self, name: str, choices: Choices) -> None:
        present = getattr(self.instance, name)
        if present and present not in {value for value, _ in _flat(choices)}:
            choices.append((present, f"{present} (not in the practice's list any more)"))
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _types(self) -> Choices:
        by_practice: dict[str, Choices] = {}
        rows = AppointmentType.objects.filter(practice__in=self.practices)
        for row in rows.select_related("practice").order_by("practice__name", "name"):
            offered = by_practice.setdefault(row.practice.name, [])
            offered.append((row.external_id, f"{row.name} ({row.external_id})"))
        if len(by_practice) == 1:
            return next(iter(by_practice.values()))
        return list(by_practice.items())

    def _languages(self) -> Choices:
        spoken = set(
            Campaign.objects.filter(practice__in=self.practices).values_list("language", flat=True)
        )
        spoken |= {practice.language for practice in self.practices}
        return [(tag, language(tag)) for tag in sorted(spoken)]

    def clean(self) -> dict[str, Any]:
        """Refuse what does not belong to the chosen practice, and a second active rule of the same
        key.
        """
        data = super().clean() or self.cleaned_data
        practice, type_id = data.get("practice"), data.get("appointment_type_id")
        if practice is None or type_id is None:
            return data
        if held_change(practice) is not None:
            self.add_error(None, WAITS)
        known = AppointmentType.objects.filter(practice=practice, external_id=type_id)
        kept = type_id in (EVERY_TYPE, self.instance.appointment_type_id)
        if not kept and not known.exists():
            self.add_error("appointment_type_id", f"{practice.name} has no such kind of visit.")
        campaign = data.get("campaign")
        if campaign is not None and campaign.practice_id != practice.pk:
            self.add_error("campaign", f"{practice.name} has no such campaign.")
        return data


def _flat(choices: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for value, label in choices:
        if isinstance(label, list):
            yield from label
        else:
            yield value, label
