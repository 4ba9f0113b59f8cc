"""For each code of the ledger a visit that stands there: the words of the decision table, or more.

Where the words of one row lead to the code, they are enough. The others need a vendor that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from campaigns.domain.coverage import Code
from campaigns.models import Effect
from tests.scenarios.decision_stage import Stage
from tests.scenarios.decision_words import staged
from tests.scenarios.shared_clinic import SharedClinic

ENROLL = "/relatient/v1/enrollments$"


@dataclass(frozen=True)
class Example:
    """The words of the row, and what then happens before the look."""

    words: str = ""
    then: Callable[[Stage], None] = lambda stage: None


def overloaded(stage: Stage) -> None:
    """Relatient asks to come back in an hour."""
    stage.clinic.fault(
        kind="status", status=429, method="POST", path=ENROLL, headers={"Retry-After": "3600"}
    )
    stage.clinic.run(stage.visit)


def key_refused(stage: Stage) -> None:
    """Relatient does not accept the key any more; the connection is paused by that."""
    stage.clinic.control("settings", {"relatient_api_key": "another"})
    stage.clinic.run(stage.visit)


def nobody_knows(stage: Stage) -> None:
    """Relatient broke off the answer, hours ago, and has been silent since."""
    stage.clinic.slow_retries()
    stage.clinic.fault(kind="reset_before", method="POST", path=ENROLL, times=9)
    stage.clinic.run(stage.visit)
    hours_ago = datetime.now(UTC) - timedelta(hours=5)
    Effect.objects.filter(kind="enroll", status="unknown").update(
        unknown_since=hours_ago, first_attempt_at=hours_ago, next_attempt_at=hours_ago
    )
    stage.clinic.run(stage.visit)


EXAMPLES: dict[Code, Example] = {
    Code.AWAITING_PATIENT: Example("patient-unread"),
    Code.AWAITING_HISTORY: Example("history-unread"),
    Code.EFFECT_IN_FLIGHT: Example("enrolling"),
    Code.WAITING_TO_RETRY: Example(then=overloaded),
    Code.CONNECTION_PAUSED: Example("relatient-paused"),
    Code.HELD_FOR_APPROVAL: Example("enrolled change-held"),
    Code.ENROLLED: Example("enrolled"),
    Code.NO_RULE: Example("french spanish-rule"),
    Code.TYPE_EXCLUDED: Example("type-excluded"),
    Code.OPTED_OUT: Example("enrolled stop-sms stop-email stop-voice"),
    Code.TOO_LATE: Example("starts-in-1h"),
    Code.PATIENT_INACTIVE: Example("inactive"),
    Code.SECONDARY_RESOURCE: Example("secondary sibling-enrolled"),
    Code.STOPPED_BY_STAFF: Example("enrolled stopped"),
    Code.NO_CONTACT_CHANNEL: Example("no-mobile no-email"),
    Code.GUARDIAN_CONTACT_MISSING: Example("child guarantor-is-self"),
    Code.TELEHEALTH_LINK_MISSING: Example("video video-campaign today link-required no-link"),
    Code.CAMPAIGN_INACTIVE: Example("campaign-off"),
    Code.NO_PROVIDER: Example("no-provider"),
    Code.PATIENT_AMBIGUOUS: Example("two-records"),
    Code.TIME_ZONE_UNKNOWN: Example("no-zone"),
    Code.ENDED_ELSEWHERE: Example("ended-elsewhere"),
    Code.RECORD_UNREADABLE: Example("enrolled row-unreadable-twice"),
    Code.VENDOR_REJECTED: Example("enroll-refused"),
    Code.CREDENTIALS_REJECTED: Example(then=key_refused),
    Code.OUTCOME_UNKNOWN: Example(then=nobody_knows),
    Code.CANCELLED: Example("enrolled cancelled"),
    Code.RESCHEDULED: Example("enrolled rescheduled"),
    Code.NO_SHOW: Example("enrolled no-show"),
    Code.CHECKED_IN: Example("enrolled checked-in"),
    Code.COMPLETED: Example("enrolled took-place"),
    Code.OUTCOME_NOT_RECORDED: Example("enrolled past"),
    Code.NOT_FOUND: Example("enrolled not-found-twice"),
}


def brought_to(code: Code, clinic: SharedClinic) -> str:
    """A visit that the ledger shows under this code; athenahealth's id of it."""
    example = EXAMPLES[code]
    stage = staged(clinic, example.words.split())
    example.then(stage)
    found, _ = clinic.look(stage.visit)
    assert found == code
    return stage.visit
