"""The command; see plan.py for what it takes, and docs/reliability.md for what it means."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from integrations.simulators.server import SimulatorServer
from tests.chaos import clock
from tests.chaos.run.databases import database
from tests.chaos.run.environment import set_environment
from tests.chaos.run.plan import Plan, read
from tests.chaos.run.product import MANAGE, ROOT, free_port

# Opening the practice and starting the processes takes about this long before life begins.
OPENING_SECONDS = 16


def main() -> int:
    """Run, say what came of it, and fail when an invariant was violated."""
    plan = read()
    with ExitStack() as stack:
        folder = plan.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kc")))
        folder.mkdir(parents=True, exist_ok=True)
        report = _run(plan, folder, stack)
    if plan.report:
        plan.report.write_text(json.dumps(report, indent=1))
    judged, again = report["judged"], report["after_reconcile"]
    short = {key: report[key] for key in ("visits", "answers", "kills", "faults", "seconds")}
    print(
        json.dumps(
            short
            | {
                "violations": judged["by_invariant"],
                "trouble": report["trouble"],
                "unrest": report["unrest"],
            }
        )
    )
    for when, judgement in (("at rest", judged), ("after reconcile", again)):
        for one in judgement["violations"]:
            late = " (by a late request)" if one["late"] else ""
            print(f"{when}: I{one['invariant']} {one['subject']}: {one['what']}{late}")
    clean = all(one["late"] for one in [*judged["violations"], *again["violations"]])
    return 0 if clean and not report["unrest"] else 1


def _run(plan: Plan, folder: Path, stack: ExitStack) -> dict[str, Any]:
    """Each part needs the one before: database, clock, vendors, Django, and then the story."""
    # A server that runs as another user has to get to its files.
    folder.chmod(0o755)
    place = stack.enter_context(database(plan.database, folder))
    os.environ |= {"ENVIRONMENT": "test", "DATABASE_URL": place.url}
    subprocess.run([*MANAGE, "migrate", "--verbosity=0"], cwd=ROOT, check=True)
    middle = datetime.now(UTC) + timedelta(seconds=OPENING_SECONDS + plan.seconds / 2)
    os.environ[clock.OFFSET] = str((plan.clock_change - middle).total_seconds())
    clock.travel()
    server = stack.enter_context(SimulatorServer(scenario="empty", seed=plan.seed))
    web = free_port()
    set_environment(plan, place.url, server.url, f"http://127.0.0.1:{web}")
    import django

    django.setup()
    from tests.chaos.run.course import Course
    from tests.chaos.run.town import Town

    return Course(plan, Town(server, Random(plan.seed)), place, folder, web).run()


def _end(signum: int, frame: object) -> None:
    """Told to stop: every process of the run goes too."""
    sys.exit(128 + signum)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sys.exit(main())
