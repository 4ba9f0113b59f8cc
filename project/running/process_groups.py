"""What ties processes together, so that none outlives the others unnoticed.

Linux tells a child when its parent died, and hands orphaned grandchildren to the process that asks
for them. Elsewhere neither exists: there the children of a runner that was killed go on, and what
watches over the runner must end its group.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

# Options of prctl(2): a signal when the parent dies, and adopting orphaned grandchildren.
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def adopt_orphans() -> None:
    """From now on orphaned grandchildren become ours, so that they can be ended and reaped."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def tied_to(parent: int) -> Callable[[], None]:
    """What a child does before anything else: ask to be told when `parent` dies."""

    def tie() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            # The parent died before this process had asked.
            os._exit(1)

    return tie


def end_group(leader: int) -> None:
    """Kill whatever is left of a process group, and reap what of it has become ours."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-leader, 0)
