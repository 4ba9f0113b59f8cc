"""The WSGI application: which vendor a request is for, and what was ordered to go wrong with it."""

import socket
import struct
from collections.abc import Iterable
from threading import Event
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from .control import Control
from .faults import PERFORMED, SILENT, Fault
from .relatient.gateway import PREFIX as RELATIENT
from .simulation import Simulation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


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
        with self.simulation.lock:
            fault = self.simulation.faults.take(request.method, request.path)
        return self.suffer(fault, request) if fault else self.perform(request)

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
        if fault.kind in PERFORMED:
            self.perform(request)
        self.stopping.wait(fault.wait_seconds())
        if fault.kind in SILENT:
            hang_up(request, reset=fault.kind.startswith("reset"))
        return fault.response()


def hang_up(request: Request, *, reset: bool) -> None:
    if reset and isinstance(connection := request.environ.get("werkzeug.socket"), socket.socket):
        # Closing with a linger of zero seconds sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError("hung up on order")
