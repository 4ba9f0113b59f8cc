"""One row of the work list, in the words that stand on the page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from campaigns.domain.callback_times import Offer, offers
from campaigns.domain.reply_kinds import CALL_OUTCOMES, EXCLUSIVE, KindOfReply
from campaigns.domain.values import AUTOMATIC_ITEMS, ReplyOutcome, WorkItemKind
from campaigns.intake.stop_words import cancel_as_stop, upcoming_visits
from campaigns.labels import WORK_ITEMS
from campaigns.local_time import city, clock, day_and_time, relative_day, zone_of
from campaigns.models import Appointment, Practice, Response, WorkItem
from campaigns.phone_calls.contact import PhoneContact, contact_of
from campaigns.phone_calls.history import Attempts, Calling, attempts_of, calling_on
from campaigns.reference.cancel_reasons import Cancelling, Reason, cancelling_of
from campaigns.reference.cancel_reasons import reasons_of as cancel_reasons_of
from campaigns.reference.names import Names
from campaigns.worklist.chart_write_status import ChartWriteStatus, chart_write_status
from campaigns.worklist.reasons import Missed, missed_of, reasons_of, risk_in_words
from campaigns.worklist.text_presses import Press, presses_of
from campaigns.worklist.waitlist_candidates import Candidate, People, candidates_on, people_on


@dataclass(frozen=True)
class Visit:
    """When, what, with whom and where; `date` and `time` are the clinic's."""

    id: int
    date: date
    day: str
    time: str
    zone: str
    kind: str
    provider: str
    department: str
    starts_at: datetime | None


# The heads of the list on screen; templates/worklist/row.html has a cell for each.
COLUMNS = ("Time", "Patient", "Visit", "Why it is here", "How did the call go?")


@dataclass(frozen=True)
class Item:
    """One open work item; an open slot's item has those who wait for it, None while
    nobody asked. `quote` are the patient's own words, `press` what can be pressed about texts;
    `on_top` says that it has a row of its own at the top of the list.
    """

    id: int
    title: str
    sentence: str
    quote: str
    closable: bool
    press: str = ""
    on_top: bool = False
    slot: bool = False
    waiting: tuple[Candidate, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """One time at which to call back."""

    code: str
    words: str


@dataclass(frozen=True)
class Row:
    """A visit that nobody has confirmed, why it is on the list, and what can be done.

    `words` are those of the newest answer, unless an item quotes them. `again` says when to call
    again; until then it is off the list, unless it has open items.
    """

    visit: Visit
    contact: PhoneContact
    reasons: tuple[str, ...]
    words: str
    items: tuple[Item, ...]
    chart: ChartWriteStatus | None
    answered: bool
    risk: str
    attempts: Attempts
    calling: Calling | None
    again: str
    call_backs: tuple[Choice, ...]
    cancelling: Cancelling
    form: UUID = field(default_factory=uuid4)

    @property
    def outcomes(self) -> Iterable[tuple[str, KindOfReply]]:
        """What a call can end with, in the order of the buttons."""
        return [(kind.value, outcome) for kind, outcome in CALL_OUTCOMES.items()]

    @property
    def put_off(self) -> bool:
        """Whether it is off the list until then: what has open items never is."""
        return bool(self.again and not self.items)


@dataclass(frozen=True)
class ItemRow:
    """A work item about another visit."""

    visit: Visit
    contact: PhoneContact
    item: Item


def rows_of(visits: Iterable[Any], practice: Practice, names: Names, now: datetime) -> list[Row]:
    """The rows of visits that came from with_row_data(unconfirmed(...))."""
    shown = list(visits)
    items = [item for visit in shown for item in visit.open_items]
    beside = beside_items(items, now)
    about = _About(practice, names, now, missed_of(shown), cancel_reasons_of(practice), beside)
    return [_row(visit, about) for visit in shown]


@dataclass(frozen=True)
class _About:
    """What all rows of a page share."""

    practice: Practice
    names: Names
    now: datetime
    missed: Missed
    cancel_reasons: tuple[Reason, ...]
    beside: BesideItems


@dataclass(frozen=True)
class BesideItems:
    """What stands beside items: the presses by item, and the visits ahead by patient."""

    presses: Mapping[int, Press] = field(default_factory=dict)
    ahead: Mapping[int, Sequence[Appointment]] = field(default_factory=dict)


def beside_items(items: Collection[Any], now: datetime) -> BesideItems:
    """Read it for items whose appointments are at hand; two queries at most."""
    asked = [item for item in items if item.kind == WorkItemKind.CANCEL_AS_STOP]
    ahead: dict[int, list[Appointment]] = {}
    for visit in upcoming_visits({item.appointment.patient_id for item in asked}, now):
        ahead.setdefault(visit.patient_id, []).append(visit)
    return BesideItems(presses_of(items), ahead)


def item_rows_of(
    items: Iterable[Any], practice: Practice, names: Names, now: datetime
) -> list[ItemRow]:
    """The rows of items that came from other_items(...)."""
    shown = list(items)
    for item in shown:
        # One instance for all, which reads its departments once.
        item.appointment.practice = practice
    people, beside = people_on(shown, practice), beside_items(shown, now)
    return [
        ItemRow(
            visit_of(item.appointment, practice, names, now),
            _contact(item.appointment, practice, confidential=item.confidential),
            item_of(item, people, beside, confidential=item.confidential),
        )
        for item in shown
    ]


def _row(visit: Any, about: _About) -> Row:
    practice, now = about.practice, about.now
    answers = [a for a in visit.responses.all() if a.outcome != ReplyOutcome.WITHDRAWN]
    newest = next((a for a in answers if a.kind in EXCLUSIVE), None)
    writes = [w for w in visit.chart_writes if newest is not None and w.response_id == newest.pk]
    # A refused write has opened an item, which says the same and more.
    told = newest is not None and any(i.response_id == newest.pk for i in visit.open_items)
    return Row(
        visit=visit_of(visit, practice, about.names, now),
        contact=_contact(visit, practice, confidential=visit.confidential),
        reasons=tuple(reasons_of(visit, answers, now)),
        words=_written(visit, answers),
        items=tuple(item_of(item, beside=about.beside) for item in visit.open_items),
        chart=None if told else chart_write_status(newest, writes[-1] if writes else None),
        answered=visit.answered,
        risk=risk_in_words(visit, practice, about.missed),
        attempts=attempts_of(answers, practice.time_zone, now),
        calling=calling_on(visit, practice.time_zone, now),
        again=_again(visit, practice, now),
        call_backs=tuple(_call_backs(visit, practice, now)),
        cancelling=cancelling_of(practice, about.cancel_reasons, visit.starts_at, now),
    )


def _again(visit: Any, practice: Practice, now: datetime) -> str:
    """Until when the last call put the visit off."""
    put_off = visit.again_at is not None and visit.again_at > now
    return day_and_time(visit.again_at, practice.time_zone, now) if put_off else ""


def _call_backs(visit: Any, practice: Practice, now: datetime) -> Iterable[Choice]:
    for offer in offers(now.astimezone(zone_of(practice.time_zone)), visit.starts_at):
        yield Choice(offer.code, _words(offer))


def _words(offer: Offer) -> str:
    return f"{offer.words} ({clock(offer.at)})"


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
        date=local.date(),
        day=relative_day(local, now.astimezone(zone_of(practice.time_zone))),
        time=clock(local),
        zone=note,
        kind=names.kind(row),
        provider=names.provider(row),
        department=names.department(row),
        starts_at=row.starts_at,
    )


def _contact(row: Appointment, practice: Practice, *, confidential: bool) -> PhoneContact:
    majority = practice.majority_at(row.department_external_id)
    day = row.local_start.date()
    return contact_of(row.patient, practice, day, majority, confidential=confidential)


def _written(visit: Any, answers: Iterable[Response]) -> str:
    """What the patient wrote last, where no open item quotes it."""
    heard = next((a for a in answers if not a.by_staff), None)
    quoted = {item.response_id for item in visit.open_items}
    return heard.raw_text if heard is not None and heard.pk not in quoted else ""


def item_of(
    item: WorkItem,
    people: People | None = None,
    beside: BesideItems = BesideItems(),
    *,
    confidential: bool = False,
) -> Item:
    """An item in words; `people` are those on the waitlist of an open slot
    (waitlist_candidates.people_on).
    """
    kind = WorkItemKind(item.kind)
    slot = kind is WorkItemKind.OPEN_SLOT
    return Item(
        id=item.pk,
        title=WORK_ITEMS[kind],
        sentence=_sentence(item, beside),
        quote=item.response.raw_text if item.response else "",
        closable=kind not in AUTOMATIC_ITEMS,
        press=beside.presses.get(item.pk, ""),
        on_top=kind is WorkItemKind.UNRECOGNIZED_REPLY,
        slot=slot,
        waiting=candidates_on(item, people or {}, confidential=confidential) if slot else None,
    )


def _sentence(item: WorkItem, beside: BesideItems) -> str:
    """What the item says; other visits that it names are named as they are now."""
    if item.kind != WorkItemKind.CANCEL_AS_STOP:
        return item.sentence
    ahead = beside.ahead.get(item.appointment.patient_id, ())
    return cancel_as_stop(visit for visit in ahead if visit.pk != item.appointment_id)
