"""Both vendor simulators on one port, in the foreground, until interrupted."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.simulators.scenarios import SCENARIOS
from integrations.simulators.server import SimulatorServer

# The scenarios that live: patients answer and the desk goes on working.
LIVELY = {"clinic", "preview"}


class Command(BaseCommand):
    help = "Runs the athenahealth and Relatient simulators on one port."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8900)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--scenario", choices=list(SCENARIOS), default="clinic")

    def handle(self, *args: Any, port: int, seed: int, scenario: str, **options: Any) -> None:
        stop = Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stop.set())
        with SimulatorServer(
            port=port, seed=seed, scenario=scenario, answers=scenario in LIVELY
        ) as simulator:
            self.stdout.write(f"athenahealth  {simulator.url}")
            self.stdout.write(f"Relatient     {simulator.url}/relatient")
            self.stdout.write(f"control       {simulator.url}/_sim/state")
            self.stdout.flush()
            stop.wait()
        self.stdout.write("stopped")
