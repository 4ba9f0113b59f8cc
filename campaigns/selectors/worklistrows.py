"""One row of the work list, in the words that stand on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from campaigns.clinictime import city, clock, day, lately, zone_of
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.replies import EXCLUSIVE
from campaigns.domain.values import STANDING_ITEMS, ReplyKind, WorkItemKind
from campaigns.models import Appointment, Practice, Response, WorkItem
from campaigns.selectors.chartwrites import ChartWrite, chart_write
from campaigns.selectors.reach import Reach, reach_of
from campaigns.selectors.reference import Names
from campaigns.selectors.waiting import Candidate, People, candidates_on, people_on
from campaigns.wording import REPLIES, WORK_ITEMS


@dataclass(frozen=True)
class Visit:
    """When, what, with whom and where."""

    id: int
    day: str
    time: str
    zone: str
    kind: str
    provider: str
    department: str
    starts_at: datetime | None


@dataclass(frozen=True)
class Item:
    """One open work item; a `slot` has those who wait for it, None while nobody asked."""

    id: int
    title: str
    sentence: str
    quote: str
    closable: bool
    slot: bool = False
    waiting: tuple[Candidate, ...] | None = None


@dataclass(frozen=True)
class Row:
    """A visit that nobody has confirmed, and why it is on the list."""

    visit: Visit
    reach: Reach
    reasons: tuple[str, ...]
    items: tuple[Item, ...]
    chart: ChartWrite | None
    answered: bool
    form: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class ItemRow:
    """A work item about another visit."""

    visit: Visit
    reach: Reach
    item: Item


def rows_of(visits: Iterable[Any], practice: Practice, names: Names, now: datetime) -> list[Row]:
    """The rows of visits that came from with_story(unconfirmed(...))."""
    return [_row(visit, practice, names, now) for visit in visits]


def item_rows_of(
    items: Iterable[Any], practice: Practice, names: Names, now: datetime
) -> list[ItemRow]:
    """The rows of items that came from other_items(...)."""
    shown = list(items)
    people = people_on(shown, practice)
    return [
        ItemRow(
            visit_of(item.appointment, practice, names, now),
            _reach(item.appointment, practice, confidential=item.confidential),
            item_of(item, people, confidential=item.confidential),
        )
        for item in shown
    ]


def _row(visit: Any, practice: Practice, names: Names, now: datetime) -> Row:
    answers = list(visit.responses.all())
    newest = next((a for a in answers if a.kind in EXCLUSIVE), None)
    writes = [w for w in visit.chart_writes if newest is not None and w.response_id == newest.pk]
    # A refused write has opened an item, which says the same and more.
    told = newest is not None and any(i.response_id == newest.pk for i in visit.open_items)
    return Row(
        visit=visit_of(visit, practice, names, now),
        reach=_reach(visit, practice, confidential=visit.confidential),
        reasons=tuple(_reasons(visit, answers, now)),
        items=tuple(item_of(item) for item in visit.open_items),
        chart=None if told else chart_write(newest, writes[-1] if writes else None),
        answered=visit.answered,
    )


def visit_of(row: Appointment, practice: Practice, names: Names, now: datetime) -> Visit:
    """The visit in the clinic's time; another zone than the practice's is named."""
    zone = row.time_zone or practice.time_zone
    local = (row.starts_at or row.local_start).astimezone(
        zone_of(zone) if row.starts_at is not None else UTC
    )
    note = "time zone unknown" if row.starts_at is None else ""
    if row.starts_at is not None and zone != practice.time_zone:
        note = f"{city(zone)} time"
    return Visit(
        id=row.pk,
        day=_day(local, now.astimezone(zone_of(practice.time_zone))),
        time=clock(local),
        zone=note,
        kind=names.kind(row),
        provider=names.provider(row),
        department=names.department(row),
        starts_at=row.starts_at,
    )


def _day(local: datetime, today: datetime) -> str:
    ahead = local.date() - today.date()
    near = {timedelta(0): "Today, ", timedelta(1): "Tomorrow, "}
    return near.get(ahead, "") + day(local)


def _reach(row: Appointment, practice: Practice, *, confidential: bool) -> Reach:
    visit = (row.starts_at or row.local_start).astimezone(zone_of(practice.time_zone)).date()
    return reach_of(row.patient, practice, visit, confidential=confidential)


def _reasons(row: Any, answers: list[Response], now: datetime) -> Iterable[str]:
    """The ledger's sentence, then what was heard; what an open item says is not said twice."""
    zone = row.practice.time_zone
    told = {item.response_id for item in row.open_items}
    said_already = any(item.kind in STANDING_ITEMS for item in row.open_items)
    heard = next((a for a in answers if a.kind != ReplyKind.LEFT_VOICEMAIL), None)
    if row.coverage_state != State.ENROLLED and not said_already:
        yield sentence_of(Code(row.coverage_code))
    elif row.coverage_state == State.ENROLLED and heard is None:
        yield "Reminders are going out; no answer yet."
    if heard is not None and heard.outcome_sentence and heard.pk not in told:
        said = REPLIES[ReplyKind(heard.kind)]
        yield f"{said} {lately(heard.occurred_at, zone, now)}. {heard.outcome_sentence}"
    calls = [a for a in answers if a.kind == ReplyKind.LEFT_VOICEMAIL]
    if calls:
        times = "once" if len(calls) == 1 else f"{len(calls)} times"
        yield f"Voicemail left {times}, last {lately(calls[0].occurred_at, zone, now)}."


def item_of(item: WorkItem, people: People | None = None, *, confidential: bool = False) -> Item:
    """An item in words; `people` are those on the waitlist of an open slot (waiting.people_on)."""
    kind = WorkItemKind(item.kind)
    quoted = kind is WorkItemKind.UNRECOGNIZED_REPLY and item.response is not None
    slot = kind is WorkItemKind.OPEN_SLOT
    visit = item.appointment
    starts_at = visit.starts_at or visit.local_start
    return Item(
        id=item.pk,
        title=WORK_ITEMS[kind],
        sentence=item.sentence,
        quote=item.response.raw_text if quoted and item.response else "",
        closable=kind not in STANDING_ITEMS,
        slot=slot,
        waiting=candidates_on(
            item, people or {}, visit.practice, starts_at, confidential=confidential
        )
        if slot
        else None,
    )
