"""What the vendors' books say against us, in sentences; nothing asks the product's own code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.scenarios.clinic import PRACTICE, Clinic

SCHEDULED = "f"
CONTACTS = {"mobile_phone": "mobilephone", "email": "email"}


def against(clinic: Clinic) -> list[str]:
    """Everything that a reader of both books would object to."""
    state = clinic.state()
    chart = _by_id(state["athena"]["appointments"], "appointmentid")
    enrollments = _rows(state["relatient"]["enrollments"])
    messages = _rows(state["relatient"]["messages"])
    return [
        *_two_at_once(enrollments),
        *_reminders_beside_the_chart(chart, enrollments),
        *_told_twice(messages),
        *_not_told(enrollments, messages),
        *_written_twice(state["writes"]),
        *_patients_apart(state),
    ]


def not_reminded(clinic: Clinic, *visits: str) -> list[str]:
    """Visits that should be reminded of and are not."""
    return [
        f"visit {visit} has no active enrollment" for visit in visits if not clinic.active(visit)
    ]


def not_confirmed(clinic: Clinic, *visits: str) -> list[str]:
    """Visits whose patient confirmed, which the chart does not show."""
    return [
        f"the chart does not show that visit {visit} was confirmed"
        for visit in visits
        if not clinic.chart_writes(visit)
    ]


def _two_at_once(enrollments: list[dict[str, Any]]) -> Iterator[str]:
    """Invariant 1, over time: an enrollment that began before the one before it had ended."""
    by_visit: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(enrollments, key=lambda row: (row["created_at"], row["id"])):
        by_visit.setdefault(row["appointment"]["external_id"], []).append(row)
    for visit, rows in by_visit.items():
        for earlier, later in pairwise(rows):
            if earlier["ended_at"] is None or earlier["ended_at"] > later["created_at"]:
                yield f"two enrollments of {visit} were active at once"


def _reminders_beside_the_chart(
    chart: dict[str, dict[str, Any]], enrollments: list[dict[str, Any]]
) -> Iterator[str]:
    """Invariant 2, and that what a patient is reminded of is what the chart says."""
    for row in enrollments:
        if row["status"] != "active":
            continue
        visit = row["appointment"]["external_id"].removeprefix(f"athena:{PRACTICE}:")
        booked = chart.get(visit)
        if booked is None or booked["appointmentstatus"] != SCHEDULED:
            yield f"visit {visit} is reminded of and is not scheduled"
        elif _local_start(row["appointment"]) != f"{booked['date']} {booked['starttime']}":
            yield f"visit {visit} is reminded of at another time than the chart says"


def _local_start(told: dict[str, Any]) -> str:
    moment = datetime.fromisoformat(told["starts_at"]).astimezone(ZoneInfo(told["time_zone"]))
    return moment.strftime("%m/%d/%Y %H:%M")


def _told_twice(messages: list[dict[str, Any]]) -> Iterator[str]:
    """The same start sent twice in a row for one enrollment; texts to the desk by their words.

    The first message is the enrollment's own. Where it replaces another, Kept sends it once more,
    since nothing says when a campaign begins to write.
    """
    told: dict[str, str | None] = {}
    texts: Counter[str] = Counter()
    for row in messages:
        if not row.get("enrollment_id"):
            texts[row["body"]] += 1
        elif row["step"] == "initial":
            known = row["enrollment_id"] in told
            if told.get(row["enrollment_id"]) == row["starts_at"]:
                yield f"the patient of {row['enrollment_id']} was sent the same start twice"
            told[row["enrollment_id"]] = row["starts_at"] if known else None
    yield from (
        f"{count} texts to the waitlist desk of one slot" for count in texts.values() if count > 1
    )


def _not_told(enrollments: list[dict[str, Any]], messages: list[dict[str, Any]]) -> Iterator[str]:
    """Whoever is reminded was last told the present start."""
    told = {
        row["enrollment_id"]: row["starts_at"] for row in messages if row.get("step") == "initial"
    }
    for row in enrollments:
        if row["status"] == "active" and told.get(row["id"]) != row["appointment"]["starts_at"]:
            yield f"the patient of {row['id']} was not told the present start"


def _written_twice(writes: list[dict[str, Any]]) -> Iterator[str]:
    """Invariant 4: the same change accepted twice by the chart (confirm, cancel, note, case)."""
    counts = Counter(
        (write["method"], write["path"], str(sorted(write["subjects"].items())))
        for write in writes
        if write["vendor"] == "athenahealth" and "subscription" not in write["path"].lower()
    )
    for (method, path, _), count in counts.items():
        if count > 1:
            yield f"the chart accepted {method} {path} {count} times"


def _patients_apart(state: dict[str, Any]) -> Iterator[str]:
    """Relatient writes to another address than the chart has."""
    charted = _by_id(state["athena"]["patients"], "patientid")
    for row in _rows(state["relatient"]["patients"]):
        patient = charted.get(row["external_id"].rpartition(":")[2])
        if patient is None:
            continue
        for theirs, ours in CONTACTS.items():
            if _digits(row.get(theirs)) != _digits(patient.get(ours)):
                yield f"Relatient holds another {theirs} of {row['external_id']} than the chart"


def _digits(value: Any) -> str:
    """A phone by its last ten digits, an address as it is written."""
    text = str(value or "")
    return text if "@" in text else "".join(c for c in text if c.isdigit())[-10:]


def _rows(table: Any) -> list[dict[str, Any]]:
    return list(table.values()) if isinstance(table, dict) else list(table)


def _by_id(table: Any, name: str) -> dict[str, dict[str, Any]]:
    return {str(row[name]): row for row in _rows(table)}
