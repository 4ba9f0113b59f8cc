"""What the folder holds: patients, enrollments and texts, and how a change of them goes out.

    lock    one process at a time; what a killed one had begun is finished or dropped first
    stage   the change as files in book/staged, whole and on the disk
    book    the record, which names the change: from here on it is made
    out     the staged files are renamed into out/, each exactly once

Killed before the record: the staged files belong to nothing and are dropped, and the caller asks
again. Killed after it: they still lie in book/staged, or they are out; whoever comes next, the same
request or another, moves them. The other tool may take files away from out/ at any time: nothing is
ever read back from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from campaigns.domain.values import EnrollmentStatus
from campaigns.ports import Deadline, Guard
from integrations.folder import files, formats, translate
from integrations.folder.files import Places

Record = dict[str, Any]


class DamagedRecord(OSError):
    """A file of the book holds no record. Kept writes them whole, so somebody else did that."""


@dataclass(frozen=True)
class Book:
    """One practice's folder as a book. Changes are made inside `changing` only."""

    practice: str
    places: Places
    deadline: Deadline
    guard: Guard

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Our turn to change something, if the work is still ours by then."""
        with files.exclusive_lock(self.places, self.deadline):
            self.guard()
            self._finish_staged()
            yield

    def finish_staged(self) -> None:
        """Move out what a killed process had made and not yet moved."""
        with self.changing():
            pass

    def patient(self, patient_id: str) -> Record | None:
        """A patient by the folder's own id."""
        return self._read(self.places.patients, patient_id, translate.PATIENT_ID)

    def patient_of(self, patient: str) -> Record | None:
        """A patient by athenahealth's id."""
        return self.patient(translate.patient_id(self.practice, patient))

    def enrollment(self, enrollment_id: str) -> Record | None:
        """An enrollment by its id."""
        return self._read(self.places.enrollments, enrollment_id, translate.ENROLLMENT_ID)

    def newest_of_visit(self, appointment: str) -> Record | None:
        """The newest enrollment of a visit, by athenahealth's id."""
        try:
            named = self._place_of_visit(appointment).read_text()
        except FileNotFoundError:
            return None
        found = self.enrollment(named.strip())
        # The name is written before the enrollment: a kill between them leaves it naming nothing.
        return found if found and translate.visit_of(found) == appointment else None

    def active_of_visit(self, appointment: str) -> Record | None:
        """The active enrollment of a visit; there is one at most."""
        found = self.newest_of_visit(appointment)
        return found if found and found["status"] == translate.ACTIVE else None

    def enrollments_of(self, patient_id: str) -> list[Record]:
        """All enrollments of a patient, newest first."""
        if not translate.PATIENT_ID.fullmatch(patient_id):
            return []
        begins = translate.enrollment_prefix(patient_id)
        found = [self.enrollment(name) for name in self._names() if name.startswith(begins)]
        records = [record for record in found if record]
        return sorted(records, key=lambda record: str(record["created_at"]), reverse=True)

    def enrollments_after(self, enrollment_id: str) -> Iterator[Record]:
        """All enrollments in the order of their ids, behind the given one ("" for all)."""
        for name in self._names():
            record = self.enrollment(name) if name > enrollment_id else None
            if record:
                yield record

    def text(self, text_id: str) -> Record | None:
        """A text to the practice's own number, by its id."""
        return self._read(self.places.texts, text_id, translate.TEXT_ID)

    def keep(self, record: Record) -> None:
        """Store a record whose change is nobody else's business."""
        files.write_atomically(self._place_of(record["id"]), _as_bytes(record))

    def change(self, record: Record, row: Mapping[str, str], now: datetime) -> None:
        """Store a record, and send the change that led to it out, once."""
        if "appointment_id" in row and row["change"] == translate.ENROLL:
            place = self._place_of_visit(row["appointment_id"])
            files.write_atomically(place, str(record["id"]).encode())
        record["number"] = record.get("number", 0) + 1
        at = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
        # Names in the order of time; the number keeps apart what happened at the same moment.
        name = f"{at}-{row['change']}-{record['id']}-{record['number']:04d}"
        record["change"] = name
        told = {**row, "change_id": f"{record['id']}-{record['number']}"}
        for ending in files.FORMATS:
            content = formats.written([told], translate.CHANGE_COLUMNS, ending)
            files.write_atomically(self.places.staged / f"{name}.{ending}", content)
        self.keep(record)
        try:
            self._send(name)
        except OSError as error:
            raise files.Unsettled(*error.args) from error

    def complete(self, enrollment_id: str, at: datetime) -> None:
        """Store that the other tool has sent the last step of an enrollment."""
        with self.changing():
            record = self.enrollment(enrollment_id)
            if record is not None and record["status"] == translate.ACTIVE:
                self.keep(translate.ended(record, EnrollmentStatus.COMPLETED, at))

    def _finish_staged(self) -> None:
        """Move what is staged out if its record names it, and drop it if none does."""
        for path in sorted(self.places.staged.iterdir()):
            subject = translate.subject_of(path.name)
            place = self._place_of(subject) if subject else None
            record = self._load(place) if place else None
            if record and record["change"] == path.stem:
                self._send(path.stem)
            else:
                files.remove(path)

    def _send(self, name: str) -> None:
        for ending in files.FORMATS:
            path = self.places.staged / f"{name}.{ending}"
            files.move(path, self.places.out(ending) / path.name)

    def _names(self) -> list[str]:
        found = [path.stem for path in self.places.enrollments.glob("*.json")]
        return sorted(name for name in found if translate.ENROLLMENT_ID.fullmatch(name))

    def _read(self, folder: Path, name: str, pattern: Any) -> Record | None:
        """A record; none for a name that is no id, so that an id can never lead elsewhere."""
        return self._load(folder / f"{name}.json") if pattern.fullmatch(name) else None

    def _load(self, path: Path) -> Record | None:
        try:
            record = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            # Not chained: the error quotes the content.
            raise DamagedRecord("a file of the book cannot be read") from None
        if not isinstance(record, dict):
            raise DamagedRecord("a file of the book cannot be read")
        return record

    def _place_of(self, record_id: str) -> Path:
        kinds = {
            translate.PATIENT_ID: self.places.patients,
            translate.ENROLLMENT_ID: self.places.enrollments,
            translate.TEXT_ID: self.places.texts,
        }
        folder = next(place for pattern, place in kinds.items() if pattern.fullmatch(record_id))
        return folder / f"{record_id}.json"

    def _place_of_visit(self, appointment: str) -> Path:
        name = sha256(f"{self.practice}:{appointment}".encode()).hexdigest()[:32]
        return self.places.visits / name


def _as_bytes(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=1).encode()
