"""Writes the log of calls to the vendors."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from campaigns.ports import EFFECT_IN_HAND
from integrations.models import HttpExchange

ANSWERED, NOT_SENT, NO_ANSWER = "answered", "not_sent", "no_answer"

logger = logging.getLogger(__name__)


def log_call(
    *,
    practice_id: int,
    vendor: str,
    method: str,
    template: str,
    outcome: str,
    status: int | None,
    request_id: str,
    seconds: float,
) -> None:
    """Log one call. A log that cannot be written never changes what the call has brought."""
    try:
        HttpExchange.objects.create(
            practice_id=practice_id,
            vendor=vendor,
            method=method,
            path_template=template[:160],
            status=status,
            duration_ms=round(seconds * 1000),
            request_id=request_id[:100],
            outcome=outcome,
            effect_id=EFFECT_IN_HAND.get(),
        )
    except DatabaseError:
        logger.exception("exchange_not_logged")
