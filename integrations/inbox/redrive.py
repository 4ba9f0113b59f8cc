"""Parked messages taken in once more, when what they could not be read for has been mended."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.models import Practice
from integrations.models import InboundMessage, InboundStatus

# The word of `redrive --kind`, beside the kinds of effects.
MESSAGES = "messages"


def parked(practice: Practice) -> QuerySet[InboundMessage]:
    """The messages that wait for a person and still have their content."""
    return InboundMessage.objects.filter(
        practice=practice, status=InboundStatus.PARKED, payload__isnull=False
    )


def redrive_messages(practice: Practice, *, dry_run: bool = False) -> int:
    """Store parked messages to be taken in again, in the name of whoever acts; how many.

    One that still makes no sense is parked again. With `dry_run` they are only counted.
    """
    if dry_run:
        return parked(practice).count()
    with transaction.atomic():
        again = parked(practice).update(
            status=InboundStatus.STORED, attempts=0, lease_token="", lease_until=None
        )
        if again:
            audit_row("messages.redriven", practice, count=again)
    if again:
        doorbell.ring()
    return again
