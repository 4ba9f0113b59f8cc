"""The same clinic as in the scenarios, driven by real processes."""

from tests.scenarios.conftest import clinic, simulator

__all__ = ["clinic", "simulator"]
