"""Reference data that the vendors keep: to be read, and chosen from."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from campaigns.admin.columns import worded
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.domain.values import Channel
from campaigns.labels import CHANNELS, MODALITIES, language
from campaigns.models import Campaign, ChartCancelReason, ConfirmationStatus, Provider

NUMBER = worded("external_id", {}, "athenahealth number")


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    """Providers, as athenahealth lists them."""

    number = NUMBER
    list_display = ("name", "number", "is_person")
    fields = list_display
    readonly_fields = ("number",)
    list_filter = ("is_person",)
    search_fields = ("name", "external_id")


@admin.register(ChartCancelReason)
class CancelReasonAdmin(ReadOnlyAdmin):
    """Why a visit can be cancelled in the chart."""

    number = NUMBER
    list_display = (
        "name",
        "number",
        "frees_slot",
        "no_show",
        "patient_rescheduled",
        "provider_unavailable",
    )
    list_filter = ("frees_slot", "no_show")
    fields = list_display
    readonly_fields = ("number",)


@admin.register(ConfirmationStatus)
class ConfirmationStatusAdmin(ReadOnlyAdmin):
    """What the chart can say about a promise to come."""

    number = NUMBER
    list_display = ("name", "number", "meaning")
    fields = list_display
    readonly_fields = ("number",)


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Relatient's campaign library."""

    number = worded("external_id", {}, "Relatient's id")
    place = worded("modality", MODALITIES, "modality")
    list_display = ("name", "spoken_language", "place", "intensity", "steps", "active")
    list_filter = ("active", "language", "modality", "intensity")
    search_fields = ("name", "external_id")
    fields = ("name", "number", "spoken_language", "place", "intensity", "steps", "active")
    readonly_fields = ("number", "spoken_language", "place", "steps")

    @display(description="language", ordering="language")
    def spoken_language(self, row: Campaign) -> str:
        """The language in words."""
        return language(row.language)

    @display(description="channels, in order")
    def steps(self, row: Campaign) -> str:
        """The channels of the campaign's steps."""
        return ", ".join(CHANNELS.get(Channel(one), one) for one in row.channels) or "–"
