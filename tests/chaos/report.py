"""The reports of chaos runs as tables in Markdown.

    python -m tests.chaos.report var/chaos/*.json
    python -m tests.chaos.report var/chaos/*.json --into docs/reliability.md

`--into` replaces what stands between the two marks in that file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Report = dict[str, Any]

BEGIN, END = "<!-- chaos runs: begin -->", "<!-- chaos runs: end -->"
INVARIANTS = ("1", "2", "3", "4", "5", "6", "9")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, or put them into a document."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.report")
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--into", type=Path)
    given = parser.parse_args(arguments)
    reports = [json.loads(path.read_text()) for path in given.reports]
    reports.sort(key=lambda one: (one["without"], one["database"], one["seed"]))
    text = "\n\n".join(tables(reports)) + "\n"
    if given.into is None:
        sys.stdout.write(text)
    else:
        given.into.write_text(placed(given.into.read_text(), text))
    return 0


def placed(document: str, text: str) -> str:
    """The document with the text between its marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"The document has no {BEGIN} ... {END}.")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def tables(reports: Sequence[Report]) -> list[str]:
    """Runs, violations, kills, faults."""
    return [_runs(reports), _violations(reports), _kills(reports), _faults(reports)]


def _runs(reports: Sequence[Report]) -> str:
    head = "seed, database, 409, visits, answers, kills, restarts of the database, "
    head += "clock change, faults, minutes"
    rows = [
        [
            one["seed"],
            one["database"],
            "on" if one["second_active_refused"] else "off",
            one["visits"],
            one["answers"],
            sum(one["kills"].values()),
            one["database_restarts"],
            f"{one['clock_change'][:10]}{'' if one['clock_change_in_life'] else ' (missed)'}",
            sum(one["faults"].values()),
            f"{one['seconds'] / 60:.1f}",
        ]
        for one in reports
    ]
    summed = [sum(row[place] for row in rows) for place in (3, 4, 5, 6)]
    total = ["all", "", "", *summed, "", sum(row[8] for row in rows), ""]
    return _table(head.split(", "), [*rows, total])


def _violations(reports: Sequence[Report]) -> str:
    head = ["seed", "database", "409", *(f"I{number}" for number in INVARIANTS)]
    head += ["late requests", "violations by those", "left after `reconcile`"]
    rows = [
        [
            _name(one),
            one["database"],
            "on" if one["second_active_refused"] else "off",
            *(one["judged"]["by_invariant"][number] for number in INVARIANTS),
            one["judged"]["late_requests"],
            one["judged"]["by_late_requests"],
            sum(one["after_reconcile"]["by_invariant"].values())
            + one["after_reconcile"]["by_late_requests"],
        ]
        for one in reports
    ]
    return _table(head, rows)


def _name(one: Report) -> str:
    return f"{one['seed']}, without {one['without']}" if one["without"] else str(one["seed"])


def _kills(reports: Sequence[Report]) -> str:
    counts: Counter[str] = Counter()
    for one in reports:
        for what, count in one["kills"].items():
            counts[what.rstrip("0123456789").replace("1:", ":").replace("2:", ":")] += count
    counts["PostgreSQL stopped in the middle"] = sum(r["database_restarts"] for r in reports)
    return _table(["killed with -9", "times"], sorted(counts.items()))


def _faults(reports: Sequence[Report]) -> str:
    counts: Counter[str] = Counter()
    for one in reports:
        counts.update(one["faults"])
    return _table(["fault at a vendor", "times"], counts.most_common())


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
