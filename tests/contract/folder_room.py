"""A practice whose reminders go out as files, for the tests beside this."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.ports import Deadline, EngagementGateway
from integrations.folder import files, library
from integrations.folder.book import Book
from integrations.folder.files import Places
from integrations.folder.gateway import gateway_for, open_book
from integrations.models import Connection
from tests.contract.engagement_room import PRACTICE, SWITCHED_OFF, EngagementRoom


def nobody_minds() -> None:
    """Nothing is leased."""


@dataclass
class FolderRoom(EngagementRoom):
    """The folder, and the other tool that works through it."""

    connection: Connection

    @property
    def gateway(self) -> EngagementGateway:
        deadline = Deadline.after(20)
        return gateway_for(self.connection, deadline=deadline, guard=nobody_minds)

    @property
    def book(self) -> Book:
        return open_book(self.connection, deadline=Deadline.after(20), guard=nobody_minds)

    @property
    def places(self) -> Places:
        return Places(Path(self.connection.folder))

    def complete(self, enrollment: str) -> None:
        self.book.complete(enrollment, database_now())

    def texts_to(self, number: str) -> list[str]:
        rows = [row for row in self.rows() if row["change"] == "text"]
        return [row["text"] for row in rows if row["mobile_phone"] == number]

    def rows(self) -> list[dict[str, str]]:
        """What went out, as CSV says it, in order; JSON lines say the same."""
        rows = []
        for path in sorted(self.places.out("csv").iterdir()):
            with path.open(encoding="utf-8", newline="") as file:
                rows += list(csv.DictReader(file))
        lines = [
            json.loads(line)
            for path in sorted(self.places.out("jsonl").iterdir())
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        assert lines == [{name: cell for name, cell in row.items() if cell} for row in rows]
        return rows

    def drop(self, name: str, content: str | bytes, age: float = 60.0) -> Path:
        """The other tool leaves a file, some seconds ago."""
        path = self.places.incoming / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (time.time() - age, time.time() - age))
        return path


@pytest.fixture
def folder_room(tmp_path: Path, db: None) -> Iterator[FolderRoom]:
    practice = Practice.objects.create(
        external_id=PRACTICE, name="Sample Clinic", engagement_vendor="folder"
    )
    root = tmp_path / "exchange"
    files.make(root)
    places = Places(root)
    off = f"{SWITCHED_OFF},Flu Season 2019,en,any,standard,sms email,false\n"
    places.library.write_text(library.STARTER + off, encoding="utf-8")
    connection = Connection.objects.create(practice=practice, vendor="folder", folder=str(root))
    with acting_as(process="test"):
        yield FolderRoom(connection)
