"""Whether the workers were told to stop: then what is in hand is finished, and nothing begun.

django-q2 tells its main process only, and its workers go on to the end of their tasks and of those
that are fetched already; with much to do that takes minutes. This byte is shared by a process and
all that it forks, and it is read and written without a lock, for a lock would be held for ever by
a worker that is killed with it.
"""

from __future__ import annotations

import mmap

_byte = mmap.mmap(-1, 1)


def request_shutdown() -> None:
    """Ask this process and its children to stop; safe within a signal handler."""
    _byte[0] = 1


def shutdown_requested() -> bool:
    """Whether this process was asked to stop."""
    return _byte[0] == 1
