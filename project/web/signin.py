"""Signing in and out leaves a trace. What was typed in vain does not: it may be a password."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver

from audit.context import acting_as
from audit.recorder import record
from campaigns.access import audited_practices_of


@receiver(user_logged_in)
def record_sign_in(sender: Any, user: Any, **kwargs: Any) -> None:
    _record("session.sign_in", user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, user: Any, **kwargs: Any) -> None:
    # Signing out twice sends nobody.
    if user is not None:
        _record("session.sign_out", user)


def _record(action: str, user: Any) -> None:
    # In the trail of every practice the person works for: its admins read no other.
    practices = sorted(audited_practices_of(user)) or [""]
    with transaction.atomic(), acting_as(user=user):
        for practice in practices:
            record(action, practice=practice, subject=("user", user.pk))
