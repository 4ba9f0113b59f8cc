"""What staff decide per appointment type, as CSV."""

from campaigns.management.csv_files import ExportCommand
from campaigns.mapping.csv_types import write_types
from campaigns.models import Practice


class Command(ExportCommand):
    help = "Writes what staff decided per appointment type as CSV, as import_types reads it."

    def text(self, practice: Practice) -> str:
        return write_types(practice)
