"""The folder of a demonstration with ENGAGEMENT_VENDOR=folder: made anew, counted, explained."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from campaigns.domain.values import Vendor


def chosen() -> Path | None:
    """Where files are exchanged, if the demonstration is to do so."""
    if settings.KEPT_SEED["ENGAGEMENT_VENDOR"] != Vendor.FOLDER:
        return None
    return Path(settings.KEPT_SEED["ENGAGEMENT_FOLDER"] or _own()).absolute()


def _own() -> Path:
    return Path(settings.VAR_DIR) / "demo-folder"


def begin_anew(folder: Path) -> None:
    """The simulated chart begins anew at every start, and so must the folder; one that somebody
    named is never emptied.
    """
    if folder == _own():
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists() and any(folder.iterdir()):
        raise CommandError(
            f"{folder} is not empty. Name an empty folder, or leave ENGAGEMENT_FOLDER out and "
            "var/demo-folder is used."
        )


def visits_put_out(folder: Path) -> int:
    """How many visits the folder's book knows of."""
    return sum(1 for _ in (folder / "book" / "visits").glob("[!.]*"))


def how_to_answer(folder: Path) -> str:
    """A command that answers a reminder, as a patient would; empty while there is none."""
    for path in sorted((folder / "out" / "csv").glob("*-enroll-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file))
        return (
            f"Enrollments lie in {folder / 'out'}. To answer one as {row['first_name']} "
            f"{row['last_name']} would, and see it in the chart within a minute:\n"
            f"  printf 'event,enrollment_id\\nconfirmed,{row['enrollment_id']}\\n' "
            f"> {folder / 'in' / 'answers.csv'}"
        )
    return ""
