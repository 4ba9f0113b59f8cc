"""What the other tool leaves in `in/`: files of events, each taken once, by its name and digest.

    take     a whole file that nobody writes to any more, into book/taking: another file of that
             name may come at once
    store    one transaction: the file by its name and digest, and a row for each line
    move     into done/

Killed on the way, the file lies in book/taking and is the next one: stored before, it is known by
its digest and only moved. A line that cannot be read is parked with its number.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import transaction

from campaigns.clock import database_now
from campaigns.ports import Guard, TryLater
from integrations.folder import files, formats, translate
from integrations.folder.files import Places
from integrations.inbox.store import park_row, store_events
from integrations.models import Connection, InboundKind, InboundMessage, InboundStatus, SyncRun
from integrations.transport.notification import fingerprint

# A file that was changed less than so long ago may still be written to.
STILL_SECONDS = 1.0
LARGEST = 8 * 1024 * 1024
# How tools name what they are still writing.
UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload", "~")
# Another ending may be a tool's unfinished file; one that lies so long is a mistake to be told.
STRANGE_SECONDS = 3600.0
# Of a name in done/, with the digest in front.
LONGEST_NAME = 200
NO_FORMAT = "The name of a file of events must end in .csv or .jsonl. Rename it and drop it again."
NOT_OURS = "A file in the folder's in/ cannot be read. Give it to Kept's user (chown)."
TOO_LARGE = "The file is larger than 8 MB. Drop it in parts."


@dataclass(frozen=True)
class Found:
    """A whole file as it lies in `in/`."""

    path: Path
    content: bytes

    @property
    def digest(self) -> str:
        """By which the file is named in sentences: a name may be a patient's."""
        return sha256(self.content).hexdigest()[:12]

    @property
    def identity(self) -> str:
        """Name and digest."""
        return fingerprint([self.path.name, sha256(self.content).hexdigest()])


def take_files(
    connection: Connection, places: Places, run: SyncRun | None, guard: Guard
) -> Counter[str]:
    """Take every whole file of `in/`, the oldest first.

    Raises TryLater in the end where one cannot be read: whoever dropped it has to open it.
    """
    counts: Counter[str] = Counter(seen=0, new=0, duplicate=0)
    # What a killed process had in hand.
    for path in sorted(places.taking.iterdir()):
        _take_one(connection, path, places, run, guard, counts)
    _wait_until_still(places)
    for _, path in _waiting(places):
        target = places.taking / path.name
        if os.access(path, os.R_OK) and not target.exists():
            files.move(path, target)
            _take_one(connection, target, places, run, guard, counts)
    if any(not os.access(path, os.R_OK) for _, path in _waiting(places)):
        raise TryLater(NOT_OURS, code="unreadable_file")
    return counts


def _take_one(
    connection: Connection,
    path: Path,
    places: Places,
    run: SyncRun | None,
    guard: Guard,
    counts: Counter[str],
) -> None:
    guard()
    found = _read(path)
    if found is not None:
        counts.update(_store(connection, found, run))
        _move_away(found, places)


def _waiting(places: Places) -> list[tuple[float, Path]]:
    """The files that may be taken, with the time of their last change, the oldest first."""
    found = []
    for path in places.incoming.iterdir():
        # It may be taken away again at any moment.
        with suppress(FileNotFoundError):
            held = path.lstat()
            if _may_be_taken(held, path.name):
                found.append((held.st_mtime, path))
    return sorted(found)


def _may_be_taken(held: os.stat_result, name: str) -> bool:
    if not stat.S_ISREG(held.st_mode) or name.startswith(".") or name.endswith(UNFINISHED):
        return False
    return _ending(name) != "" or time.time() - held.st_mtime > STRANGE_SECONDS


def _ending(name: str) -> str:
    return formats.READ.get(Path(name).suffix.lower(), "")


def _wait_until_still(places: Places) -> None:
    """Wait, a second at most, for a file that was dropped just now: whoever dropped it looks."""
    ages = [time.time() - changed for changed, _ in _waiting(places)]
    young = [age for age in ages if 0 <= age < STILL_SECONDS]
    if young:
        time.sleep(STILL_SECONDS - min(young))


def _read(path: Path) -> Found | None:
    """The file, or None while somebody still writes to it; the next pull reads it then."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        # Taken away again before it was ours.
        return None
    with os.fdopen(handle, "rb") as file:
        content = file.read(LARGEST + 1)
        held = os.fstat(handle)
    young = 0 <= time.time() - held.st_mtime < STILL_SECONDS
    whole = len(content) in (held.st_size, LARGEST + 1)
    return Found(path, content) if whole and not young else None


def _store(connection: Connection, found: Found, run: SyncRun | None) -> Counter[str]:
    """Store a file's lines, unless this very file was taken before."""
    now = database_now()
    with transaction.atomic():
        # The feed's lease keeps two processes apart; this holds even where it was lost.
        message, is_new = InboundMessage.objects.get_or_create(
            practice=connection.practice,
            vendor=connection.vendor,
            kind=InboundKind.EVENTS_PAGE,
            external_id=found.identity,
            defaults={
                "connection": connection,
                "payload": {"file": found.digest, "name": found.path.name},
                "read_began": now,
                "read_ended": now,
                "received_at": now,
                "status": InboundStatus.PROCESSED,
                "sync_run": run,
            },
        )
        if not is_new:
            return Counter(files_known=1)
        counts = _store_lines(message, found, now)
        message.counts = dict(counts)
        message.save(update_fields=["counts"])
    return counts


def _store_lines(message: InboundMessage, found: Found, now: datetime) -> Counter[str]:
    assert message.connection is not None
    events: list[dict[str, Any]] = []
    counts: Counter[str] = Counter(files=1)
    try:
        for line in _lines(found):
            if isinstance(line, formats.BadLine):
                _park(message, found, line)
                counts["errors"] += 1
            else:
                events.append(_payload(found, line, now))
    except formats.Unreadable as error:
        _park(message, found, formats.BadLine(0, "", str(error)))
        counts["errors"] += 1
    new, known = store_events(
        message.connection, events, began=now, ended=now, run=message.sync_run
    )
    counts.update(seen=len(events), new=new, duplicate=known)
    return counts


def _lines(found: Found) -> Iterator[formats.ReadLine | formats.BadLine]:
    ending = _ending(found.path.name)
    if not ending:
        raise formats.Unreadable(NO_FORMAT)
    if len(found.content) > LARGEST:
        raise formats.Unreadable(TOO_LARGE)
    return formats.read(found.content, ending, "event")


def _park(message: InboundMessage, found: Found, line: formats.BadLine) -> None:
    where = f"Line {line.number} of the file {found.digest}: " if line.number else ""
    raw = {"file": found.digest, "line": line.number, "raw": line.raw}
    park_row(message, line.number, raw, f"{where}{line.problem}")


def _payload(found: Found, line: formats.ReadLine, now: datetime) -> dict[str, Any]:
    """What is stored of a line: what it says, where it stood, and when it was taken."""
    row = {name: line.row[name] for name in translate.EVENT_COLUMNS if name in line.row}
    return {
        "id": f"folder-{_identity(found, line.number, row)}",
        "file": found.digest,
        "line": line.number,
        "taken_at": now.isoformat(),
        "row": row,
    }


def _identity(found: Found, number: int, row: Mapping[str, str]) -> str:
    """The same event in two files is one; without an id or a time of its own, each line is one.

    Its whole content counts, so that a tool that begins to number its events anew loses none.
    """
    if "event_id" in row or "occurred_at" in row:
        return fingerprint(dict(row))
    return fingerprint([found.identity, number])


def _move_away(found: Found, places: Places) -> None:
    target = places.done / f"{found.digest}-{found.path.name[-LONGEST_NAME:]}"
    files.move(found.path, target)
    with suppress(FileNotFoundError):
        # Closed to others, and kept for some days from now on.
        target.chmod(files.FILE_MODE)
        os.utime(target)
