"""The fixtures of each vendor's contract tests; each vendor keeps its own in <vendor>_room.py."""

from tests.contract.athena_room import athena, athena_server, shared_athena
from tests.contract.relatient_room import relatient_server, room

__all__ = ["athena", "athena_server", "relatient_server", "room", "shared_athena"]
