"""One pull of response events from Relatient."""

from __future__ import annotations

from typing import Any

from campaigns.models import Practice
from integrations.management.vendor_command import VendorCommand
from integrations.operations import run


class Command(VendorCommand):
    help = "Pull what patients answered, and other events of their reminders, and take them in."
    nothing = dict.fromkeys(run.COLLECT_KEYS, 0)

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """All waiting events."""
        return run.collect(practice)
