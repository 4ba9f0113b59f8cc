"""The fixtures of each vendor's contract tests; each vendor keeps its own in <vendor>_room.py."""

from collections.abc import Iterator

import pytest

from tests.contract.athena_room import athena, athena_server, shared_athena
from tests.contract.folder_room import folder_room
from tests.contract.relatient_room import relatient_server, room
from tests.contract.simulator_callers import Clock
from tests.contract.webhook_receiver import Receiver

__all__ = ["athena", "athena_server", "folder_room", "relatient_server", "room", "shared_athena"]


@pytest.fixture
def clock() -> Clock:
    """The simulated vendors' clock, which a test moves by hand."""
    return Clock()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes what the simulated vendors tell."""
    with Receiver() as one:
        yield one
