"""Redis as the broker: nothing in it is precious, so nothing stops when it is away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

# Nobody listens there.
AWAY = "redis://127.0.0.1:1/0"
RING = """
import django
django.setup()
from campaigns import doorbell
doorbell.ring()
print("rung")
"""
LOOK = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from project.management.commands.watch import Watch
Watch(90, 5).look()
print("looked")
"""


def with_redis_away(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env={
            **os.environ,
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"sqlite:///{folder}/kept.sqlite3",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "REDIS_URL": AWAY,
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("script", "said"), [(RING, "rung"), (LOOK, "looked")])
def test_neither_a_bell_nor_the_watch_ends_by_it(script: str, said: str, tmp_path: Path) -> None:
    ended = with_redis_away(tmp_path, "-c", script)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.splitlines()[-1] == said
