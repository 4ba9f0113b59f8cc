"""Invariants 5 and 9: nothing is repeated blindly, and nothing is done without a reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from tests.chaos.run.journal import (
    DEED,
    ENROLLMENT,
    MESSAGE,
    REQUEST,
    Entry,
    Journal,
    chart_write,
    visit_of,
)
from tests.chaos.run.verdict import Violation, evidence
from tests.scenarios.machine_oracle import roots

Row = dict[str, Any]
MARKER = re.compile(r"\(?(Kept-[\w-]+)\)?")


def judge_repeats(journal: Journal, state: Row) -> list[Violation]:
    """Everything that may happen once, counted."""
    return [
        *_keys(journal),
        *_enrolls(journal),
        *_told_twice(journal, state),
        *_chart_writes(journal),
        *_markers(journal, state),
        *_texts(journal, state),
    ]


def _keys(journal: Journal) -> list[Violation]:
    """A key belongs to one body for ever."""
    bodies: dict[str, Entry] = {}
    found = []
    for entry in journal.of(REQUEST):
        key = entry.data["key"]
        if not key:
            continue
        first = bodies.setdefault(key, entry)
        if (first.subject, first.data["body"]) != (entry.subject, entry.data["body"]):
            lines = [first.line(), entry.line()]
            found.append(Violation(5, entry.subject, f"key {key} with another body", lines))
    return found


def _enrolls(journal: Journal) -> list[Violation]:
    """No second request under another key while the first one's enrollment is active."""
    active: dict[str, dict[str, str]] = {}
    made_by: dict[str, str] = {}
    found = []
    for entry in journal.of(REQUEST, ENROLLMENT):
        if entry.kind == ENROLLMENT:
            held = active.setdefault(visit_of(entry.data), {})
            if entry.data["status"] == "active":
                held.setdefault(entry.subject, "")
            else:
                held.pop(entry.subject, None)
            continue
        if not entry.subject.endswith("/enrollments"):
            continue
        visit = _json(entry).get("appointment", {}).get("external_id", "").rpartition(":")[2]
        made = entry.data["subjects"].get("enrollment_id") if entry.data["changed"] else None
        if made:
            made_by[made] = entry.data["key"]
        others = [
            e for e in active.get(visit, {}) if made_by.get(e) not in (None, entry.data["key"])
        ]
        if others:
            what = f"asked to enroll again under another key while {others} is active"
            found.append(Violation(5, visit, what, evidence(journal, visit)))
    return found


def _told_twice(journal: Journal, state: Row) -> list[Violation]:
    """No patient is told the same details twice in a row by two different requests.

    Once more is owed to whoever was told something else of the same chain of visits before: a
    visit that replaces another is enrolled, and then the move is told (enrollments/status.py).
    """
    found = []
    root = roots(state)
    told: dict[str, list[Entry]] = {}
    for entry in journal.of(MESSAGE):
        enrollment = entry.data["enrollment_id"]
        if not enrollment or entry.data.get("step") != "initial":
            continue
        visit = visit_of({"appointment": entry.data["about"]})
        chain = told.setdefault(root[visit], [])
        chain.append(entry)
        mine = [one for one in chain if one.data["enrollment_id"] == enrollment]
        if len(mine) < 2 or _details(mine[-2]) != _details(entry):
            continue
        moved = len(mine) == 2 and len(chain) > 2 and _details(chain[-3]) != _details(entry)
        if not moved and not _changed_between(journal, enrollment, mine[-2].seq, entry.seq):
            what = "told the same details twice"
            found.append(Violation(5, visit, what, evidence(journal, visit)))
    return found


def _details(message: Entry) -> Row:
    return {name: what for name, what in message.data["about"].items() if name != "external_id"}


def _changed_between(journal: Journal, enrollment: str, first: int, last: int) -> bool:
    """Whether it said something else in between: then it was owed to be told again."""
    told = journal.entries[first].data["about"]
    between = journal.entries[first:last]
    mine = [one for one in between if one.kind == ENROLLMENT and one.subject == enrollment]
    return any(one.data["appointment"] != told for one in mine)


def _chart_writes(journal: Journal) -> list[Violation]:
    """The same write again, with nothing done to the visit since by anybody else."""
    found = []
    last: dict[tuple[str, str], Entry] = {}
    for entry in journal.entries:
        if entry.kind == DEED:
            last = {pair: one for pair, one in last.items() if pair[0] != entry.subject}
        written = chart_write(entry)
        if written is None:
            continue
        if written in last:
            text = f"{written[1]} written again after it was done"
            found.append(Violation(5, written[0], text, evidence(journal, written[0])))
        last[written] = entry
    return found


def _markers(journal: Journal, state: Row) -> list[Violation]:
    """Every note and every task of ours once."""
    found = []
    for row in state["athena"]["appointments"]:
        texts = " ".join(note["notetext"] for note in row["notes"])
        found += _twice(journal, row["appointmentid"], texts)
    by_patient: dict[str, str] = {}
    for case in state["athena"]["patient_cases"]:
        patient = str(case["patientid"])
        by_patient[patient] = by_patient.get(patient, "") + json.dumps(case)
    for patient, texts in by_patient.items():
        found += _twice(journal, patient, texts)
    return found


def _twice(journal: Journal, subject: str, texts: str) -> list[Violation]:
    counts = Counter(MARKER.findall(texts))
    return [
        Violation(5, subject, f"{marker} written {count} times", evidence(journal, subject))
        for marker, count in counts.items()
        if count > 1
    ]


def _texts(journal: Journal, state: Row) -> list[Violation]:
    """At most one text to the waitlist number for each slot that we opened."""
    writes = [chart_write(entry) for entry in journal.of(REQUEST)]
    opened = {written[0] for written in writes if written and written[1] == "cancel"}
    texts = [m for m in state["relatient"]["messages"] if not m["enrollment_id"]]
    if len(texts) <= len(opened):
        return []
    what = f"{len(texts)} texts to the waitlist number for {len(opened)} slots"
    return [Violation(5, "waitlist", what, [str(text) for text in texts][-40:])]


def judge_echoes(journal: Journal) -> list[Violation]:
    """Invariant 9: no update that changes nothing, unless it repeats one whose answer was lost."""
    found = []
    seen: dict[tuple[str, str], int] = {}
    for place, entry in enumerate(journal.entries):
        if entry.kind != REQUEST or not entry.subject.startswith("PATCH"):
            continue
        same = (entry.subject, entry.data["body"])
        repeated, seen[same] = seen.get(same), place
        between = journal.entries[entry.data["began"] : entry.seq]
        idle = any(one.data.get("same") is True for one in between if one.kind == ENROLLMENT)
        if idle and repeated is None:
            visit = next(visit_of(one.data) for one in between if one.kind == ENROLLMENT)
            what = "an update that changes nothing"
            found.append(Violation(9, visit, what, evidence(journal, visit)))
    return found


def judge_rest(journal: Journal, since: int, until: int) -> list[Violation]:
    """Invariant 9: while nobody does anything, the polls go on and nothing is sent."""
    asked = [one for one in journal.of(REQUEST) if since <= one.seq < until]
    return [
        Violation(9, one.subject, "a request while all was at rest", [one.line()]) for one in asked
    ]


def _json(entry: Entry) -> Row:
    body: Row = json.loads(entry.data["body"] or "{}")
    return body
