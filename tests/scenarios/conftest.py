"""A clinic for each scenario."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from django.test import TransactionTestCase

from integrations.simulators.server import SimulatorServer
from tests.scenarios.clinic import Clinic, seed
from tests.scenarios.folder_clinic import folder, folder_clinic
from tests.scenarios.shared_clinic import SharedClinic, shared_clinic

__all__ = ["folder", "folder_clinic"]


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
    clinic.open_quickly()
    return clinic


@pytest.fixture(scope="module")
def clinic_of_the_module(django_db_setup: None, django_db_blocker) -> Iterator[SharedClinic]:
    """One server and one bootstrap for a module of many short stories.

    The tables are not emptied after each of its tests, as they otherwise are, but behind the last.
    """
    with (
        mock.patch.object(TransactionTestCase, "_fixture_teardown", lambda case: None),
        django_db_blocker.unblock(),
        shared_clinic() as clinic,
    ):
        yield clinic


@pytest.fixture
def ward(clinic_of_the_module: SharedClinic, transactional_db: None) -> SharedClinic:
    """The module's clinic, empty again."""
    clinic_of_the_module.begin_anew()
    return clinic_of_the_module
