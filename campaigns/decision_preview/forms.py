"""The form that describes a visit which nobody has booked."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

from campaigns.clock import database_now
from campaigns.decision_preview.run import ADOLESCENT, ADULT, CHILD, CHILD_ALONE, DescribedVisit
from campaigns.domain.values import Channel, Modality
from campaigns.labels import CHANNELS, LANGUAGES, MODALITIES, tongue
from campaigns.local_time import clock
from campaigns.models import AppointmentType, Campaign, Department, Practice, Provider

FARTHEST_DAYS, MOST_NO_SHOWS = 365, 20
_CONSENTS: dict[str, bool | None] = {"yes": True, "no": False, "unasked": None}
VISIT = ("type", "modality", "days", "hour", "department", "provider", "confirmed")
PATIENT = ("patient", "mobile", "email", "consent", "language", "no_shows", "opted_out")

Choices = list[tuple[str, str]]


def _number(most: int, initial: int, label: str = "") -> forms.IntegerField:
    """A number from nothing to `most`, with one sentence for whatever else is typed."""
    sentence = f"Please give a number from 0 to {most}."
    errors = dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, initial=initial, error_messages=errors
    )


class CaseForm(forms.Form):
    """All of one visit and its patient; the choices are the practice's own."""

    type = forms.ChoiceField(label="Kind of visit")
    modality = forms.ChoiceField(
        label="Takes place",
        required=False,
        choices=[("", "as the kind of visit says")]
        + [(modality.value, words) for modality, words in MODALITIES.items()],
    )
    days = _number(FARTHEST_DAYS, 7, "Days from today")
    hour = forms.TypedChoiceField(label="Start", coerce=int, initial=10)
    department = forms.ChoiceField(label="Department")
    provider = forms.ChoiceField(label="Provider", required=False)
    confirmed = forms.BooleanField(label="Confirmed in the chart", required=False)
    patient = forms.ChoiceField(
        label="Patient",
        choices=[
            (ADULT, "an adult"),
            (CHILD, "a child of 9 with a guardian"),
            (ADOLESCENT, "an adolescent of 15 with a guardian"),
            (CHILD_ALONE, "a child of 9 without a guardian on file"),
        ],
    )
    mobile = forms.BooleanField(
        label="There is a mobile number (the guardian's, for a child)", required=False, initial=True
    )
    email = forms.BooleanField(label="There is an email address", required=False, initial=True)
    consent = forms.ChoiceField(
        label="Consent to texts",
        choices=[("yes", "given"), ("no", "refused"), ("unasked", "never asked")],
    )
    language = forms.ChoiceField(label="Language", required=False)
    no_shows = _number(MOST_NO_SHOWS, 0)
    opted_out = forms.MultipleChoiceField(
        label="Opted out of",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(channel.value, words + "s") for channel, words in CHANNELS.items()],
    )

    def __init__(self, practice: Practice, data: object = None) -> None:
        super().__init__(data or None, label_suffix="")  # type: ignore[arg-type]
        noon = database_now().replace(minute=0)
        self._choose("type", _of(AppointmentType.objects.filter(practice=practice)))
        self._choose("department", _of(Department.objects.filter(practice=practice)))
        providers = _of(Provider.objects.filter(practice=practice))
        self._choose("provider", [*providers, ("", "none named")])
        self.fields["provider"].initial = providers[0][0] if providers else ""
        self._choose("hour", [(str(hour), clock(noon.replace(hour=hour))) for hour in range(24)])
        self._choose("language", [("", "not recorded"), *_languages(practice)])
        days = practice.risk_window_days
        self.fields["no_shows"].label = f"Visits missed in the {days} days before"

    def _choose(self, field: str, choices: Choices) -> None:
        chosen = self.fields[field]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = choices

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by what they describe, in the order of the page."""
        return [
            ("The visit", [self[name] for name in VISIT]),
            ("The patient", [self[name] for name in PATIENT]),
        ]

    @property
    def case(self) -> DescribedVisit:
        """What was described, once the form is valid."""
        said = self.cleaned_data
        return DescribedVisit(
            type_id=said["type"],
            department_id=said["department"],
            days=said["days"],
            hour=said["hour"],
            provider_id=said["provider"],
            modality=Modality(said["modality"]) if said["modality"] else None,
            patient=said["patient"],
            mobile=said["mobile"],
            email=said["email"],
            consent_to_text=_CONSENTS[said["consent"]],
            language=said["language"],
            no_shows=said["no_shows"],
            opted_out=tuple(Channel(one) for one in said["opted_out"]),
            confirmed=said["confirmed"],
        )


def _of(rows: Iterable[AppointmentType] | Iterable[Department] | Iterable[Provider]) -> Choices:
    return [(row.external_id, row.name) for row in rows]


def _languages(practice: Practice) -> Choices:
    """Those that Kept has words for, and whatever else the campaigns speak."""
    spoken = Campaign.objects.filter(practice=practice).values_list("language", flat=True)
    tags = {*LANGUAGES, *spoken, practice.language}
    return sorted(((tag, tongue(tag)) for tag in tags), key=lambda choice: choice[1])
