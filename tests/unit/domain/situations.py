"""The words of docs/decision-table.md: each changes one thing about the plain visit.

`PREPARE` words say what was so when the visit was enrolled or asked about, `CHANGE` words what
came later; a row may use both, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from campaigns.domain.decide import decide
from campaigns.domain.desired_enrollment import plan
from campaigns.domain.snapshot import (
    BIRTH_DATE,
    DEATH_DATE,
    Contact,
    EnrollmentFacts,
    Snapshot,
)
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    OnCancel,
    ReplyKind,
    System,
)
from tests.unit.domain import snapshots as plain

Change = Callable[[Snapshot], Snapshot]


def visit(**fields: Any) -> Change:
    return lambda s: replace(s, appointment=replace(s.appointment, **fields))


def patient(**fields: Any) -> Change:
    return lambda s: replace(s, patient=replace(s.patient, **fields))


def born(*readings: date) -> Change:
    """A date of birth that is not written as it should be."""
    return patient(
        date_of_birth=None, unreadable=(BIRTH_DATE,), possible_birth_dates=tuple(readings)
    )


def setting(**fields: Any) -> Change:
    return lambda s: replace(s, settings=replace(s.settings, **fields))


def facts(**fields: Any) -> Change:
    return lambda s: replace(s, **fields)


def starting(moment: Any) -> Change:
    moved = plain.an_appointment(starts_at=moment)
    return visit(starts_at=moment, local_start=moved.local_start)


def own(**fields: Any) -> Change:
    """Changes the appointment's own enrollment."""
    return lambda s: replace(s, enrollments=tuple(replace(e, **fields) for e in s.enrollments))


def enrolled(s: Snapshot) -> Snapshot:
    return replace(s, enrollments=(plain.an_enrollment(s),))


def enrolling(s: Snapshot) -> Snapshot:
    row = plain.an_enrollment(s, EnrollmentStatus.ENROLLING, vendor_state=None, last_announced=None)
    flying = plain.an_effect(EffectKind.ENROLL, EffectStatus.CLAIMED, enrollment_id=1)
    return replace(s, enrollments=(row,), effects=(flying,))


def ended_elsewhere(s: Snapshot) -> Snapshot:
    ended = {"ended_elsewhere": True, "ended_at": plain.NOW - timedelta(hours=1)}
    return replace(s, enrollments=(plain.an_enrollment(s, EnrollmentStatus.CANCELLED, **ended),))


def enroll_refused(s: Snapshot) -> Snapshot:
    (want,) = decide(s, plain.NOW).effects
    said_no = plain.an_effect(
        want.kind, EffectStatus.REJECTED, body=want.body, basis=want.basis, code="invalid"
    )
    return replace(s, effects=(said_no,))


def of_the_old_row(status: EnrollmentStatus) -> Change:
    def change(s: Snapshot) -> Snapshot:
        row: EnrollmentFacts = plain.an_enrollment(s, status, id=9, appointment_id=5)
        return replace(s, enrollments=(row,))

    return change


def updated(s: Snapshot) -> Snapshot:
    return own(vendor_state=plan(s, plain.NOW).reminder)(s)


def told(s: Snapshot) -> Snapshot:
    reminder = plan(s, plain.NOW).reminder
    assert reminder is not None
    return own(last_announced=reminder["visit"])(s)


def says(kind: ReplyKind, text: str = "") -> Change:
    """One more answer, a minute after the one before, about the start that was told first."""

    def change(s: Snapshot) -> Snapshot:
        number = len(s.replies) + 1
        at = plain.NOW - timedelta(minutes=10 - number)
        reply = plain.a_reply(kind, id=number, occurred_at=at, words=text)
        return replace(s, replies=(*s.replies, reply))

    return change


def stop(channel: Channel) -> Change:
    return lambda s: patient(consents=(*s.patient.consents, plain.a_consent(channel)))(s)


def missed(days_before: int) -> Change:
    return patient(no_shows=(plain.START.date() - timedelta(days=days_before),))


def refused_to_end(s: Snapshot) -> Snapshot:
    said_no = plain.an_effect(
        EffectKind.CANCEL_ENROLLMENT, EffectStatus.REJECTED, appointment_id=5, enrollment_id=9
    )
    return replace(s, effects=(said_no,))


def cancelled_by_answer(s: Snapshot) -> Snapshot:
    done = plain.an_effect(EffectKind.CANCEL_APPOINTMENT, EffectStatus.ACCEPTED, response_id=1)
    return replace(s, effects=(done,), replies=(plain.a_reply(ReplyKind.CANCELLED),))


def written_to(s: Snapshot) -> Snapshot:
    """A message went out; the enrollment remembers for what kind of visit it was chosen."""
    route = plan(s, plain.NOW).route
    kind = route.kind if route else {}
    earlier = plain.NOW - timedelta(days=1)
    return own(messaged=True, route=kind, created_at=earlier)(s)


def two_records(s: Snapshot) -> Snapshot:
    unknown = patient(relatient_id="", relatient_state=None)(s)
    (want,) = decide(unknown, plain.NOW).effects
    said_no = plain.an_effect(
        want.kind, EffectStatus.REJECTED, body=want.body, appointment_id=None, code="ambiguous"
    )
    return replace(unknown, effects=(said_no,))


def second_enrollment(s: Snapshot) -> Snapshot:
    beside = plain.an_enrollment(s, id=7, generation=2, vendor_id="e7", surplus=True)
    return replace(s, enrollments=(*s.enrollments, beside))


ENGLISH = plain.a_rule(language="en")
SPANISH = plain.a_rule(plain.CMP_ES, id=2, language="es")
HIGH = plain.a_rule(plain.CMP_HIGH, id=2, risk="enhanced")
STANDARD = plain.a_rule(risk="standard")
OFF = {plain.CMP: replace(plain.LIBRARY[plain.CMP], active=False)}
BY_HAND = plain.an_instruction(InstructionKind.ENROLLED, plain.CMP)
STOPPED = plain.an_instruction(InstructionKind.STOPPED)
MOTHER = Contact(name="Ida", relationship="mother", mobile_phone=plain.HOME)
CANCELLED_BESIDE = plain.a_sibling(
    status=AppointmentStatus.CANCELLED, enrolled=False, cancelled_by_patient=True
)
UNREAD = plain.a_sibling(read_at=plain.NOW - timedelta(days=2), starts_at=None)

PREPARE: dict[str, Change] = {
    "child": patient(date_of_birth=plain.CHILD),
    "teenager": patient(date_of_birth=plain.TEENAGER),
    "adult-by-then": patient(date_of_birth=date(2008, 3, 9)),
    "child-in-any-reading": born(date(2017, 3, 4), date(2017, 4, 3)),
    "child-or-adult": born(date(1917, 3, 4), date(2017, 3, 4)),
    "died-unreadably": patient(active=False, unreadable=(DEATH_DATE,)),
    "guarantor": patient(guarantor=MOTHER),
    "guarantor-is-self": patient(guarantor=Contact(is_self=True, mobile_phone=plain.MOBILE)),
    "guarantor-landline": patient(guarantor=Contact(name="Ida", home_phone=plain.HOME)),
    "parent": patient(emergency=Contact(name="Una", mobile_phone=plain.HOME, may_guard=True)),
    "neighbour": patient(emergency=Contact(name="Bob", mobile_phone=plain.HOME)),
    "confidential": visit(confidential=True),
    "no-mobile": patient(mobile_phone=""),
    "no-email": patient(email=""),
    "landline": patient(home_phone=plain.HOME),
    "landlines-called": setting(landline_calls_ok=True),
    "no-text-consent": patient(consent_to_text=None),
    "do-not-call": patient(do_not_call=True),
    "spanish": patient(language_code="spa"),
    "french": patient(language_code="fre"),
    "video": visit(modality=Modality.TELEHEALTH),
    "secondary": visit(secondary=True),
    "no-zone": visit(starts_at=None, time_zone=""),
    "no-provider": visit(providers=()),
    "general-provider": setting(general_provider="79"),
    "ask-first": visit(on_cancel=OnCancel.ASK),
    "no-waitlist": setting(waitlist_phone=""),
    "type-excluded": facts(rules=(plain.a_rule(""),)),
    "office-campaign": facts(rules=(plain.a_rule(plain.CMP_OFFICE),)),
    "video-campaign": facts(rules=(plain.a_rule(plain.CMP_VIDEO),)),
    "sms-campaign": facts(rules=(plain.a_rule(plain.CMP_SMS),)),
    "english-rule": facts(rules=(plain.a_rule(language="en"),)),
    "spanish-rule": facts(rules=(plain.a_rule(language="es"),)),
    "only-standard-rule": facts(rules=(STANDARD,)),
    "two-rules": facts(rules=(STANDARD, HIGH)),
    "two-languages": facts(rules=(ENGLISH, SPANISH)),
    "today": starting(plain.NOW + timedelta(hours=5)),
    "slots-not-freed": setting(cancel_reason_frees_slot=False),
}
BEGIN: dict[str, Change] = {
    "enrolled": enrolled,
    "enrolling": enrolling,
    "enroll-refused": enroll_refused,
    "ended-elsewhere": ended_elsewhere,
    "lineage-enrolled": of_the_old_row(EnrollmentStatus.ACTIVE),
    "lineage-ended": of_the_old_row(EnrollmentStatus.CANCELLED),
    "two-records": two_records,
}
CHANGE: dict[str, Change] = {
    "completed": own(status=EnrollmentStatus.COMPLETED),
    "moved": starting(plain.START + timedelta(days=1)),
    "starts-in-1h": starting(plain.NOW + timedelta(hours=1)),
    "past": starting(plain.NOW - timedelta(hours=1)),
    "updated": updated,
    "told": told,
    "written-to": written_to,
    "speaks-spanish-now": patient(language_code="spa"),
    "all-move": facts(all_move_since=plain.NOW),
    "change-held": facts(rules=(plain.a_rule(plain.CMP_HIGH),), rules_before=(plain.a_rule(),)),
    "exclusion-held": facts(rules=(plain.a_rule(""),), rules_before=(plain.a_rule(),)),
    "link": visit(join_url="https://visit.example.org/1", join_read_at=plain.NOW),
    "no-link": visit(join_read_at=plain.NOW),
    "no-link-an-hour-ago": visit(join_read_at=plain.NOW - timedelta(hours=1)),
    "link-required": setting(telehealth_link_required=True),
    "compare": own(reread_wanted=True),
    "second-enrollment": second_enrollment,
    "day-gone-without-zone": visit(
        starts_at=None, time_zone="", local_start=plain.NOW - timedelta(hours=12)
    ),
    "lineage-end-refused": refused_to_end,
    "cancelled": visit(status=AppointmentStatus.CANCELLED),
    "rescheduled": visit(status=AppointmentStatus.RESCHEDULED, replaced_by="1002"),
    "checked-in": visit(status=AppointmentStatus.CHECKED_IN),
    "no-show": visit(status=AppointmentStatus.NO_SHOW),
    "took-place": visit(status=AppointmentStatus.COMPLETED),
    "confirmed": visit(confirmation=Confirmation.CONFIRMED),
    "stopped": facts(instruction=STOPPED),
    "by-hand": facts(instruction=BY_HAND),
    "no-rule": facts(rules=()),
    "other-campaign": facts(rules=(plain.a_rule(plain.CMP_HIGH),)),
    "campaign-off": facts(campaigns=OFF),
    "inactive": patient(active=False),
    "born-ahead": patient(date_of_birth=date(2062, 1, 15)),
    "row-unreadable": visit(unreadable="status", unreadable_since=plain.NOW),
    "row-unreadable-twice": visit(
        unreadable="status", unreadable_since=plain.NOW, unreadable_twice=True
    ),
    "not-found": visit(not_found_at=plain.NOW - timedelta(minutes=14)),
    "not-found-a-while-ago": visit(not_found_at=plain.NOW - timedelta(minutes=15)),
    "not-found-twice": visit(
        status=AppointmentStatus.NOT_FOUND, not_found_at=plain.NOW - timedelta(minutes=16)
    ),
    "new-email": patient(email="new@example.org"),
    "patient-unread": patient(read_at=None),
    "history-unread": patient(history_read_at=None),
    "unknown-at-relatient": patient(relatient_id="", relatient_state=None),
    "relatient-paused": facts(paused=frozenset({System.ENGAGEMENT})),
    "sibling-enrolled": facts(siblings=(plain.a_sibling(),)),
    "other-cancelled-by-answer": facts(siblings=(CANCELLED_BESIDE,)),
    "sibling-unread": facts(siblings=(UNREAD,)),
    "missed-180-days-ago": missed(180),
    "missed-181-days-ago": missed(181),
    "missed-same-day": missed(0),
    "stop-sms": stop(Channel.SMS),
    "stop-email": stop(Channel.EMAIL),
    "stop-voice": stop(Channel.VOICE),
    "cancelled-by-answer": cancelled_by_answer,
    "says-yes": says(ReplyKind.CONFIRMED),
    "says-no": says(ReplyKind.CANCELLED),
    "says-move": says(ReplyKind.RESCHEDULE_REQUESTED),
    "says-words": says(ReplyKind.UNRECOGNIZED),
    "says-no-but-comes": says(ReplyKind.CANCELLED, "No worries, see you then"),
    "says-yes-and-more": says(ReplyKind.CONFIRMED, "C but please call me"),
}


def situation(words: list[str]) -> Snapshot:
    """The plain visit with these words true of it."""
    snapshot = plain.a_snapshot()
    for word in words:
        if word in PREPARE:
            snapshot = PREPARE[word](snapshot)
    snapshot = plain.known_at_relatient(snapshot)
    for word in words:
        if word in BEGIN:
            snapshot = BEGIN[word](snapshot)
    for word in words:
        if word in CHANGE:
            snapshot = CHANGE[word](snapshot)
        elif word not in PREPARE | BEGIN:
            raise KeyError(f"docs/decision-table.md uses {word!r}, which no situation explains")
    return snapshot
