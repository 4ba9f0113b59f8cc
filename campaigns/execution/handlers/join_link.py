"""The link to a video visit, which athenahealth gives out on the day of the visit only."""

from __future__ import annotations

from datetime import datetime

from audit.recorder import record as audit
from campaigns.execution.handlers.call import Call, Done
from campaigns.models import Effect


def join_link(effect: Effect, call: Call) -> Done:
    """Ask for today's link; that there is none is an answer too."""
    link = call.ehr(effect.practice).read_join_link(effect.body["appointment"])
    sentence = "The link is there." if link else "athenahealth has no link for this visit today."
    return Done(sentence, lambda row, now: _keep(row, link, now))


def _keep(effect: Effect, link: str, now: datetime) -> None:
    """Whoever has the link can join: it is kept encrypted, and the audit says only that it is."""
    row = effect.appointment
    assert row is not None
    row.join_url, row.join_read_at = link, now
    row.save(update_fields=["join_url", "join_read_at"])
    audit(
        "appointment.join_link_read",
        practice=row.practice.external_id,
        subject=("appointment", row.pk),
        appointment=row.external_id,
        patient=row.patient.external_id,
        detail={"found": bool(link)},
    )
