"""Reference data that the vendors keep: to be read, and chosen from."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from campaigns.admin.scope import ReadOnlyAdmin
from campaigns.domain.values import Channel
from campaigns.models import Campaign, ChartCancelReason, ConfirmationStatus, Provider
from campaigns.wording import CHANNELS, language


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    """Providers, as athenahealth lists them."""

    list_display = ("name", "external_id", "is_person")
    list_filter = ("is_person",)
    search_fields = ("name", "external_id")


@admin.register(ChartCancelReason)
class CancelReasonAdmin(ReadOnlyAdmin):
    """Why a visit can be cancelled in the chart."""

    list_display = (
        "name",
        "external_id",
        "frees_slot",
        "no_show",
        "patient_rescheduled",
        "provider_unavailable",
    )
    list_filter = ("frees_slot", "no_show")


@admin.register(ConfirmationStatus)
class ConfirmationStatusAdmin(ReadOnlyAdmin):
    """What the chart can say about a promise to come."""

    list_display = ("name", "external_id", "meaning")


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Relatient's campaign library."""

    list_display = ("name", "spoken_language", "modality", "intensity", "steps", "active")
    list_filter = ("active", "language", "modality", "intensity")
    search_fields = ("name", "external_id")
    fields = ("name", "external_id", "spoken_language", "modality", "intensity", "steps", "active")
    readonly_fields = ("spoken_language", "steps")

    @display(description="language", ordering="language")
    def spoken_language(self, row: Campaign) -> str:
        """The language in words."""
        return language(row.language)

    @display(description="channels, in order")
    def steps(self, row: Campaign) -> str:
        """How it reaches people."""
        return ", ".join(CHANNELS.get(Channel(one), one) for one in row.channels) or "–"
