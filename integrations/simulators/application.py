"""The WSGI application: which vendor a request is for, and what goes wrong with it."""

import select
import socket
import struct
import time
from collections.abc import Iterable
from threading import Event
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from .athenahealth.gateway import bearer
from .athenahealth.replies import unauthorized
from .control import Control
from .faults import PERFORMED, SILENT, Fault
from .relatient.gateway import PREFIX as RELATIENT
from .simulation import Simulation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# How often a held connection is looked at: has the caller hung up?
LOOK_SECONDS = 0.05


class Application:
    def __init__(self, simulation: Simulation, stopping: Event) -> None:
        self.simulation = simulation
        self.stopping = stopping
        self.control = Control(simulation)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        # Kept for the handlers, who read it as a form, as JSON and as bytes.
        request.get_data(cache=True)
        return self.respond(request)(environ, start_response)

    def respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            with self.simulation.lock:
                return self.control.respond(request)
        fault = self.fault_for(request)
        return self.suffer(fault, request) if fault else self.perform(request)

    def fault_for(self, request: Request) -> Fault | None:
        """What was ordered comes before what a storm brings."""
        method, path = request.method, request.path
        with self.simulation.lock:
            ordered = self.simulation.faults.take(method, path)
            return ordered or self.simulation.storm.take(method, path, self.simulation.clock())

    def perform(self, request: Request) -> Response:
        vendor = (
            self.simulation.relatient
            if request.path.startswith(RELATIENT)
            else self.simulation.athena
        )
        with self.simulation.lock:
            return vendor.respond(request)

    def suffer(self, fault: Fault, request: Request) -> Response:
        """The wait happens outside the lock: other callers are not held up."""
        performed = self.perform(request) if fault.kind in PERFORMED else None
        if fault.kind == "timeout_late":
            self.perform_late(fault, request)
        else:
            self.stopping.wait(fault.wait_seconds())
        if fault.kind in SILENT:
            hang_up(request, reset=fault.kind.startswith("reset"))
        if fault.kind == "unauthorized":
            return self.forget_token(request)
        return fault.response(performed)

    def perform_late(self, fault: Fault, request: Request) -> None:
        """The request lay somewhere on its way; nobody waits for its answer any more."""
        connection = request.environ.get("werkzeug.socket")
        deadline = time.monotonic() + fault.wait_seconds()
        while time.monotonic() < deadline and not caller_is_gone(connection):
            if self.stopping.wait(LOOK_SECONDS):
                return
        if isinstance(connection, socket.socket):
            close(connection)
        if self.stopping.wait(fault.late_seconds):
            return
        with self.simulation.lock, self.simulation.ledger.abandoned():
            self.perform(request)

    def forget_token(self, request: Request) -> Response:
        token = bearer(request)
        with self.simulation.lock:
            self.simulation.athena.tokens.revoke(token or "")
        return unauthorized(bool(token))


def caller_is_gone(connection: object) -> bool:
    if not isinstance(connection, socket.socket):
        return True
    try:
        readable = select.select([connection], [], [], 0)[0]
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The caller was faster.
        return


def hang_up(request: Request, *, reset: bool) -> None:
    if reset and isinstance(connection := request.environ.get("werkzeug.socket"), socket.socket):
        # Closing with a linger of zero seconds sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError("hung up on order")
