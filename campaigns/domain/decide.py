"""The decision: everything known in, everything to be written down out. Pure and total.

status -> patient and time -> recipient and channels -> risk, language, rule -> staff ->
provider -> campaign -> difference from what is -> replies
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from campaigns.domain.booked_twice import ask_about_both
from campaigns.domain.coverage import Code, State, state_of
from campaigns.domain.decision import Decision, Finding, Plan
from campaigns.domain.desired_enrollment import plan
from campaigns.domain.effects import EffectWanted, WorkItemWanted, instant
from campaigns.domain.enrollment_diff import Difference, ask, difference
from campaigns.domain.replies import ReplyVerdicts, judge_replies
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import (
    PASSING_ITEMS,
    AppointmentStatus,
    Channel,
    EffectKind,
    EffectStatus,
    WorkItemKind,
)
from campaigns.domain.visit_status import over_at

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

NOT_ENDED = (
    "The reminders of this visit could not be ended at Relatient and may go on. Call the patient, "
    "and ask an admin to try again."
)

NOT_FOUND = (
    "athenahealth does not know this visit any more, so its reminders have ended. Check there, and "
    "call the patient if needed."
)

# Codes for which a work item stays open for as long as the visit has them.
TO_SEE_TO: dict[Code, tuple[WorkItemKind, str]] = {
    Code.ENDED_ELSEWHERE: (
        WorkItemKind.ENDED_ELSEWHERE,
        "Somebody ended the reminders at Relatient. Enroll by hand if they should go on.",
    ),
    Code.PATIENT_AMBIGUOUS: (
        WorkItemKind.PATIENT_AMBIGUOUS,
        "Relatient holds two records of this patient. Have them merged there, then try again.",
    ),
    Code.TELEHEALTH_LINK_MISSING: (
        WorkItemKind.TELEHEALTH_LINK,
        "athenahealth has no link for this video visit today. Send the patient one, or call.",
    ),
}


def decide(snapshot: Snapshot, now: datetime) -> Decision:
    """One coverage code, the effects, the outcomes of replies, and when to look again."""
    snapshot, released_at = _released(snapshot, now)
    planned = plan(snapshot, now)
    found = difference(snapshot, planned)
    replies = judge_replies(snapshot, now)
    code = _code(planned, found)
    tasks = _desk_task(snapshot, planned)
    not_ended = _not_ended(snapshot, found, now)
    # Of a closed visit nothing else has to be looked at again, and the item ends with the visit.
    ends_at = over_at(snapshot.appointment) if not_ended else None
    again = _look_again(snapshot, planned, code, replies, now)
    return Decision(
        code=code,
        campaign=planned.campaign,
        route=planned.route,
        findings=(*planned.findings, _last_finding(found, code)),
        effects=(*_reread(snapshot, planned), *found.effects, *tasks, *replies.effects),
        replies=replies.verdicts,
        work_items=(
            *_work_items(planned, code),
            *_stopped(snapshot, planned),
            *not_ended,
            *_not_found(snapshot, now),
            *ask_about_both(snapshot, now),
            *replies.work_items,
        ),
        look_again_at=_soonest(again, released_at, ends_at),
        reach=planned.reach,
    )


def _released(snapshot: Snapshot, now: datetime) -> tuple[Snapshot, datetime | None]:
    """The snapshot without call outcomes that the desk may still take back, and when the first of
    these becomes final.
    """
    held = [r.hold_until for r in snapshot.replies if r.hold_until and r.hold_until > now]
    if not held:
        return snapshot, None
    free = (r for r in snapshot.replies if r.hold_until is None or r.hold_until <= now)
    return replace(snapshot, replies=tuple(free)), min(held)


def _soonest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _code(planned: Plan, found: Difference) -> Code:
    failed = found.code is not None and state_of(found.code) is State.FAILED
    if planned.reminder is not None and not failed:
        # The visit keeps its campaign, but somebody has to know.
        if planned.held:
            return Code.HELD_FOR_APPROVAL
        if planned.link_missing and found.code is None:
            return Code.TELEHEALTH_LINK_MISSING
    if planned.code is not None and not planned.keep:
        # An end that was refused is what somebody has to see to, unless the visit itself is over.
        return found.code if found.code and failed and not _closed(planned.code) else planned.code
    return found.code or planned.code or Code.ENROLLED


def _closed(code: Code) -> bool:
    return state_of(code) is State.CLOSED


def _last_finding(found: Difference, code: Code) -> Finding:
    kinds = ", ".join(effect.kind.value for effect in found.effects)
    return Finding("difference", kinds or "nothing to change", code.value)


def _reread(snapshot: Snapshot, planned: Plan) -> tuple[EffectWanted, ...]:
    """Reads that are owed beside those that an enrollment needs.

    Two earlier reads overlapped and nobody can say which is newer; or Relatient may hold something
    else than Kept thinks; or the link to a video visit is there from today on.
    """
    owed = [
        EffectWanted(EffectKind.READ_ENROLLMENT, purpose="compare", enrollment_id=enrollment.id)
        for enrollment in snapshot.compared
    ]
    if planned.link.read is not None:
        owed.append(planned.link.read)
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
    # In whichever of the two ways: a changed setting is no reason to ask the desk twice.
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


def _work_items(planned: Plan, code: Code) -> tuple[WorkItemWanted, ...]:
    items = []
    if code in TO_SEE_TO:
        items.append(WorkItemWanted(*TO_SEE_TO[code]))
    elif planned.link_missing:
        items.append(WorkItemWanted(*TO_SEE_TO[Code.TELEHEALTH_LINK_MISSING]))
    if planned.unreadable:
        what = " and the ".join(planned.unreadable)
        sentence = f"In athenahealth the {what} cannot be read. Correct it there."
        items.append(WorkItemWanted(WorkItemKind.RECORD_UNREADABLE, sentence))
    if planned.desk_task and planned.code is not None:
        items.append(WorkItemWanted(WorkItemKind.NO_CONTACT, TASK_TEXT[planned.code]))
    return tuple(items)


# What somebody asks for no more of, by the channel, and where they are reached by it.
_MESSAGES = {
    Channel.SMS: ("texts", "number"),
    Channel.EMAIL: ("email", "address"),
    Channel.VOICE: ("automatic calls", "number"),
}


def _stopped(snapshot: Snapshot, planned: Plan) -> tuple[WorkItemWanted, ...]:
    """The item that says who wants no more messages: another patient's word, or the patient's own
    since this visit was booked. What Kept read from an answer is said with that answer.
    """
    booked = snapshot.appointment.first_seen_at
    for channel, no in planned.stops.items():
        what, where = _MESSAGES[channel]
        if not no.own:
            sentence = (
                f"Somebody at the same {where} asked for no more {what}, so none go there. "
                "Ask whether that is meant for this visit too."
            )
        elif no.at_relatient and booked is not None and no.at >= booked:
            sentence = f"The person we write to asked for no more {what}. Call them if needed."
        else:
            continue
        kind = WorkItemKind.TEXTS_STOPPED
        return (WorkItemWanted(kind, sentence, occasion=f"{channel.value} {instant(no.at)}"),)
    return ()


def _not_ended(snapshot: Snapshot, found: Difference, now: datetime) -> tuple[WorkItemWanted, ...]:
    """The item for reminders that should have ended and may go on: the vendor refused, or nobody
    could learn whether it was done.
    """
    own = (*snapshot.own_enrollments, *snapshot.surplus)
    live = {enrollment.id for enrollment in own if enrollment.is_live}
    ends = {
        effect.status
        for effect in snapshot.effects
        if effect.kind is EffectKind.CANCEL_ENROLLMENT and effect.enrollment_id in live
    }
    # What was refused once may be wanted no more.
    refused = found.code is not None and state_of(found.code) is State.FAILED
    stuck = EffectStatus.PARKED in ends or (refused and EffectStatus.REJECTED in ends)
    if not stuck or over_at(snapshot.appointment) <= now:
        return ()
    return (WorkItemWanted(WorkItemKind.REMINDERS_NOT_ENDED, NOT_ENDED),)


def _not_found(snapshot: Snapshot, now: datetime) -> tuple[WorkItemWanted, ...]:
    """The item for a visit that athenahealth does not know any more, while it would be ahead."""
    visit, kind = snapshot.appointment, WorkItemKind.VISIT_NOT_FOUND
    if visit.status is not AppointmentStatus.NOT_FOUND or over_at(visit) <= now:
        return ()
    since = instant(visit.not_found_at) if visit.not_found_at else ""
    return (WorkItemWanted(kind, NOT_FOUND, occasion=since),)


def _look_again(
    snapshot: Snapshot, planned: Plan, code: Code, replies: ReplyVerdicts, now: datetime
) -> datetime | None:
    """When the passing of time alone changes the answer: too late to begin, then over.

    A video visit's link comes on its day. Of a closed visit only the open slot is left, until it
    is too late to offer it, and what the desk is told of one that was not found.
    """
    settings, over = snapshot.settings, over_at(snapshot.appointment)
    if _closed(code):
        offered = any(e.kind is EffectKind.WAITLIST_NOTICE for e in replies.effects)
        listed = any(item.kind in PASSING_ITEMS for item in replies.work_items)
        too_late = over - timedelta(hours=settings.waitlist_notice_hours)
        lost = code is Code.NOT_FOUND
        moments = [too_late, over] if offered or listed else [over] if lost else []
    else:
        moments = [over - timedelta(hours=settings.too_late_hours), over]
    moments += [at for at in (planned.link.next_at, planned.wait_until) if at is not None]
    return min((moment for moment in moments if moment > now), default=None)
