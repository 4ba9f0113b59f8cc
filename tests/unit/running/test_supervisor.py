"""Small real processes under the runner: ended with their groups, started again, and not spun."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from project.running import child_process as child_module
from project.running.child_process import Child
from project.running.supervisor import Runner

SECONDS = 20
DEAF = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), grandchild.pid, flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, time
def go(*_):
    print("finished", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, go)
print("ready", flush=True)
time.sleep(600)
"""
SHORT = "print('came and went', flush=True)"


class Ear:
    """A listener that the test speaks for."""

    def __init__(self) -> None:
        self.nothing_heard = False
        self.groups: list[int] = []
        self.over: list[int] = []

    def started(self, pid: int) -> None:
        self.nothing_heard = False
        self.groups.append(pid)

    def silent(self) -> bool:
        return self.nothing_heard

    def ended(self, pid: int) -> None:
        self.over.append(pid)


@pytest.fixture
def runner() -> Iterator[Runner]:
    with Runner(grace=10, hanging_grace=0.3) as runner:
        yield runner


def script(text: str, log: Path, listener: Ear | None = None) -> Child:
    return Child("one", [sys.executable, "-c", text], os.environ, log, listener)


def soon(happened: Callable[[], object]) -> None:
    until = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_one_that_is_polite_finishes_what_it_has_in_hand(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner.run(script(POLITE, log))
    soon(lambda: "ready" in log.read_text())
    runner.stop()
    assert log.read_text().split() == ["ready", "finished"]


def test_one_that_is_silent_and_deaf_is_ended_with_its_group_and_started_again(
    runner: Runner, tmp_path: Path
) -> None:
    log, ear = tmp_path / "log", Ear()
    one = runner.run(script(DEAF, log, ear))
    soon(lambda: len(log.read_text().split()) == 2)
    first, grandchild = (int(pid) for pid in log.read_text().split())
    ear.nothing_heard = True
    lines: list[str] = []
    soon(lambda: lines.extend(runner.tend()) or one.starts == 2)
    assert lines == ["one: silent, told to stop", "one: did not stop, killed", "one: started again"]
    assert gone(first)
    assert gone(grandchild)
    assert ear.over == [first]
    assert len(set(ear.groups)) == 2


def test_the_group_of_one_that_was_killed_goes_too(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    one = runner.run(script(DEAF, log))
    soon(lambda: len(log.read_text().split()) == 2)
    first, grandchild = (int(pid) for pid in log.read_text().split())
    os.kill(first, 9)
    soon(lambda: runner.tend() and one.starts == 2)
    assert gone(grandchild)


def test_one_that_dies_at_once_again_and_again_is_started_more_and_more_rarely(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    one = runner.run(script(SHORT, log))
    assert one.process is not None
    one.process.wait()
    runner.tend()
    assert one.starts == 2, "the first time it is started at once"
    one.process.wait()
    runner.tend()
    assert one.starts == 2, "then it rests"
    monkeypatch.setattr(child_module, "LONGEST_PAUSE_SECONDS", 0)
    runner.tend()
    assert one.starts == 3


def test_nothing_is_left_when_the_runner_is_done(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner.grace = 0.3
    runner.run(script(DEAF, log))
    soon(lambda: len(log.read_text().split()) == 2)
    runner.stop()
    assert all(gone(int(pid)) for pid in log.read_text().split())
