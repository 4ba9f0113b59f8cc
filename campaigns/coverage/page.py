"""The coverage page: how many of the visits ahead get reminders, by type and by reason.

Everything is added up from one grouped query, so the number of queries is always the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.coverage.groups import NOT_MEANT, Group, Window, visits_in
from campaigns.coverage.links import Fix, fix_of, mapping_of, visits_of
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.values import RuleChangeStatus
from campaigns.labels import STATES
from campaigns.models import BULK, Appointment, AppointmentType, Practice, RuleChange

SHOWN = (State.ENROLLED, State.PENDING, State.EXCLUDED, State.BLOCKED, State.FAILED)
# What a reader looks for first comes first.
_REASONS = (State.BLOCKED, State.FAILED, State.EXCLUDED, State.PENDING)


@dataclass(frozen=True)
class Share:
    """Of `meant` visits that should get reminders, `enrolled` do and `pending` are on the way."""

    visits: int
    meant: int
    enrolled: int
    pending: int

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all; None when none should."""
        return self.enrolled * 100 // self.meant if self.meant else None

    @property
    def without(self) -> int:
        """How many get none, on purpose or because nobody can."""
        return self.visits - self.meant

    @property
    def missing(self) -> int:
        """How many should get reminders and will not, unless somebody does something."""
        return self.meant - self.enrolled - self.pending


@dataclass(frozen=True)
class Line:
    """One type of the ledger: its visits by state, in the order of SHOWN."""

    type_id: str
    name: str
    unmapped: bool
    visits: int
    by_state: tuple[int, ...]
    address: str
    mapping: str

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Each state's word and number."""
        return [(STATES[state], n) for state, n in zip(SHOWN, self.by_state, strict=True)]


@dataclass(frozen=True)
class Reason:
    """One code, its sentence, and where it is mended."""

    state: str
    word: str
    sentence: str
    visits: int
    address: str
    fix: Fix | None


def share_of(groups: Sequence[Group]) -> Share:
    """The share of the visits that should be enrolled and are."""
    meant = [group for group in groups if group.code not in NOT_MEANT]
    return Share(
        visits=visits_in(groups),
        meant=visits_in(meant),
        enrolled=visits_in(group for group in meant if group.state is State.ENROLLED),
        pending=visits_in(group for group in meant if group.state is State.PENDING),
    )


def ledger_of(
    practice: Practice,
    window: Window,
    groups: Iterable[Group],
    types: dict[str, str],
    unmapped: Iterable[str],
) -> list[Line]:
    """Every type that has visits ahead; those without a rule first, then by visits."""
    counted: dict[str, Counter[State]] = {}
    called: dict[str, str] = {}
    for group in groups:
        counted.setdefault(group.type_id, Counter())[group.state] += group.visits
        called.setdefault(group.type_id, group.type_name)
    holes = set(unmapped)
    lines = []
    for type_id, states in counted.items():
        lines.append(
            Line(
                type_id=type_id,
                name=types.get(type_id) or called[type_id] or f"type {type_id}",
                unmapped=type_id in holes,
                visits=states.total(),
                by_state=tuple(states[state] for state in SHOWN),
                address=visits_of(practice, window, type_external_id__exact=type_id),
                mapping=mapping_of(type_id, types),
            )
        )
    return sorted(lines, key=lambda line: (not line.unmapped, -line.visits, line.name))


def reasons_of(practice: Practice, window: Window, groups: Iterable[Group]) -> list[Reason]:
    """Why visits get no reminders, state by state, the most frequent first."""
    counted: Counter[tuple[State, Code]] = Counter()
    for group in groups:
        if group.state in _REASONS:
            counted[group.state, group.code] += group.visits
    ranked = sorted(counted.items(), key=lambda one: (_REASONS.index(one[0][0]), -one[1], one[0]))
    return [
        Reason(
            state=state.value,
            word=STATES[state],
            sentence=sentence_of(code),
            visits=visits,
            address=visits_of(practice, window, coverage_code__exact=code.value),
            fix=fix_of(code),
        )
        for (state, code), visits in ranked
    ]


def types_of(practice: Practice) -> dict[str, str]:
    """The names of athenahealth's types, by its ids."""
    rows = AppointmentType.objects.filter(practice=practice)
    return dict(rows.values_list("external_id", "name"))


def looks_outstanding(practices: Sequence[Practice], now: datetime) -> int:
    """Visits that a change of the rules, a backfill or a comparison still has to look at."""
    due = Appointment.objects.filter(practice__in=practices, look_due_at__lte=now)
    return due.filter(look_priority=BULK).count()


def change_waits(practice: Practice) -> bool:
    """Whether a change of the rules waits for a second person."""
    return RuleChange.objects.filter(practice=practice, status=RuleChangeStatus.HELD).exists()
