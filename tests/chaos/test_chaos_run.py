"""The short form of the chaos run; the long one is a command (docs/reliability.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
VISITS, KILLS = 25, 2
SHORT = f"--seed 1 --visits {VISITS} --answers 6 --kills {KILLS} --seconds 12 --no-409"
# A machine that runs other suites beside this one takes several times as long.
PATIENCE = 500


def test_a_short_run_violates_nothing(tmp_path: Path) -> None:
    """On the database of the suite, with a server or a file of the run's own."""
    report = tmp_path / "report.json"
    where = ["--database", connection.vendor, "--report", str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.run", *SHORT.split(), *where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-3000:]
    told = json.loads(report.read_text())
    assert (told["visits"], sum(told["kills"].values())) == (VISITS, KILLS)
    assert told["answers"] > 0
    assert set(told["judged"]["by_invariant"].values()) == {0}
    assert told["orphans"] == 0
