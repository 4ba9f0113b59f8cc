"""The form of a practice's settings: choices from its reference data, and help in plain words."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.labels import LANGUAGES, language
from campaigns.local_time import zone_choices
from campaigns.models import Campaign, ChartCancelReason, Practice, Provider
from campaigns.practices import setting_kinds
from campaigns.practices.setting_kinds import BadValue

HELP = {
    "active": "While switched off, Kept neither reads nor sends anything for this practice.",
    "poll_minutes": "How often athenahealth is asked for changed visits and patients.",
    "athena_requests_per_day": "0: as many as athenahealth allows.",
    "retry_minutes": "The longest pause between two tries.",
    "retry_base_seconds": "The first pause; each further one is twice as long.",
    "folder_days": "Files that went out or came in are removed after so many days.",
    "alert_after_hours": "After this long without success the people below are mailed.",
    "alert_emails": "Separated by commas.",
    "unconfirmed_hours": "Visits of so many hours ahead are on the work list until confirmed.",
    "too_late_hours": "Visits that start sooner get no first reminder.",
    "risk_window_days": "Missed visits so many days back count.",
    "risk_threshold": "So many missed visits make the risk enhanced.",
    "age_of_majority": "Younger patients are reached through their guardian.",
    "landline_calls_ok": "Reminder calls may go to a landline when there is no mobile number.",
    "no_address_words": "What your desk types as an e-mail address for want of one, separated by "
    "commas. The usual ones, such as none or declined, are known already.",
    "telehealth_link_required": "A video visit without a join link is shown as blocked on its day.",
    "several_providers": "With several providers: name the first, or use the general campaign.",
    "on_cancel": "When a patient cancels by reply: auto cancels in the chart, ask makes a work "
    "item. Each kind of visit may say otherwise.",
    "desk_task": "How the desk is asked in athenahealth for missing contact data.",
    "waitlist_phone": "Gets a text when a patient's cancellation opens a slot. Empty: nobody.",
    "waitlist_notice_hours": "No such text when the visit starts sooner.",
    "hold_share": "A rule change that moves more than this share of the enrolled visits waits "
    "for approval: 0.5 is half.",
    "effect_lease_seconds": "How long one call to a vendor may take before another worker "
    "takes over.",
}
LABELS = {
    "poll_minutes": "Minutes between two polls",
    "retry_minutes": "Longest pause between tries, in minutes",
    "retry_base_seconds": "First pause between tries, in seconds",
    "folder_days": "Days that exchanged files are kept",
    "alert_after_hours": "Hours until an alert",
    "alert_emails": "Alerts go to",
    "unconfirmed_hours": "Hours ahead on the work list",
    "too_late_hours": "Too late within, in hours",
    "risk_window_days": "Days back for missed visits",
    "risk_threshold": "Missed visits for enhanced risk",
    "landline_calls_ok": "Landlines may be called",
    "no_address_words": "Words typed for no address",
    "telehealth_link_required": "Join link required",
    "several_providers": "With several providers",
    "hold_share": "Share that needs approval",
    "on_cancel": "When a patient cancels",
    "desk_task": "Task for the desk",
    "waitlist_phone": "Phone of the waitlist desk",
    "waitlist_notice_hours": "Hours ahead for the waitlist",
    "send_window_sms_start": "Texts from",
    "send_window_sms_end": "until",
    "send_window_email_start": "Emails from",
    "send_window_email_end": "until",
    "send_window_voice_start": "Calls from",
    "send_window_voice_end": "until",
    "effect_lease_seconds": "Seconds for one call to a vendor",
    "athena_requests_per_second": "athenahealth calls a second",
    "athena_requests_per_day": "athenahealth calls a day",
    "relatient_requests_per_second": "Relatient calls a second",
}
_WINDOWS = ("send_window_email", "send_window_sms", "send_window_voice")
_CHECKED = {
    "waitlist_phone": setting_kinds.PHONE,
    "alert_emails": setting_kinds.ADDRESSES,
    "no_address_words": setting_kinds.NO_ADDRESS_WORDS,
}


class PracticeForm(forms.ModelForm):
    """What names a row of the reference data is chosen from it."""

    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        help_text="Used where the patient's language is unknown or has no rule.",
    )
    general_campaign = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        required=False,
        help_text="For visits with several providers, or with none.",
    )
    general_provider = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        required=False,
        help_text="Named in the reminder when the visit names nobody.",
    )
    cancel_reason_id = forms.ChoiceField(
        label="Cancel reason",
        widget=UnfoldAdminSelectWidget,
        required=False,
        help_text="What a cancellation by reply is recorded as in the chart.",
    )

    class Meta:
        model = Practice
        # The fieldsets of the console name the rest.
        fields = ("name", "active")
        labels = LABELS
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer this practice's own reference data; a new practice has none yet."""
        super().__init__(*args, **kwargs)
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
        for name, kind in _CHECKED.items():
            if name in data:
                try:
                    data.update(kind.read(self.instance, name, data[name]))
                except BadValue as refusal:
                    self.add_error(name, str(refusal).capitalize() + ".")
        for window in _WINDOWS:
            start, end = data.get(f"{window}_start"), data.get(f"{window}_end")
            if start and end and start >= end:
                self.add_error(f"{window}_end", "The window must end after it starts.")
        return data
