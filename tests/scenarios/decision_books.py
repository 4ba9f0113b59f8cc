"""What each kind of effect must have left in the vendors' books, once the loop has come to rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from campaigns.domain.values import EffectKind
from tests.scenarios.decision_stage import Stage

# kind -> method and template of the accepted call that it is.
WRITES: dict[EffectKind, tuple[str, str]] = {
    EffectKind.UPSERT_PATIENT: ("POST|PATCH", r"/patients(/[^/]+)?$"),
    EffectKind.ENROLL: ("POST", r"/enrollments$"),
    EffectKind.UPDATE_ENROLLMENT: ("PATCH", r"/enrollments/[^/]+$"),
    EffectKind.CANCEL_ENROLLMENT: ("POST", r"/enrollments/[^/]+/cancel$"),
    EffectKind.RESEND: ("POST", r"/enrollments/[^/]+/resend$"),
    EffectKind.WAITLIST_NOTICE: ("POST", r"relatient/v1/messages$"),
    EffectKind.WRITE_CONFIRMATION: ("PUT", r"/confirmationstatus$"),
    EffectKind.CANCEL_APPOINTMENT: ("PUT", r"/appointments/[^/]+/cancel$"),
    EffectKind.SCHEDULE_NOTE: ("POST", r"/appointments/[^/]+/notes$"),
    EffectKind.PATIENT_CASE: ("POST", r"/documents/patientcase$"),
}
READS: dict[EffectKind, str] = {
    EffectKind.READ_PATIENT: r"/patients/\d+$",
    EffectKind.READ_HISTORY: r"/appointments/booked(/multipledepartment)?$",
    EffectKind.READ_APPOINTMENT: r"/appointments/(\d+(/nativeathenatelehealthroom)?|waitlist)$",
    EffectKind.READ_ENROLLMENT: r"/enrollments/[^/]+$",
}


def kind_of(write: dict[str, Any]) -> EffectKind | None:
    """The kind of effect that an accepted write is."""
    for kind, (methods, path) in WRITES.items():
        if re.fullmatch(methods, write["method"]) and re.search(path, write["path"]):
            return kind
    return None


def at_most_once_each(writes: list[dict[str, Any]]) -> None:
    """Nothing was done twice to anybody, and nothing that no effect stands for."""
    assert all(kind_of(write) for write in writes), writes
    done = Counter((kind_of(write), str(sorted(write["subjects"].items()))) for write in writes)
    assert all(times == 1 for times in done.values()), done


def was_read(stage: Stage, kind: EffectKind, since: int) -> None:
    """The vendor was asked."""
    calls = [path for method, path in stage.clinic.calls[since:] if method == "GET"]
    assert any(re.search(READS[kind], path) for path in calls), calls


def _enrolled(stage: Stage) -> None:
    """Once, and the patient was told this start and no other."""
    [enrollment] = stage.clinic.active(stage.visit)
    told = {message["starts_at"] for message in stage.clinic.initial_messages(enrollment)}
    assert told == {enrollment["appointment"]["starts_at"]}


def _updated(stage: Stage) -> None:
    [enrollment] = stage.clinic.active(stage.visit)
    row = stage.clinic.row(stage.visit)
    assert row.starts_at is not None
    assert enrollment["appointment"]["starts_at"][:16] == row.starts_at.isoformat()[:16]


def _ended(stage: Stage) -> None:
    ended = [row for row in stage.clinic.enrollments(stage.visit) if row["status"] == "cancelled"]
    assert len(ended) == 1
    assert ended[0]["end_reason"]


def _told_again(stage: Stage) -> None:
    [enrollment] = stage.clinic.active(stage.visit)
    assert len(stage.clinic.initial_messages(enrollment)) == 2


def _known(stage: Stage) -> None:
    [record] = stage.clinic.state()["relatient"]["patients"]
    chart = next(
        row
        for row in stage.clinic.state()["athena"]["patients"]
        if str(row["patientid"]) == stage.patient
    )
    assert record["external_id"].endswith(f":{stage.patient}")
    assert record["email"] == chart["email"]


def _confirmed(stage: Stage) -> None:
    assert str(stage.clinic.chart(stage.visit)["appointmentconfirmationid"]) == "2"


def _cancelled(stage: Stage) -> None:
    assert stage.clinic.chart(stage.visit)["appointmentstatus"] == "x"
    assert stage.clinic.active(stage.visit) == []


def _noted(stage: Stage) -> None:
    notes = [note["notetext"] for note in stage.clinic.chart(stage.visit)["notes"]]
    assert len([text for text in notes if "Kept-" in text]) == 1, notes


def _task_opened(stage: Stage) -> None:
    assert len(stage.clinic.cases(stage.patient)) == 1


def _waitlist_told(stage: Stage) -> None:
    assert len(stage.clinic.waitlist_messages()) == 1


HAPPENED: dict[EffectKind, Callable[[Stage], None]] = {
    EffectKind.UPSERT_PATIENT: _known,
    EffectKind.ENROLL: _enrolled,
    EffectKind.UPDATE_ENROLLMENT: _updated,
    EffectKind.CANCEL_ENROLLMENT: _ended,
    EffectKind.RESEND: _told_again,
    EffectKind.WAITLIST_NOTICE: _waitlist_told,
    EffectKind.WRITE_CONFIRMATION: _confirmed,
    EffectKind.CANCEL_APPOINTMENT: _cancelled,
    EffectKind.SCHEDULE_NOTE: _noted,
    EffectKind.PATIENT_CASE: _task_opened,
}
