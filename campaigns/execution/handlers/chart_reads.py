"""Reads of athenahealth: executed like any effect, stored, and leading to the next look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from campaigns.domain.effects import JOIN_LINK, WAITLIST
from campaigns.execution.handlers.call import Call, Done, timed
from campaigns.execution.handlers.join_link import join_link
from campaigns.execution.handlers.waitlist import waitlist
from campaigns.intake.chart import take_appointment, take_history
from campaigns.models import Effect


def history(effect: Effect, call: Call) -> Done:
    """Read the patient's visits of the risk window, cancelled ones included."""
    ehr = call.ehr(effect.practice)
    first, last = (date.fromisoformat(effect.body[name]) for name in ("first", "last"))
    rows, span = timed(lambda: list(ehr.read_history(effect.body["patient"], first, last)))
    assert effect.patient is not None
    known = effect.patient
    return Done(
        f"{len(rows)} visits read.", lambda row, now: take_history(known, rows, span, row.priority)
    )


def appointment(effect: Effect, call: Call) -> Done:
    """What the purpose asks about an appointment; without one of its own, the row as it is now."""
    return _ABOUT.get(effect.purpose, _visit)(effect, call)


def _visit(effect: Effect, call: Call) -> Done:
    ehr = call.ehr(effect.practice)
    record, span = timed(lambda: ehr.read_appointment(effect.body["appointment"]))
    return Done(
        "Read.", lambda row, now: take_appointment(row.practice, record, span, row.priority)
    )


_ABOUT: dict[str, Callable[[Effect, Call], Done]] = {JOIN_LINK: join_link, WAITLIST: waitlist}
