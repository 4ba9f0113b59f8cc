"""A clinic for each scenario."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.simulators.server import SimulatorServer
from tests.scenarios.clinic import Clinic, seed


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    """Both vendors with reference data and nobody in it."""
    with SimulatorServer(scenario="empty") as server:
        yield server


@pytest.fixture
def clinic(transactional_db: None, simulator: SimulatorServer, settings) -> Clinic:
    """A practice that is connected, mapped and empty."""
    settings.KEPT_SEED = seed(simulator.url)
    clinic = Clinic(simulator)
    clinic.open()
    return clinic
