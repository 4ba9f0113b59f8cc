"""Campaign rules as CSV."""

from campaigns.management.csv_files import ExportCommand
from campaigns.mapping.csv_rules import write_rules
from campaigns.models import Practice


class Command(ExportCommand):
    help = "Writes a practice's campaign rules as CSV, as import_rules reads them."

    def text(self, practice: Practice) -> str:
        return write_rules(practice)
