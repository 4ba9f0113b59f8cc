"""What people at the practice do for Kept: the mapping, and a stopped connection."""

from __future__ import annotations

from audit.context import acting_as
from campaigns.models import Campaign, CampaignRule, Practice
from integrations.models import Connection
from integrations.operations import probe
from tests.scenarios.clinic import RULES


def map_campaigns() -> None:
    """The mapping that the oracle knows too."""
    practice = Practice.objects.get()
    for type_id, modality, risk, language, campaign in RULES:
        CampaignRule.objects.create(
            practice=practice,
            appointment_type_id=type_id,
            modality=modality,
            risk=risk,
            language=language,
            campaign=Campaign.objects.get(practice=practice, external_id=campaign),
        )


def resume_connections() -> int:
    """The console's button, pressed by somebody who has checked the credentials."""
    paused = list(Connection.objects.filter(paused_at__isnull=False))
    with acting_as(process="chaos run"):
        for connection in paused:
            probe.resume(connection)
    return len(paused)
