"""Whom an open slot suits, and in which order they are called."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.waitlist_match import RANKS, Slot, Waiting, candidates, fits

# A Wednesday.
SLOT = Slot("7", "82", "1", ("71",), datetime(2026, 11, 25, 9, 30))
ENTRY = Waiting("1208", "8", department_external_id="1")

numbers = st.sampled_from(["", "1", "2", "82", "71"])
hours = st.none() | st.integers(0, 24)
waiting = st.builds(
    Waiting,
    external_id=st.integers(1, 99_999).map(str),
    patient_external_id=st.sampled_from(["6", "7", "8", "9"]),
    department_external_id=numbers,
    any_department=st.booleans(),
    provider_external_id=numbers,
    type_external_id=numbers,
    days=st.lists(st.integers(1, 7), max_size=3, unique=True).map(tuple),
    hour_from=hours,
    hour_to=hours,
    priority=st.sampled_from(sorted(RANKS)),
)
slots = st.builds(
    Slot,
    patient=st.sampled_from(["6", "7"]),
    type_id=numbers,
    department_id=numbers,
    provider_ids=st.lists(numbers, max_size=2).map(tuple),
    local_start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
)
lists = st.lists(waiting, max_size=12, unique_by=lambda entry: entry.external_id)


def test_whoever_minds_nothing_is_called() -> None:
    assert candidates(SLOT, [ENTRY]) == [ENTRY]


@pytest.mark.parametrize(
    "wish",
    [
        {"type_external_id": "82"},
        {"provider_external_id": "71"},
        {"department_external_id": ""},
        {"department_external_id": "2", "any_department": True},
        {"days": (3,)},
        {"days": (1, 3, 5)},
        {"hour_from": 9},
        {"hour_to": 9},
        {"hour_from": 8, "hour_to": 12},
    ],
)
def test_a_wish_that_the_slot_meets(wish: dict) -> None:
    assert fits(SLOT, replace(ENTRY, **wish))


@pytest.mark.parametrize(
    "wish",
    [
        {"patient_external_id": "7"},
        {"type_external_id": "83"},
        {"provider_external_id": "72"},
        {"department_external_id": "2"},
        {"days": (2,)},
        {"hour_from": 10},
        {"hour_to": 8},
        {"hour_from": 17, "hour_to": 18},
    ],
)
def test_a_wish_that_it_does_not(wish: dict) -> None:
    assert not fits(SLOT, replace(ENTRY, **wish))


def test_a_slot_without_a_provider_suits_only_who_minds_none() -> None:
    slot = replace(SLOT, provider_ids=())
    assert fits(slot, ENTRY)
    assert not fits(slot, replace(ENTRY, provider_external_id="71"))


def test_the_urgent_come_first_then_who_was_first() -> None:
    def entry(number: str, priority: str) -> Waiting:
        return replace(
            ENTRY, external_id=number, patient_external_id=f"p{number}", priority=priority
        )

    low, late, early, high = (
        entry("1", "low"),
        entry("1000", "normal"),
        entry("999", "normal"),
        entry("2000", "high"),
    )
    assert candidates(SLOT, [low, late, early, high]) == [high, early, late, low]


def test_who_is_on_the_list_twice_is_called_once() -> None:
    twice = [replace(ENTRY, priority="low"), replace(ENTRY, external_id="1300", priority="high")]
    assert candidates(SLOT, twice) == [twice[1]]


@given(slots, lists)
def test_exactly_those_whom_it_suits_each_once(slot: Slot, entries: list[Waiting]) -> None:
    found = candidates(slot, entries)
    assert all(fits(slot, entry) for entry in found)
    patients = [entry.patient_external_id for entry in found]
    assert len(patients) == len(set(patients))
    assert set(patients) == {e.patient_external_id for e in entries if fits(slot, e)}
    assert slot.patient not in patients


@given(slots, lists)
def test_nobody_comes_before_a_more_urgent_one(slot: Slot, entries: list[Waiting]) -> None:
    ranks = [RANKS[entry.priority] for entry in candidates(slot, entries)]
    assert ranks == sorted(ranks)


@given(slots, lists, st.randoms())
def test_the_order_in_which_they_were_read_does_not_matter(
    slot: Slot, entries: list[Waiting], random
) -> None:
    before = candidates(slot, entries)
    random.shuffle(entries)
    assert candidates(slot, entries) == before


@given(slots, waiting)
def test_minding_less_never_costs_the_slot(slot: Slot, entry: Waiting) -> None:
    if fits(slot, entry):
        indifferent = replace(
            entry, type_external_id="", provider_external_id="", any_department=True,
            days=(), hour_from=None, hour_to=None,
        )  # fmt: skip
        assert fits(slot, indifferent)
