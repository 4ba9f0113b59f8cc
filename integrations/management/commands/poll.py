"""One pull from athenahealth's change feeds."""

from __future__ import annotations

from typing import Any

from campaigns.models import Practice
from integrations.management.vendor_command import VendorCommand
from integrations.operations import run


class Command(VendorCommand):
    help = "Pull what changed in athenahealth (appointments, patients) and take it in."
    nothing = dict.fromkeys(run.POLL_KEYS, 0)

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Both feeds, one after the other."""
        return run.poll(practice)
