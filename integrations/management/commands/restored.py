"""To be run once after a backup was restored, before the other processes are started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from campaigns.models import Practice
from integrations.management.commands.reconcile import Command as Reconcile
from integrations.management.vendor_command import VendorCommand
from integrations.operations.restore import restored


class Command(Reconcile):
    help = "After a restore: read again what was read since the backup, compare, and repair."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add no dates: everything is compared as far ahead as anything is booked."""
        VendorCommand.add_arguments(self, parser)

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Refuse nothing: there is nothing to name."""

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """To the end; run again, it begins anew."""
        return restored(practice, self.progress)
