"""The same clinic as in the scenarios, driven by real processes."""

from tests.scenarios.conftest import clinic, folder, folder_clinic, simulator

__all__ = ["clinic", "folder", "folder_clinic", "simulator"]
