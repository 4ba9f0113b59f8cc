"""The decision: everything known in, everything to be written down out. Pure and total.

status -> patient and time -> recipient and channels -> risk, language, rule -> staff ->
provider -> campaign -> difference from what is -> replies
"""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.domain.coverage import Code, State, state_of
from campaigns.domain.decision import Decision, Finding, Plan
from campaigns.domain.difference import Difference, ask, difference
from campaigns.domain.effects import EffectWanted, WorkItemWanted
from campaigns.domain.facts import Snapshot
from campaigns.domain.planning import plan
from campaigns.domain.replies import settle
from campaigns.domain.values import EffectKind, WorkItemKind

DESK_TASKS = frozenset({EffectKind.PATIENT_CASE, EffectKind.SCHEDULE_NOTE})
TASK_TEXT = {
    Code.NO_CONTACT_CHANNEL: (
        "No usable mobile number or email on file, so no reminder can be sent. "
        "Please ask the patient and add it."
    ),
    Code.GUARDIAN_CONTACT_MISSING: (
        "The patient is a minor and no parent or guardian contact is on file, so no reminder "
        "can be sent. Please add the guarantor's phone or email."
    ),
}


def decide(snapshot: Snapshot, now: datetime) -> Decision:
    """One coverage code, the effects, the outcomes of replies, and when to look again."""
    planned = plan(snapshot, now)
    found = difference(snapshot, planned)
    replies = settle(snapshot, now)
    code = _code(planned, found)
    tasks = _desk_task(snapshot, planned)
    return Decision(
        code=code,
        campaign=planned.campaign,
        route=planned.route,
        findings=(*planned.findings, _last_finding(found, code)),
        effects=(*_reread(snapshot), *found.effects, *tasks, *replies.effects),
        replies=replies.verdicts,
        work_items=(*_work_items(planned), *replies.work_items),
        look_again_at=_look_again(snapshot, code, replies.effects, now),
    )


def _code(planned: Plan, found: Difference) -> Code:
    if planned.code is not None and not planned.keep:
        # An end that was refused is what somebody has to see to, unless the visit itself is over.
        failed = found.code is not None and state_of(found.code) is State.FAILED
        return found.code if found.code and failed and not _closed(planned.code) else planned.code
    return found.code or planned.code or Code.ENROLLED


def _closed(code: Code) -> bool:
    return state_of(code) is State.CLOSED


def _last_finding(found: Difference, code: Code) -> Finding:
    kinds = ", ".join(effect.kind.value for effect in found.effects)
    return Finding("difference", kinds or "nothing to change", code.value)


def _reread(snapshot: Snapshot) -> tuple[EffectWanted, ...]:
    """Reads owed because two earlier ones overlapped and nobody can say which is newer."""
    owed = []
    if snapshot.appointment.reread_wanted:
        body = {"appointment": snapshot.appointment.external_id}
        owed.append(EffectWanted(EffectKind.READ_APPOINTMENT, body, purpose="overlap"))
    if snapshot.patient.reread_wanted and snapshot.patient.read_at is not None:
        body = {"patient": snapshot.patient.external_id}
        owed.append(EffectWanted(EffectKind.READ_PATIENT, body, purpose="overlap"))
    return tuple(effect for read in owed for effect in ask(snapshot, read).effects)


def _desk_task(snapshot: Snapshot, planned: Plan) -> tuple[EffectWanted, ...]:
    """One task per appointment, in athenahealth, for contact data that is missing."""
    if not planned.desk_task or planned.code is None:
        return ()
    kind = EffectKind(snapshot.settings.desk_task)
    # Whichever way it was told: a changed setting is no reason to tell the desk twice.
    if any(e.kind in DESK_TASKS and e.purpose == "contact" and e.sent for e in snapshot.effects):
        return ()
    appointment = snapshot.appointment
    body = {
        "appointment": appointment.external_id,
        "patient": snapshot.patient.external_id,
        "department": appointment.department_id,
        "provider": appointment.providers[0].external_id if appointment.providers else "",
        "marker": f"Kept-a{appointment.external_id}-contact",
        "text": TASK_TEXT[planned.code],
    }
    return (EffectWanted(kind, body, purpose="contact"),)


def _work_items(planned: Plan) -> tuple[WorkItemWanted, ...]:
    items = []
    if planned.desk_task and planned.code is not None:
        items.append(WorkItemWanted(WorkItemKind.NO_CONTACT, TASK_TEXT[planned.code]))
    if planned.code is Code.ENDED_ELSEWHERE:
        sentence = "Somebody ended the reminders at Relatient. Enroll by hand if they should go on."
        items.append(WorkItemWanted(WorkItemKind.ENDED_ELSEWHERE, sentence))
    return tuple(items)


def _look_again(
    snapshot: Snapshot, code: Code, reply_effects: tuple[EffectWanted, ...], now: datetime
) -> datetime | None:
    """When the passing of time alone changes the answer: too late to begin, then over.

    Of a closed visit only the open slot is left, until it is too late to offer it.
    """
    starts_at, settings = snapshot.appointment.starts_at, snapshot.settings
    if starts_at is None:
        return None
    moments: tuple[datetime, ...] = (
        starts_at - timedelta(hours=settings.too_late_hours),
        starts_at,
    )
    if _closed(code):
        offered = any(e.kind is EffectKind.WAITLIST_NOTICE for e in reply_effects)
        too_late = starts_at - timedelta(hours=settings.waitlist_notice_hours)
        moments = (too_late, starts_at) if offered else ()
    return next((moment for moment in moments if moment > now), None)
