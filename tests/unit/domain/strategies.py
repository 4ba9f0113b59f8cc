"""Any snapshot that the database could hold: odd on purpose, but never self-contradictory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from campaigns.domain.snapshot import (
    Consent,
    Contact,
    EffectFacts,
    EnrollmentFacts,
    Instruction,
    PatientFacts,
    Provider,
    ReplyFacts,
    Rule,
    Sibling,
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
    ReplyOutcome,
    Vendor,
)
from tests.unit.domain import snapshots as plain


def usually(plain_value: Any, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly the plain value: were everything odd at once, nothing would ever be enrolled."""
    return st.integers(0, 5).flatmap(lambda die: odd if die == 5 else st.just(plain_value))


BOOLEANS = st.booleans()
SELDOM = st.sampled_from([False] * 5 + [True])
FLAGS = st.sampled_from([None, True, False])
CHANNELS = st.sampled_from(Channel)
CAMPAIGNS = st.sampled_from([*plain.LIBRARY, "cmp_gone"])
PHONES = st.sampled_from(["", plain.MOBILE, plain.HOME, plain.TOLL_FREE, "junk", "+442079460018"])
EMAILS = st.sampled_from(["", "ada@example.org", "none", "a@b", "two@at@signs.org"])
ZONES = st.sampled_from(["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "UTC"])


def _from_now(minutes: int) -> datetime:
    return plain.NOW + timedelta(minutes=minutes)


MOMENTS = st.integers(-60 * 24 * 30, 60 * 24 * 90).map(_from_now)
PAST = st.integers(-60 * 24 * 30, 0).map(_from_now)
STARTS = usually(plain.START, st.one_of(st.none(), MOMENTS))

CONTACTS = st.builds(
    Contact,
    name=st.just("Ida"),
    mobile_phone=PHONES,
    home_phone=PHONES,
    email=EMAILS,
    is_self=BOOLEANS,
    may_guard=BOOLEANS,
)
CONSENTS = st.builds(
    Consent, channel=CHANNELS, state=st.sampled_from(["opted_in", "opted_out"]), at=MOMENTS
)
PATIENTS = st.builds(
    PatientFacts,
    external_id=st.just("55"),
    read_at=usually(plain.NOW, st.none()),
    history_read_at=usually(plain.NOW, st.one_of(st.none(), PAST)),
    date_of_birth=st.sampled_from([plain.ADULT, plain.ADULT, plain.CHILD, plain.TEENAGER, None]),
    active=usually(True, st.just(False)),
    mobile_phone=usually(plain.MOBILE, PHONES),
    home_phone=PHONES,
    work_phone=PHONES,
    email=EMAILS,
    email_declined=SELDOM,
    consent_to_text=usually(True, FLAGS),
    consent_to_call=FLAGS,
    do_not_call=FLAGS,
    wants=st.dictionaries(CHANNELS, FLAGS),
    preference_hint=st.one_of(st.none(), CHANNELS),
    language_code=st.sampled_from(["", "eng", "spa", "declined", "junk", "fra", "es-MX"]),
    guarantor=CONTACTS,
    emergency=CONTACTS,
    relatient_id=st.sampled_from(["", "rp1"]),
    consents=st.lists(CONSENTS, max_size=3).map(tuple),
    no_shows=st.lists(st.dates(date(2025, 6, 1), date(2026, 6, 1)), max_size=3).map(tuple),
    reread_wanted=SELDOM,
)
ONE = (Provider("71", "Dr. Okafor"),)
TWO = (*ONE, Provider("72", "Dr. Lindqvist"))
APPOINTMENTS = st.builds(
    plain.an_appointment,
    starts_at=STARTS,
    time_zone=ZONES,
    status=usually(AppointmentStatus.SCHEDULED, st.sampled_from(AppointmentStatus)),
    type_id=st.sampled_from(["82", "91"]),
    modality=st.sampled_from(Modality),
    providers=usually(ONE, st.sampled_from([(), TWO])),
    confidential=BOOLEANS,
    on_cancel=st.sampled_from(OnCancel),
    confirmation=st.sampled_from(Confirmation),
    secondary=BOOLEANS,
    first_seen_at=st.one_of(st.none(), PAST),
    reread_wanted=SELDOM,
    join_url=st.sampled_from(["", "https://visit.example.org/1"]),
    join_read_at=st.one_of(st.none(), PAST),
    scheduled_at=st.one_of(st.none(), PAST),
)
RULES = st.lists(
    st.builds(
        Rule,
        id=st.integers(1, 99),
        type_id=st.sampled_from(["82", "91", "*"]),
        modality=st.sampled_from(["in_person", "telehealth", "any"]),
        risk=st.sampled_from(["standard", "enhanced", "any"]),
        language=st.sampled_from(["en", "es", "any", "no language", "es-MX"]),
        campaign=st.one_of(st.just(""), CAMPAIGNS),
    ),
    max_size=5,
    unique_by=lambda rule: rule.id,
).map(lambda odd: (*odd, plain.a_rule(id=100)))
LIBRARIES = st.sets(CAMPAIGNS, max_size=2).map(
    lambda off: {id_: replace(one, active=id_ not in off) for id_, one in plain.LIBRARY.items()}
)
SETTINGS = st.builds(
    plain.settings,
    time_zone=ZONES,
    language=st.sampled_from(["en", "es"]),
    too_late_hours=st.integers(0, 24),
    risk_threshold=st.integers(1, 3),
    landline_calls_ok=BOOLEANS,
    several_providers=st.sampled_from(["first", "general"]),
    general_campaign=st.one_of(st.just(""), CAMPAIGNS),
    general_provider=st.sampled_from(["", "79"]),
    desk_task=st.sampled_from(["patient_case", "schedule_note"]),
    waitlist_phone=st.sampled_from(["", "+16172279999"]),
    cancel_reason_id=st.sampled_from(["", "7"]),
    cancel_reason_frees_slot=BOOLEANS,
    confirmed_status_id=st.sampled_from(["", "1"]),
    telehealth_link_required=SELDOM,
)
INSTRUCTIONS = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.builds(Instruction, st.just(InstructionKind.ENROLLED), campaign=CAMPAIGNS, at=MOMENTS),
    st.builds(
        Instruction,
        st.sampled_from([InstructionKind.PAUSED, InstructionKind.STOPPED]),
        campaign=st.just(""),
        at=MOMENTS,
    ),
)
REPLIES = st.lists(
    st.builds(
        ReplyFacts,
        id=st.integers(1, 9),
        kind=st.sampled_from(ReplyKind),
        occurred_at=MOMENTS,
        seq=st.integers(0, 3),
        told_starts_at=st.one_of(st.none(), st.just(plain.START), MOMENTS),
        outcome=st.sampled_from([*[ReplyOutcome.PENDING] * 4, *ReplyOutcome]),
        by_staff=BOOLEANS,
        hold_until=usually(None, MOMENTS),
    ),
    max_size=3,
    unique_by=lambda reply: reply.id,
).map(tuple)
SIBLINGS = st.lists(
    st.builds(
        Sibling,
        appointment_id=st.just(7),
        external_id=st.just("1007"),
        starts_at=STARTS,
        status=st.sampled_from(AppointmentStatus),
        enrolled=BOOLEANS,
        read_at=st.one_of(st.none(), PAST),
        cancelled_by_patient=BOOLEANS,
    ),
    max_size=1,
).map(tuple)
PAUSED = st.sets(st.sampled_from(Vendor), max_size=1).map(frozenset)

HELD = plain.an_enrollment(plain.a_snapshot())
HELD_KIND = {
    "type": "82",
    "modality": "in_person",
    "risk": "standard",
    "language": "en",
    "general": "",
    "by_hand": "",
}
OVER = (EnrollmentStatus.COMPLETED, EnrollmentStatus.CANCELLED, EnrollmentStatus.FAILED)
UNBEGUN = (EnrollmentStatus.WANTED, EnrollmentStatus.ENROLLING)
# An enrollment in one of these has, in the outbox, the effect that it waits for.
WAITS_FOR = {
    EnrollmentStatus.WANTED: (EffectKind.ENROLL, EffectStatus.QUEUED),
    EnrollmentStatus.ENROLLING: (EffectKind.ENROLL, EffectStatus.UNKNOWN),
    EnrollmentStatus.CANCELLING: (EffectKind.CANCEL_ENROLLMENT, EffectStatus.CLAIMED),
}
ENROLLMENTS = st.builds(
    EnrollmentFacts,
    id=st.just(0),
    appointment_id=st.just(1),
    generation=st.just(0),
    campaign=usually(plain.CMP, CAMPAIGNS),
    status=st.sampled_from(EnrollmentStatus),
    vendor_state=st.just(HELD.vendor_state),
    last_announced=st.sampled_from([HELD.last_announced, None]),
    ended_elsewhere=BOOLEANS,
    ended_at=PAST,
    resend_dropped=BOOLEANS,
    route=st.sampled_from([{}, HELD_KIND, {**HELD_KIND, "risk": "enhanced"}]),
    messaged=BOOLEANS,
    foreign=SELDOM,
    created_at=PAST,
    reread_wanted=SELDOM,
)
_BESIDE = EnrollmentStatus.ACTIVE
OWN = st.lists(ENROLLMENTS, max_size=2)
EARLIER = st.lists(ENROLLMENTS, max_size=1)
BESIDE = st.lists(ENROLLMENTS.map(lambda e: replace(e, status=_BESIDE)), max_size=1)


def histories(
    own: list[EnrollmentFacts], earlier: list[EnrollmentFacts], beside: list[EnrollmentFacts]
) -> dict[str, Any]:
    """Enrollments of the appointment and of the one it replaced, with the effects they wait for,
    and at times a second one at Relatient beside the own ones."""
    rows = [_possible(row, number, own) for number, row in enumerate(own, start=1)]
    rows += [replace(_possible(row, 9, earlier), appointment_id=5) for row in earlier]
    rows += [replace(_possible(row, 8, beside), surplus=True) for row in beside]
    waiting = [row for row in rows if row.status in WAITS_FOR]
    effects = [_awaited(row, number) for number, row in enumerate(waiting, start=1)]
    return {"enrollments": tuple(rows), "effects": tuple(effects)}


def _possible(row: EnrollmentFacts, number: int, rows: list[EnrollmentFacts]) -> EnrollmentFacts:
    """Only the newest generation may be live, and only what was cancelled ended elsewhere."""
    status = row.status
    if row is not rows[-1] and status not in OVER:
        status = EnrollmentStatus.CANCELLED
    begun = status not in UNBEGUN
    return replace(
        row,
        id=number,
        generation=number,
        status=status,
        vendor_state=row.vendor_state if begun else None,
        vendor_id=f"e{number}" if begun else "",
        last_announced=row.last_announced if begun else None,
        ended_elsewhere=row.ended_elsewhere and status is EnrollmentStatus.CANCELLED,
        ended_at=row.ended_at if status in OVER else None,
    )


def _awaited(row: EnrollmentFacts, number: int) -> EffectFacts:
    kind, status = WAITS_FOR[row.status]
    body: dict[str, Any] = {"reason": "superseded"}
    if kind is EffectKind.ENROLL:
        body = {"patient": "rp1", "campaign": row.campaign, "reminder": HELD.vendor_state}
    return plain.an_effect(
        kind,
        status,
        id=number,
        body=body,
        appointment_id=row.appointment_id,
        enrollment_id=row.id,
        attempts=0 if status is EffectStatus.QUEUED else 1,
    )


SNAPSHOTS = st.builds(
    lambda own, earlier, beside, **facts: Snapshot(**facts, **histories(own, earlier, beside)),
    own=OWN,
    earlier=EARLIER,
    beside=BESIDE,
    settings=SETTINGS,
    appointment=APPOINTMENTS,
    patient=PATIENTS,
    rules=RULES,
    campaigns=LIBRARIES,
    replies=REPLIES,
    instruction=INSTRUCTIONS,
    siblings=SIBLINGS,
    paused=PAUSED,
    provider_names=st.just({"79": "The practice"}),
    rules_before=usually(None, RULES),
    all_move_since=usually(None, PAST),
)
