"""The folder on the disk: where things lie, how a file is written whole, and who may read it.

A file is written under another name, fsynced and renamed, and the directory is fsynced too: after
a kill or a power cut it is there whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from campaigns.ports import Deadline

OURS_ONLY = 0o077
FOLDER_MODE, FILE_MODE = 0o700, 0o600
# The formats in which each change goes out, one sub-folder each.
FORMATS = ("csv", "jsonl")
# How often a process that waits for its turn looks again.
_LOCK_POLL_SECONDS = 0.02
_NEW = ".new"


class Unsettled(OSError):
    """It failed after the change may have been made: it must be asked about."""


class LockTimeout(Exception):
    """Other processes had the folder in hand until the deadline; nothing was done."""


@dataclass(frozen=True)
class Places:
    """Where things lie in one practice's folder."""

    root: Path

    @property
    def book(self) -> Path:
        """What Kept remembers; the other tool has no business there."""
        return self.root / "book"

    @property
    def patients(self) -> Path:
        """One file for each patient."""
        return self.book / "patients"

    @property
    def enrollments(self) -> Path:
        """One file for each enrollment."""
        return self.book / "enrollments"

    @property
    def visits(self) -> Path:
        """For each visit, the id of its newest enrollment."""
        return self.book / "visits"

    @property
    def texts(self) -> Path:
        """One file for each text to the practice's own number."""
        return self.book / "texts"

    @property
    def staged(self) -> Path:
        """Changes that are written and not yet in `out`."""
        return self.book / "staged"

    @property
    def taking(self) -> Path:
        """Files of events that a process has in hand."""
        return self.book / "taking"

    @property
    def incoming(self) -> Path:
        """Where the other tool leaves events."""
        return self.root / "in"

    @property
    def done(self) -> Path:
        """Files of events that were taken."""
        return self.root / "done"

    @property
    def library(self) -> Path:
        """The campaign library."""
        return self.root / "campaigns.csv"

    def out(self, ending: str) -> Path:
        """What the other tool picks up, in one format."""
        return self.root / "out" / ending

    def folders(self) -> list[Path]:
        """Every folder, the outer ones first."""
        outs = [self.root / "out", *(self.out(ending) for ending in FORMATS)]
        of_book = [self.patients, self.enrollments, self.visits, self.texts]
        in_hand = [self.staged, self.taking]
        return [self.root, *outs, self.incoming, self.done, self.book, *of_book, *in_hand]


def make(root: Path) -> None:
    """Make what is missing of the folder; what is there keeps its permissions, to be checked."""
    for folder in Places(root).folders():
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def problem(root: str | Path) -> str:
    """Why a folder must not be used, as a sentence; nothing when it may be."""
    path = Path(root)
    if not root or not path.is_absolute():
        return "ENGAGEMENT_FOLDER must be the whole path of a folder, from / on."
    if is_served(path):
        return "The folder lies where files are served or kept with the program. Choose another."
    for folder in Places(path).folders():
        sentence = _problem_of(folder, path)
        if sentence:
            return sentence
    return ""


def is_served(path: Path) -> bool:
    """Whether a path lies where files are served or the program lies, or around that."""
    real = Path(os.path.realpath(path))
    return any(real == one or one in real.parents or real in one.parents for one in _served())


@lru_cache(maxsize=1)
def _served() -> list[Path]:
    named = [settings.MEDIA_ROOT, settings.STATIC_ROOT, *settings.STATICFILES_DIRS]
    program = [child for child in settings.BASE_DIR.iterdir() if child != settings.VAR_DIR]
    return [Path(os.path.realpath(str(one))) for one in (*named, *program) if one]


def _problem_of(folder: Path, root: Path) -> str:
    name = "The folder" if folder == root else f"{folder.relative_to(root)} in the folder"
    try:
        found = folder.lstat()
        device = root.lstat().st_dev
    except FileNotFoundError:
        return f"{name} does not exist. Run bootstrap, which makes it."
    except OSError:
        return f"{name} cannot be reached. Check that Kept's user may open it."
    if not stat.S_ISDIR(found.st_mode):
        return f"{name} is a link or a file, not a folder. Name the folder itself."
    if found.st_uid != os.geteuid():
        return f"{name} belongs to another user than Kept's. Give it to that user (chown)."
    if found.st_mode & OURS_ONLY:
        return f"{name} can be read by others. Close it: chmod 700."
    if found.st_dev != device:
        return f"{name} is on another disk. A file is moved into it in one step: use one disk."
    return ""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, with its old content, or not at all.

    OSError: nothing has changed. Unsettled: it may have.
    """
    new = path.with_name(f".{path.name}{_NEW}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise Unsettled(*error.args) from error


def is_unfinished(path: Path) -> bool:
    """Whether a file is one that somebody began to write whole, by its name."""
    return path.name.startswith(".") and path.name.endswith(_NEW)


def move(path: Path, target: Path) -> None:
    """Move a whole file into another folder in one step; one that is gone was moved before."""
    with suppress(FileNotFoundError):
        os.rename(path, target)
    sync_folder(target.parent)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file; one that is gone is fine."""
    path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the disk hold the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def exclusive_lock(places: Places, deadline: Deadline) -> Iterator[None]:
    """One process at a time changes a folder. The lock goes with the process, however it ends."""
    handle = os.open(places.book / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
    try:
        _lock(handle, deadline)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, deadline: Deadline) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if deadline.remaining() <= _LOCK_POLL_SECONDS:
                raise LockTimeout from None
            time.sleep(_LOCK_POLL_SECONDS)


def older_than(folder: Path, moment: float) -> Iterator[Path]:
    """The files of a folder that were last changed before a moment (seconds since 1970)."""
    with os.scandir(folder) as entries:
        found = [Path(entry.path) for entry in entries if _is_older(entry, moment)]
    yield from found


def _is_older(entry: os.DirEntry[str], moment: float) -> bool:
    try:
        held = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(held.st_mode) and held.st_mtime < moment
