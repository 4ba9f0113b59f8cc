"""Why a visit is on the work list, in a receptionist's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from campaigns.decisions.snapshot import no_shows_of
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.risk import LOWEST, no_shows_before, risk_of
from campaigns.domain.values import AUTOMATIC_ITEMS, Channel, ReplyKind
from campaigns.labels import CHANNELS, REPLIES
from campaigns.local_time import lately
from campaigns.models import Appointment, Enrollment, Practice, Response

Missed = Mapping[int, tuple[date, ...]]


def reasons_of(row: Any, answers: list[Response], now: datetime) -> Iterator[str]:
    """The ledger's sentence, then the patient's answer; what an open item says is not repeated."""
    told = {item.response_id for item in row.open_items}
    said_already = any(item.kind in AUTOMATIC_ITEMS for item in row.open_items)
    heard = next((a for a in answers if not a.by_staff), None)
    if row.coverage_state != State.ENROLLED and not said_already:
        yield sentence_of(Code(row.coverage_code))
    elif row.coverage_state == State.ENROLLED and heard is None:
        yield f"{_silence(row)}{_left(row.starts_at, now)}."
    if heard is not None and heard.outcome_sentence and heard.pk not in told:
        said = REPLIES[ReplyKind(heard.kind)]
        when = lately(heard.occurred_at, row.practice.time_zone, now)
        yield f"{said} {when}. {heard.outcome_sentence}"


def _silence(row: Any) -> str:
    newest: Enrollment | None = next(iter(row.reminders), None)
    if newest is None or newest.messaged_at is None:
        return "Reminders are going out; no answer yet"
    state = newest.vendor_state
    channels = (state and state["channels"]) or [newest.lead_channel]
    words = [CHANNELS[channel] for channel in Channel if channel.value in channels]
    return f"No reply after {_and(words)}" if words else "No reply to the reminders"


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _left(starts_at: datetime | None, now: datetime) -> str:
    if starts_at is None or starts_at <= now:
        return ""
    left = starts_at - now
    if left < timedelta(hours=1):
        return f", {left // timedelta(minutes=1)} min left"
    return f", {left // timedelta(hours=1)} h left"


def missed_of(visits: Iterable[Appointment]) -> Missed:
    """The days on which these patients did not come, by patient: one query."""
    return no_shows_of({visit.patient_id for visit in visits})


def risk_in_words(row: Appointment, practice: Practice, missed: Missed) -> str:
    """missed 2 visits: counted as the decision counts (domain/risk.py); empty below its limit."""
    day = row.local_start.date()
    count = no_shows_before(day, missed.get(row.patient_id, ()), practice.risk_window_days)
    if risk_of(count, practice) is LOWEST:
        return ""
    return "Missed 1 visit" if count == 1 else f"Missed {count} visits"
