"""The words of docs/decision-table.md, each with the one way in which it is brought about.

The same words as tests/unit/domain/situations.py, but done at the vendors: DESCRIBE is what
athenahealth and the practice hold, EARLIER what happened before the visit was booked, BEGIN how
far the loop was run, CHANGE what then happened. Within each the order is that of the row.
"""

from __future__ import annotations

from campaigns.domain.values import InstructionKind
from tests.scenarios import decision_events as events
from tests.scenarios.decision_descriptions import DESCRIBE, Do
from tests.scenarios.decision_stage import CMP, CMP_HIGH, Stage, a_rule
from tests.scenarios.shared_clinic import SharedClinic

NOT_AT_A_VENDOR = {
    "guarantor-landline": (
        "athenahealth's record has one phone of the guarantor, guarantorphone, and does not say "
        "that it is a landline."
    ),
}

# After these everything that follows was done already, or nothing is news about the visit itself.
NO_NEWS = frozenset(
    {
        *("completed", "updated", "told", "cancelled-by-answer", "link", "no-link"),
        "row-unreadable-twice",
        *("not-found", "not-found-twice"),
        # An hour that passes.
        "no-link-an-hour-ago",
    }
)

EARLIER: dict[str, Do] = {
    "sibling-unread": events.another_visit_enrolled,
    "two-records": events.two_records,
}

BEGIN: dict[str, Do] = {
    "enrolled": events.enrolled,
    "enrolling": events.enrolling,
    "enroll-refused": events.enroll_refused,
    "ended-elsewhere": events.ended_elsewhere,
    "lineage-enrolled": events.replacing_an_enrolled_row,
    "lineage-ended": events.replacing_an_ended_row,
}

CHANGE: dict[str, Do] = {
    "completed": events.completed,
    "moved": events.moved,
    "starts-in-1h": events.starts_in(hours=1),
    "past": events.starts_in(hours=-1),
    "updated": events.updated,
    "told": events.told,
    "lineage-end-refused": events.lineage_end_refused,
    "cancelled": events.cancelled,
    "rescheduled": events.rescheduled,
    "checked-in": events.at_the_desk("checkin"),
    "no-show": events.at_the_desk("noshow"),
    "took-place": events.at_the_desk("checkout"),
    "confirmed": events.visit_changed(confirmation="2"),
    "stopped": events.told_by_staff(InstructionKind.STOPPED),
    "by-hand": events.told_by_staff(InstructionKind.ENROLLED, CMP),
    "no-rule": events.mapping_changed(),
    "other-campaign": events.mapping_changed(a_rule(CMP_HIGH)),
    "campaign-off": events.campaign_off,
    "inactive": events.patient_changed(status="inactive"),
    "born-ahead": events.patient_changed(dob="01/15/2062"),
    "row-unreadable": events.row_unreadable,
    "row-unreadable-twice": events.row_unreadable_twice,
    "not-found": events.not_found,
    "not-found-a-while-ago": events.not_found_a_while_ago,
    "not-found-twice": events.not_found_twice,
    "new-email": events.patient_changed(email="new@example.org"),
    "written-to": events.written_to,
    "speaks-spanish-now": events.patient_changed(language6392code="spa"),
    "change-held": events.held(a_rule(CMP_HIGH)),
    "exclusion-held": events.held(a_rule(None)),
    "link": events.link,
    "no-link": events.no_link,
    "no-link-an-hour-ago": events.no_link_an_hour_ago,
    "link-required": events.configured("telehealth_link_required=true"),
    "compare": events.events_lost,
    "second-enrollment": events.second_enrollment,
    "relatient-paused": events.relatient_paused,
    "sibling-enrolled": events.sibling_enrolled,
    "other-cancelled-by-answer": events.other_cancelled_by_answer,
    "missed-180-days-ago": events.missed(180),
    "missed-181-days-ago": events.missed(181),
    "missed-same-day": events.missed(0),
    "stop-sms": events.stop("sms"),
    "stop-email": events.stop("email"),
    "stop-voice": events.stop("voice"),
    "cancelled-by-answer": events.cancelled_by_answer,
    "says-yes": events.says("confirmed"),
    "says-no": events.says("cancelled"),
    "says-move": events.says("reschedule_requested"),
    "says-words": events.says("unrecognized"),
    "says-no-but-comes": events.says("cancelled", text="No worries, see you then"),
    "says-yes-and-more": events.says("confirmed", text="C but please call me"),
}


def staged(clinic: SharedClinic, words: list[str]) -> Stage:
    """The row of these words, ready to be looked at."""
    stage = Stage(clinic, words)
    _do(DESCRIBE, stage)
    stage.write_mapping()
    stage.register()
    _do(EARLIER, stage)
    stage.arrive()
    if any(word.startswith("says-") for word in words) and not BEGIN.keys() & set(words):
        events.enrolled(stage)
    _do(BEGIN, stage)
    _do(CHANGE, stage)
    stage.hear()
    return stage


def _do(table: dict[str, Do], stage: Stage) -> None:
    for word in stage.words:
        if word in table:
            table[word](stage)
