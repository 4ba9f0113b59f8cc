"""Runs a management command and kills its own process with -9 at a named point of the loop.

    python tests/chaos/die_at.py page_stored sync

The product has no seam for this: the functions that end each step are wrapped from outside, and
what follows the step never runs. SIGKILL cannot be caught, so nothing is tidied up either.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Where each step ends: the function after whose return (and commit) the process dies.
POINTS: dict[str, tuple[str, str]] = {
    "window_stored": ("integrations.athenahealth.poll", "open_window"),
    "page_stored": ("integrations.athenahealth.poll", "store_page"),
    "taken_in": ("integrations.athenahealth.process", "take_appointment"),
    "decided": ("campaigns.sweep", "look"),
    "effect_claimed": ("campaigns.execution.execute", "claim"),
    "vendor_answered": ("campaigns.execution.execute", "_call"),
    "page_read": ("integrations.athenahealth.feed", "read_page"),
}
# The function before whose call the process dies.
POINTS_BEFORE: dict[str, tuple[str, str]] = {
    "before_file_written": ("integrations.folder.files", "write_atomically"),
    "before_file_moved": ("integrations.folder.files", "move"),
    "before_lines_stored": ("integrations.folder.feed", "store_events"),
    "before_events_stored": ("integrations.relatient.collect", "store_events"),
}


def die() -> None:
    """End like a pulled plug."""
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(function: Callable[..., Any], skip: int) -> Callable[..., Any]:
    """The function, after which the process dies; `skip` lets the first calls pass."""
    left = skip

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        result = function(*args, **kwargs)
        if result is not None or function.__name__ == "open_window":
            if left == 0:
                die()
            left -= 1
        return result

    return wrapped


def deadly_before(function: Callable[..., Any], skip: int) -> Callable[..., Any]:
    """The function, before which the process dies; `skip` lets the first calls pass."""
    left = skip

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left == 0:
            die()
        left -= 1
        return function(*args, **kwargs)

    return wrapped


def main(point: str, *command: str) -> None:
    """Remove the safeguards that the environment names, arm the point, run the command."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from tests.chaos import without

    without.apply()
    before = point in POINTS_BEFORE
    module_name, function_name = POINTS_BEFORE[point] if before else POINTS[point]
    module = importlib.import_module(module_name)
    skip = int(os.environ.get("DIE_AFTER", "0"))
    arm = deadly_before if before else deadly
    setattr(module, function_name, arm(getattr(module, function_name), skip))
    call_command(*command)


if __name__ == "__main__":
    main(*sys.argv[1:])
