"""A CSV file that came through the browser: its text, and what its types would change."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile

from campaigns.domain.values import OnCancel
from campaigns.labels import MODALITIES
from campaigns.mapping.csv_format import Changes
from campaigns.mapping.csv_types import TypeLine

# A line has some 60 characters: far more rules than a practice can have.
LARGEST = 1_000_000
NO_FILE = "Choose a file first."
EMPTY = "This file is empty."
TOO_LARGE = "This file is too large: up to 1 MB can be taken. Is it the right one?"
NOT_TEXT = (
    "This file is not UTF-8 text. In Excel, choose “CSV UTF-8 (comma delimited)” when you "
    "save it. An .xlsx file cannot be read."
)
_MODALITIES = {modality.value: word for modality, word in MODALITIES.items()}
_ON_CANCEL = {
    "": "on cancel as the practice does",
    OnCancel.ASK: "on cancel ask the desk",
    OnCancel.AUTO: "on cancel cancel in the chart",
}


class BadFile(ValueError):
    """The file cannot be taken at all; the text says why, to the person who sent it."""


def text_of(file: UploadedFile | None, carried: str | None) -> str:
    """The text of a file that was just sent, or the one that a dry run carried along."""
    if file is None:
        if not carried:
            raise BadFile(NO_FILE)
        if len(carried) > LARGEST:
            raise BadFile(TOO_LARGE)
        return carried
    if not file.size:
        raise BadFile(EMPTY)
    if file.size > LARGEST:
        raise BadFile(TOO_LARGE)
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(NOT_TEXT) from error
    if "\x00" in text:
        raise BadFile(NOT_TEXT)
    # As the page's own form would carry them, so that the dry run and the import read the same.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def types_changed_by(lines: Sequence[TypeLine]) -> tuple[Changes, list[str]]:
    """What apply_types would count, and each type that would be another one, in words."""
    changes, sentences = Changes(), []
    for line in lines:
        said = _differences(line)
        if said:
            changes.updated += 1
            sentences.append(f"{line.row.name} ({line.row.external_id}): {', '.join(said)}")
        else:
            changes.unchanged += 1
    return changes, sentences


def _differences(line: TypeLine) -> list[str]:
    row, said = line.row, []
    if line.modality != row.modality:
        said.append(_MODALITIES[line.modality])
    if line.confidential != row.confidential:
        said.append("confidential" if line.confidential else "not confidential")
    if line.on_cancel != row.on_cancel:
        said.append(_ON_CANCEL[line.on_cancel])
    if line.visit_value != row.visit_value:
        value = line.visit_value
        said.append("no value" if value is None else f"value ${value:,.2f}")
    return said
