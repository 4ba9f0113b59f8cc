"""Ends a call at its deadline, and knows whether anything of it was sent.

The timeouts of requests are per read, so a server that drips one byte a second holds a worker for
ever. The watchdog shuts the socket at the deadline, whatever the call is waiting for. It also
sees the moment at which the first byte of a request leaves: an error before that is certainly
no change at the vendor, an error after it may be one. No guess by exception type is needed.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

_local = threading.local()


class Watchdog:
    """Watches the one call that this thread makes inside the `with` block."""

    def __init__(self, seconds: float) -> None:
        self.sent = False
        self.bitten = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True

    def __enter__(self) -> Watchdog:
        _local.watchdog = self
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        _local.watchdog = None

    def sending(self, sock: socket.socket) -> None:
        """The first byte is about to leave through this socket."""
        if self.bitten and not self.sent:
            raise TimeoutError("The time was over before anything was sent.")
        self.sent = True
        self._socket = sock

    def _bite(self) -> None:
        self.bitten = True
        if self._socket is not None:
            with suppress(OSError):
                # Past SSLSocket.shutdown, which would pull the TLS state from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watched:
    """Mixed into a connection class, it tells this thread's watchdog when bytes begin to leave."""

    sock: socket.socket | None

    def send(self, data: Any) -> None:
        """As http.client, which connects at the first byte; only that connecting comes before."""
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        watchdog: Watchdog | None = getattr(_local, "watchdog", None)
        if watchdog is not None and self.sock is not None:
            watchdog.sending(self.sock)
        super().send(data)  # type: ignore[misc]
