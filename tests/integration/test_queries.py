"""Ten thousand rows cost as many queries as ten, on every page there is.

The pages are those of access.py, so that one which is added is measured too. Files are left out:
they are read piece by piece. What happens to one visit, however often, is counted in
test_pages_appointment.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.access import CONSOLE, PAGES
from campaigns.domain.coverage import Code, state_of
from campaigns.models import ROLES, Appointment, Practice
from tests.factories import PracticeFactory, UserFactory
from tests.integration.every_room import every_address, fill
from tests.integration.test_every_address import ANSWERS, Room

FILES = {"worklist-export", "mapping-export"}
# Pages that show rows to whoever sends a form.
FORMS = ("worklist-search", "worklist-news", "worklist-bulk", "try")
CODES = (Code.ENROLLED, Code.NO_RULE, Code.NO_CONTACT_CHANNEL, Code.EFFECT_IN_FLIGHT)
FEW, MANY = 10, 10_000
Queries = dict[str, int]


@pytest.fixture
def room(db: None) -> Room:
    practice = PracticeFactory(name="Lakeside Family Medicine")
    return Room(practice, fill(practice))


def test_every_page_is_measured() -> None:
    read = {name for name, (get, _) in ANSWERS.items() if get == 200} - FILES
    shown = {name for name, (_, post) in ANSWERS.items() if post == 200}
    assert read | shown | {"worklist-bulk"} <= set(pages_of(None)) | set(FORMS)


def test_ten_thousand_rows_take_as_many_queries_as_ten(room: Room) -> None:
    clients = {role: signed_in(role, room.practice) for role in ROLES}
    grow(room.visit, FEW)
    # The first time a page may write into the session what was chosen.
    measured(room, clients)
    few = measured(room, clients)
    grow(room.visit, MANY - FEW)
    told_how_many_there_are()
    many = measured(room, clients)
    assert {page: (few[page], many[page]) for page in few if few[page] != many[page]} == {}
    # Each draws on the database at all, and none on far too much of it.
    assert all(0 < number <= 60 for number in many.values()), many


def measured(room: Room, clients: dict[str, Client]) -> Queries:
    """How many queries each page takes, every page by somebody whose it is."""
    found: Queries = {}
    for role, client in clients.items():
        asks: list[tuple[str, Callable[..., Any], dict[str, Any]]] = [
            *((at, client.get, {}) for name, at in pages_of(room).items() if role in PAGES[name]),
            *((at, client.get, {}) for at in console_of(role)),
            *((at, client.post, form) for at, form in forms_of(role, room)),
        ]
        for address, send, form in asks:
            found[f"{role}: {send.__name__} {address}"] = queries(send, address, form)
    return found


def pages_of(room: Room | None) -> dict[str, str]:
    """The pages that are opened by a link, and where."""
    return {
        one.name: room.address(one) if room else one.route
        for one in every_address()
        if one.name in PAGES and ANSWERS[one.name][0] == 200 and one.name not in FILES
    }


def console_of(role: str) -> Iterator[str]:
    if CONSOLE[role]:
        yield "/admin/"
    for label in CONSOLE[role].keys() - {"campaigns.attempt", "campaigns.membership"}:
        yield f"/admin/{label.replace('.', '/')}/"


def forms_of(role: str, room: Room) -> Iterator[tuple[str, dict[str, Any]]]:
    ticks = Appointment.objects.filter(practice=room.practice).order_by("pk")[:5]
    sent: dict[str, dict[str, Any]] = {
        "worklist-search": {"q": "Rosa"},
        "worklist-news": {"known": "v1,v2"},
        "worklist-bulk": {"kind": "no_answer", "visit": [f"{one.pk}@" for one in ticks]},
        "try": {"visit": room.visit.external_id},
    }
    for name in FORMS:
        if role in PAGES[name]:
            yield reverse(name), sent[name]


def queries(send: Callable[..., Any], address: str, form: dict[str, Any]) -> int:
    """How many it takes to answer."""
    with CaptureQueriesContext(connection) as caught:
        assert send(address, form).status_code == 200
    return len(caught)


def signed_in(role: str, practice: Practice) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role, practices=[practice]))
    return client


def grow(like: Appointment, number: int) -> None:
    """Visits of the next six days, each with a piece of everything that is about a visit."""
    now = timezone.now().replace(microsecond=0)
    for code in CODES:
        rows = []
        for n in range(number // len(CODES) + 1):
            # The first few already reach beyond the days that the list begins with.
            starts = now + timedelta(hours=1 + n * 47 % 140)
            changed = {
                "external_id": uuid4().hex[:12],
                "starts_at": starts,
                "local_start": starts,
                "coverage_code": code,
                "coverage_state": state_of(code),
            }
            rows.append(copy_of(like, **changed))
        happen(Appointment.objects.bulk_create(rows, batch_size=500), code)


def told_how_many_there_are() -> None:
    """What autovacuum does within a minute, but not while the rows are uncommitted: PostgreSQL
    would take each table for nearly empty, and some pages take half a minute.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def happen(visits: Iterable[Appointment], code: Code) -> None:
    """A decision, an effect, an answer and a work item each, like those of the first visit."""
    visits = list(visits)
    first = Appointment.objects.order_by("pk").first()
    assert first is not None
    kinds = (first.decisions, first.effects, first.responses, first.work_items)
    for kind in kinds:
        like = kind.order_by("pk").first()
        assert like is not None
        rows = [copy_of(like, appointment_id=one.pk, **_own(like, code)) for one in visits]
        type(like)._default_manager.bulk_create(rows, batch_size=500)


def _own(like: Model, code: Code) -> dict[str, Any]:
    """What may not be there twice."""
    named = {"effect": "key", "response": "event_id"}.get(like._meta.model_name or "")
    fresh: dict[str, Any] = {named: uuid4().hex} if named else {}
    if like._meta.model_name == "decisionrecord":
        fresh = {"code": code, "state": state_of(code)}
    if like._meta.model_name == "workitem":
        fresh = {"kind": "message_failed"}
    return fresh


def copy_of(row: Model, **changed: Any) -> Any:
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields} | changed)
