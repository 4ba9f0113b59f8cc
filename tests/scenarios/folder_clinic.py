"""A clinic whose reminders go out as files, and the other tool that works through the folder."""

from __future__ import annotations

import csv
import json
import os
import time
from pathlib import Path

import pytest

from integrations.simulators.server import SimulatorServer
from tests.scenarios.clinic import Clinic, seed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files go; bootstrap makes it."""
    return tmp_path / "exchange"


@pytest.fixture
def folder_clinic(
    transactional_db: None, simulator: SimulatorServer, settings, folder: Path
) -> Clinic:
    """A practice that is connected to athenahealth and to a folder."""
    by_files = {"ENGAGEMENT_VENDOR": "folder", "ENGAGEMENT_FOLDER": str(folder)}
    settings.KEPT_SEED = seed(simulator.url) | by_files
    clinic = Clinic(simulator)
    clinic.open()
    return clinic


def went_out(folder: Path) -> list[dict[str, str]]:
    """Every change, in order; both formats say the same."""
    rows: list[dict[str, str]] = []
    for path in sorted((folder / "out" / "csv").iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    paths = sorted((folder / "out" / "jsonl").iterdir())
    lines = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    assert lines == [{name: cell for name, cell in row.items() if cell} for row in rows]
    return rows


def drop(folder: Path, name: str, content: str) -> None:
    """The other tool leaves a file, a minute ago."""
    path = folder / "in" / name
    path.write_text(content, encoding="utf-8")
    os.utime(path, (time.time() - 60, time.time() - 60))
