"""The heart of Kept: which appointment gets which campaign, and what became of it."""

from django.apps import AppConfig
from django.db.models.signals import m2m_changed


class CampaignsConfig(AppConfig):
    """Appointments, rules, decisions, the outbox, and the pages that show them."""

    name = "campaigns"
    verbose_name = "Reminders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal: whoever is given a role gets the console with it, and loses it with
        the role.
        """
        from django.contrib.auth import get_user_model

        from campaigns.practices.roles import console_follows_roles

        groups = get_user_model()._meta.get_field("groups")
        m2m_changed.connect(console_follows_roles, sender=groups.remote_field.through)
