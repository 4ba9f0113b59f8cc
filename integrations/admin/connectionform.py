"""The form of a connection. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminURLInputWidget

from integrations.models import Connection
from integrations.models.connection import connectable
from integrations.vendors import face_of

SECRETS = ("secret", "webhook_secret")
LABELS = {"secret": "Client secret or API key", "webhook_secret": "Webhook secret"}


class ConnectionForm(forms.ModelForm):
    """A secret left empty stays what it is."""

    base_url = forms.URLField(
        label="Address",
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text="athenahealth: scheme and host. Relatient: with its path prefix. Without /v1.",
    )

    class Meta:
        model = Connection
        fields = ("practice", "vendor", "base_url", "client_id", *SECRETS)
        labels = {**LABELS, "client_id": "Client id"}
        help_texts = {"client_id": "Only athenahealth has one."}
        # The saved value is never rendered, not even as dots.
        widgets = {name: UnfoldAdminPasswordWidget() for name in SECRETS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say whether a secret is there, without showing it."""
        super().__init__(*args, **kwargs)
        if self.instance.pk and not face_of(self.instance.vendor).typed:
            # Nothing of it is typed here.
            self.fields.clear()
        vendor = self.fields.get("vendor")
        if isinstance(vendor, forms.ChoiceField):
            named = [pair for pair in connectable() if face_of(pair[0]).typed]
            vendor.choices = [("", "---------"), *named]
        for name in SECRETS:
            if name in self.fields:
                saved = bool(self.instance.pk and getattr(self.instance, name))
                self.fields[name].required = False
                self.fields[name].widget.attrs["autocomplete"] = "new-password"
                self.fields[name].help_text = (
                    "One is saved. Type a new one to replace it; leave this empty to keep it."
                    if saved
                    else "None is saved yet."
                )

    def clean(self) -> dict[str, Any]:
        """Leave out what was not typed, so that it stays as it is."""
        data = super().clean() or self.cleaned_data
        for name in SECRETS:
            if name in data and not data[name]:
                data[name] = getattr(self.instance, name)
        return data
