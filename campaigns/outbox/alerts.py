"""Mails to the administrators, by way of the outbox."""

from __future__ import annotations

from django.db import transaction

from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, System
from campaigns.models import PROMPT, Effect, Practice
from campaigns.outbox.queue import log_effect


def alert(practice: Practice, incident: str, subject: str, text: str) -> Effect:
    """Queue one mail for an incident; the same incident is never mailed twice.

    The text is read by people in charge: plain English, what is wrong and what to do, no
    patient data.
    """
    now = database_now()
    with transaction.atomic():
        effect, created = Effect.objects.get_or_create(
            practice=practice,
            key=f"kept-{practice.external_id}-alert-{incident}",
            defaults={
                "kind": EffectKind.ALERT,
                "vendor": practice.vendor_of(System.MAIL),
                "body": {"to": practice.alert_addresses(), "subject": subject, "text": text},
                "priority": PROMPT,
                "created_at": now,
                "next_attempt_at": now,
            },
        )
        if created:
            log_effect("effect.queued", effect)
        return effect
