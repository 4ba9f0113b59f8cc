"""What a change of the mapping would do: how many visits move from which campaign to which.

Every look leaves at its visit what the rules were asked with, so the visits ahead are counted in
one grouped query, and the rules are asked once for each kind of visit, not for each visit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from campaigns.clock import database_now
from campaigns.decisions.practice_snapshot import campaigns_of, rules_of
from campaigns.domain.coverage import Code
from campaigns.domain.enrollment_states import REMINDING
from campaigns.domain.rule_match import VisitKind, speaks_for, winner
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import CONFIRMED, AppointmentStatus, EnrollmentStatus, Modality, Risk
from campaigns.models import Appointment, Enrollment, Practice, StaffInstruction

# Counted for the share that may move without a second person.
_ENROLLED = frozenset({EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED})
# Visits that get no reminders, whatever the rules say.
_WITHOUT = (
    Code.OPTED_OUT,
    Code.TOO_LATE,
    Code.PATIENT_INACTIVE,
    Code.SECONDARY_RESOURCE,
    Code.STOPPED_BY_STAFF,
    Code.ENDED_ELSEWHERE,
    Code.RECORD_UNREADABLE,
)
_KIND = ("type_external_id", "route_modality", "route_risk", "route_language")

Kind = tuple[str, str, str, str]


@dataclass(frozen=True)
class Preview:
    """The effect of a change of the mapping on the visits ahead.

    `upcoming` are the enrolled ones, `moving` those of them that change their campaign. `moves`
    counts all that move, also those that get reminders for the first time: (campaign before,
    campaign after, visits), an empty campaign for no reminders. `staying` would move but for a
    confirmation or a message; `undecided` were not looked at yet and go by the new rules.
    """

    upcoming: int = 0
    moving: int = 0
    moves: tuple[tuple[str, str, int], ...] = ()
    undecided: int = 0
    staying: int = 0

    def needs_approval(self, hold_share: float) -> bool:
        """Whether more than the share of the enrolled visits would move."""
        return self.moving > hold_share * self.upcoming


def preview(
    practice: Practice,
    rules_after: Iterable[Rule],
    include_messaged: bool,
    rules_before: Iterable[Rule] | None = None,
) -> Preview:
    """What would move if these were the rules; `rules_before` are those in force unless given.

    Three queries, whatever the number of visits: the groups, the campaigns, and the rules where
    they are not given. On PostgreSQL one more, for its clock. Nothing is written.
    """
    before = rules_of(practice) if rules_before is None else rules_before
    mapping = _Mapping(tuple(before), tuple(rules_after), campaigns_of(practice), practice.language)
    tally = _Tally(include_messaged)
    for group in _groups(practice):
        tally.count(group, mapping)
    return tally.preview()


def without(rules: Iterable[Rule], ids: Collection[int]) -> tuple[Rule, ...]:
    """A mapping without some of its rules."""
    return tuple(rule for rule in rules if rule.id not in ids)


def _groups(practice: Practice) -> Iterator[dict[str, Any]]:
    newest = (
        Enrollment.objects.filter(appointment=OuterRef("pk"), surplus=False)
        .order_by("-generation")
        .annotate(
            said=JSONObject(
                campaign=F("campaign"),
                status=F("status"),
                messaged=Q(messaged_at__isnull=False),
                general=F("route__general"),
            )
        )
    )
    instructed = StaffInstruction.objects.filter(appointment=OuterRef("pk"), withdrawn_at=None)
    return (
        Appointment.objects.filter(
            practice=practice,
            status=AppointmentStatus.SCHEDULED,
            starts_at__gte=database_now(),
        )
        .exclude(coverage_code__in=_WITHOUT)
        .annotate(
            has=Subquery(newest.values("said")[:1]),
            confirmed=Q(confirmation__in=sorted(CONFIRMED)),
            told=Exists(instructed),
        )
        .values(*_KIND, "has", "confirmed", "told")
        .annotate(visits=Count("pk"))
        .order_by()
        .iterator()
    )


@dataclass
class _Mapping:
    """Both mappings, asked once for each kind of visit."""

    before: tuple[Rule, ...]
    after: tuple[Rule, ...]
    campaigns: Mapping[str, Campaign]
    language: str
    asked: dict[Kind, tuple[str, str]] = field(default_factory=dict)

    def campaigns_of(self, kind: Kind) -> tuple[str, str]:
        """The campaigns before and after; empty for no reminders."""
        if kind not in self.asked:
            type_id, modality, risk, language = kind
            visit = VisitKind(type_id, Modality(modality), Risk(risk), language, self.language)
            self.asked[kind] = (self._winner(self.before, visit), self._winner(self.after, visit))
        return self.asked[kind]

    def _winner(self, rules: tuple[Rule, ...], visit: VisitKind) -> str:
        rule = winner(rules, self.campaigns, visit)
        return rule.campaign if rule else ""

    def serves(self, campaign_id: str, kind: Kind) -> bool:
        """Whether a campaign that a visit has can go on serving it."""
        campaign = self.campaigns.get(campaign_id)
        return campaign is not None and campaign.active and speaks_for(campaign, Modality(kind[1]))


@dataclass
class _Tally:
    """The groups added up."""

    include_messaged: bool
    upcoming: int = 0
    moving: int = 0
    undecided: int = 0
    staying: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, group: dict[str, Any], mapping: _Mapping) -> None:
        """One group of visits that are alike in all that matters here."""
        visits, has = group["visits"], group["has"] or {}
        enrolled = has.get("status") in _ENROLLED
        self.upcoming += visits if enrolled else 0
        if not group["route_modality"]:
            self.undecided += visits
            return
        # Staff's own choice, and the general campaign, do not come from the rules.
        if group["told"] or has.get("general"):
            return
        kind = tuple(group[name] for name in _KIND)
        before, after = mapping.campaigns_of(kind)
        present = has["campaign"] if has.get("status") in REMINDING else before
        if present == after:
            return
        if (has.get("messaged") or group["confirmed"]) and self._may_stay(
            present, has, mapping, kind
        ):
            if not self.include_messaged:
                self.staying += visits if before != after else 0
                return
        elif before == after:
            # The visit is on its way to another campaign already, but not by this change.
            return
        self.moves[present, after] += visits
        self.moving += visits if enrolled else 0

    def _may_stay(
        self, present: str, has: Mapping[str, Any], mapping: _Mapping, kind: Kind
    ) -> bool:
        return has.get("status") in REMINDING and mapping.serves(present, kind)

    def preview(self) -> Preview:
        """The sums, the largest move first."""
        moves = sorted(self.moves.items(), key=lambda move: (-move[1], move[0]))
        rows = tuple((before, after, visits) for (before, after), visits in moves)
        return Preview(self.upcoming, self.moving, rows, self.undecided, self.staying)
