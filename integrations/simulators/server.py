"""Both vendors on one loopback port, in threads of the calling process.

with SimulatorServer(scenario="tiny") as simulator:
    requests.get(simulator.url + "/relatient/v1/ping", ...)
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .application import Application
from .life import Life
from .scenarios import build
from .sending import SENDERS, Sender
from .simulation import PRACTICE_ID, wall_clock


class QuietHandler(WSGIRequestHandler):
    # Headers and body leave in two writes; without this the second may wait for an acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


class SimulatorServer:
    def __init__(
        self,
        port: int = 0,
        seed: int = 1,
        scenario: str = "clinic",
        answers: bool = False,
        clock: Callable[[], datetime] = wall_clock,
        practice_id: str = PRACTICE_ID,
    ) -> None:
        self.port = port
        self.answers = answers
        self.simulation = build(scenario, seed=seed, clock=clock, practice_id=practice_id)
        self.stopping = Event()
        self.http: BaseWSGIServer | None = None
        self.threads: list[Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "SimulatorServer":
        """Takes the port; 0 lets the system choose, and a later start keeps what was chosen."""
        self.stopping.clear()
        application = Application(self.simulation, self.stopping)
        self.http = make_server(
            "127.0.0.1", self.port, application, threaded=True, request_handler=QuietHandler
        )
        self.port = self.http.server_port
        self.run(partial(self.http.serve_forever, poll_interval=0.02), "simulator-http")
        if self.answers:
            life = Life(self.simulation)
            self.run(lambda: life.run(self.stopping), "simulator-life")
        for number in range(SENDERS):
            sender = Sender(self.simulation.postbox, self.simulation.lock)
            self.run(partial(sender.run, self.stopping), f"simulator-sender-{number}")
        return self

    def run(self, target: Callable[[], object], name: str) -> None:
        thread = Thread(target=target, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def stop(self) -> None:
        """Answers nothing any more; the world stays, so a later start is the end of an outage."""
        self.stopping.set()
        if self.http is not None:
            self.http.shutdown()
            self.http.server_close()
            self.http = None
        for thread in self.threads:
            thread.join(timeout=5)
        self.threads = []

    def __enter__(self) -> "SimulatorServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
