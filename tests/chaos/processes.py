"""Real processes of the product, on the test's own database, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
SECONDS = 90


def database_url() -> str:
    """The running test's database, as another process is told of it."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    socket = config["OPTIONS"].get("host")
    if socket:
        user = config["OPTIONS"].get("user", config["USER"])
        return f"postgres:///{config['NAME']}?host={quote(socket, safe='')}&user={user}"
    host = config["HOST"] or "localhost"
    password = f":{config['PASSWORD']}" if config["PASSWORD"] else ""
    port = f":{config['PORT']}" if config["PORT"] else ""
    return f"postgres://{config['USER']}{password}@{host}{port}/{config['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """What a process is started with."""
    return {**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": database_url(), **more}


def start(*command: str, **more: str) -> subprocess.Popen[str]:
    """A management command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=environment(**more),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = SECONDS) -> dict[str, Any]:
    """Wait for a command started with --json, and read what it said."""
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, f"exit {process.returncode}: {err[-2000:]}"
    report: dict[str, Any] = json.loads(out)
    return report


def run(*command: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Run a command to its end."""
    return finish(start(*command, "--json"), seconds)


def killed_when(reached: Callable[[], bool], *command: str) -> None:
    """Run a command and kill it with -9 from outside as soon as something is so; it must get there.

    Where in its code that hits is anybody's guess.
    """
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=environment(),
        cwd=ROOT,
        # Nobody reads what it says, and a full pipe would stop it.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not reached():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.02)
                raise AssertionError(f"it ended by itself: {process.returncode}")
    finally:
        process.kill()
        process.wait()
    assert process.returncode == KILLED


def killed_at(point: str, *command: str, after: int = 0) -> None:
    """Run a command that is killed with -9 at a named point; it must get there."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "chaos" / "die_at.py"), point, *command],
        env=environment(DIE_AFTER=str(after)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == KILLED, f"was not killed: {done.returncode} {done.stderr[-2000:]}"
