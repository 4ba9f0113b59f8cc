"""What leaves a folder after `folder_days`: what went out, what came in, and what has ended.

What is active stays, and so do the patients, whom later enrollments are made for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from integrations.folder import files, translate
from integrations.folder.book import Book

EVERY = timedelta(days=1)
# A request that is repeated must meet what the first one made: a key is good for a week.
KEY_DAYS = 8


def purge_if_due(book: Book, days: int, now: datetime) -> int:
    """Remove what is older than so many days, once a day; how many files went."""
    marker = book.places.book / "purged"
    if marker.exists() and now.timestamp() - marker.stat().st_mtime < EVERY.total_seconds():
        return 0
    with book.changing():
        old = [*_exchanged(book, now - timedelta(days=days))]
        old += _left_over(book, now - EVERY)
        old += _ended(book, now - timedelta(days=max(days, KEY_DAYS)))
        for path in old:
            files.remove(path)
        files.write_atomically(marker, b"")
        os.utime(marker, (now.timestamp(), now.timestamp()))
    return len(old)


def _exchanged(book: Book, before: datetime) -> Iterator[Path]:
    places = book.places
    for folder in (places.done, *(places.out(ending) for ending in files.FORMATS)):
        yield from files.older_than(folder, before.timestamp())


def _left_over(book: Book, before: datetime) -> Iterator[Path]:
    """What a killed process was writing, under its other name."""
    places = book.places
    for folder in (places.root, places.book, places.patients, places.enrollments, places.visits):
        for path in files.older_than(folder, before.timestamp()):
            if files.is_unfinished(path):
                yield path


def _ended(book: Book, before: datetime) -> Iterator[Path]:
    """Texts, ended enrollments, and the visits that name none any more."""
    yield from files.older_than(book.places.texts, before.timestamp())
    gone = set()
    for path in files.older_than(book.places.enrollments, before.timestamp()):
        record = book.enrollment(path.stem)
        if record is not None and record["status"] != translate.ACTIVE:
            gone.add(path.stem)
            yield path
    for path in files.older_than(book.places.visits, before.timestamp()):
        named = path.read_text().strip()
        if named in gone or book.enrollment(named) is None:
            yield path
