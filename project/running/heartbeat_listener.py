"""Whether a background process is still heard of, by its heartbeat rows.

Judged by our own clock since the row last changed, so that neither the database's clock nor a
database that was away for a while makes anybody look dead.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.db import Error

from integrations.health import heartbeats
from integrations.models import HeartbeatRole

logger = logging.getLogger(__name__)


class HeartbeatListener:
    """Listens for one process group of this machine."""

    def __init__(self, role: HeartbeatRole, patience: float) -> None:
        self.role = role
        self.patience = patience
        self._group = 0
        self._seen: datetime | None = None
        self._heard = time.monotonic()

    def started(self, pid: int) -> None:
        """Remember that the process has just begun: it has the whole of our patience."""
        self._group, self._seen, self._heard = pid, None, time.monotonic()

    def listen(self) -> None:
        """Look at the row; raises django.db.Error, and then nothing counts as silence."""
        try:
            beat_at = heartbeats.last_beat(self.role, self._group)
        except Error:
            self._heard = time.monotonic()
            raise
        if beat_at != self._seen:
            self._seen, self._heard = beat_at, time.monotonic()

    @property
    def silence(self) -> float:
        """For how many seconds nothing was heard."""
        return time.monotonic() - self._heard

    def silent(self) -> bool:
        """Whether that is longer than our patience."""
        return self.silence > self.patience

    def ended(self, pid: int) -> None:
        """Forget the row, since the id may be given to another process."""
        try:
            heartbeats.forget(self.role, pid)
        except Error:
            logger.warning("heartbeat_not_forgotten", extra={"role": self.role.value})
