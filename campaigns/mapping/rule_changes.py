"""The one way in which the mapping changes: weighed, kept as history, held when it moves many.

    BEGIN  lock the practice; refuse while a change is held; the mapping before; apply; preview;
           store the change (in force or held), its audit event, and all looks due
    COMMIT

While a change is held its rules are stored already, and looks freeze the choice of those visits
whose campaign it would change (domain/campaign_choice.py). Approving releases them; rejecting puts
the rules back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from typing import Any, TypeVar

from django.db import transaction

from audit.context import current_actor
from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.decisions.practice_snapshot import fact_of, rules_of
from campaigns.domain.snapshot import Rule
from campaigns.domain.values import RuleChangeStatus
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.mapping.csv_format import Changes
from campaigns.mapping.csv_rules import RuleLine
from campaigns.mapping.preview import preview
from campaigns.mapping.rule_diff import CREATED, REMOVED, UNCHANGED, UPDATED, Step, steps_of
from campaigns.mapping.rules import (
    as_audit_list,
    create_rule,
    switch_off_rule,
    update_rule,
)
from campaigns.models import Campaign, CampaignRule, Practice, RuleChange
from campaigns.outbox.alerts import alert

WAITS = "A change of the rules waits for approval. Approve or reject it first."
DECIDED = "This change was approved or rejected already."
SECOND_PERSON = "A second person has to approve a change. Whoever made it can only withdraw it."
CAMPAIGN_GONE = "A campaign of the rules before is not in the library any more."

T = TypeVar("T")


class ChangeRefused(Exception):
    """The mapping stays as it is; the text says why, to the person who asked."""


def held_change(practice: Practice) -> RuleChange | None:
    """The change that waits for approval, if there is one."""
    return RuleChange.objects.filter(practice=practice, status=RuleChangeStatus.HELD).first()


def change_rules(
    practice: Practice,
    apply: Callable[[], T],
    *,
    user: Any = None,
    include_messaged: bool = False,
) -> tuple[T, RuleChange | None]:
    """Let `apply` write rules (mapping/rules.py); its answer, and the change it came to.

    None when the rules in force are the same as before. `user` made the change; without one it
    is whoever acts now, such as a command. Raises ChangeRefused while another change is held.
    `apply` is called again after a deadlock, so it must read what it writes.
    """

    def work() -> tuple[T, RuleChange | None]:
        with transaction.atomic():
            locked = _locked(practice)
            if held_change(locked) is not None:
                raise ChangeRefused(WAITS)
            before = rules_of(locked)
            answer = apply()
            after = rules_of(locked)
            if set(before) == set(after):
                return answer, None
            return answer, _weighed(locked, before, after, user, include_messaged)

    return retried(work)


def approve(change: RuleChange, user: Any) -> RuleChange:
    """Put a held change in force, on a second person's word: the visits move. Raises
    ChangeRefused.
    """

    def work() -> RuleChange:
        with transaction.atomic():
            waiting = _waiting(change)
            if made_by(waiting, user):
                raise ChangeRefused(SECOND_PERSON)
            return _decided(waiting, RuleChangeStatus.APPROVED, user)

    return retried(work)


def reject(change: RuleChange, user: Any) -> RuleChange:
    """Put the rules before a held change in force again; its author may do that, too.

    Raises ChangeRefused, also when a campaign that those rules named is gone.
    """

    def work() -> RuleChange:
        with transaction.atomic():
            waiting = _waiting(change)
            _put_back(waiting)
            return _decided(waiting, RuleChangeStatus.REJECTED, user)

    return retried(work)


def made_by(change: RuleChange, user: Any) -> bool:
    """Whether this person made the change. The name counts too: an account may be made anew."""
    return change.made_by_id == user.pk or change.made_by_name == user.get_username()


def _locked(practice: Practice) -> Practice:
    # Not FOR UPDATE: every look writes rows that name the practice, and would wait for this
    # transaction while this one waits for the look's visits.
    return Practice.objects.select_for_update(no_key=True).get(pk=practice.pk)


def _weighed(
    practice: Practice,
    before: tuple[Rule, ...],
    after: tuple[Rule, ...],
    user: Any,
    include_messaged: bool,
) -> RuleChange:
    effect = preview(practice, after, include_messaged, before)
    held = effect.needs_approval(practice.hold_share)
    change = RuleChange.objects.create(
        practice=practice,
        status=RuleChangeStatus.HELD if held else RuleChangeStatus.APPLIED,
        before=_as_rows(before),
        after=_as_rows(after),
        moves=[list(move) for move in effect.moves],
        upcoming=effect.upcoming,
        moving=effect.moving,
        include_messaged=include_messaged,
        made_at=database_now(),
        made_by=user,
        made_by_name=user.get_username() if user is not None else current_actor().name,
    )
    _audit("rules.held" if held else "rules.changed", change)
    schedule_upcoming_looks(practice)
    if held:
        _tell(change)
    return change


def _as_rows(rules: Iterable[Rule]) -> list[list[Any]]:
    return [list(astuple(rule)) for rule in rules]


def _tell(change: RuleChange) -> None:
    alert(
        change.practice,
        f"rule-change-{change.pk}",
        f"Kept: a change of the rules of {change.practice.name} waits for approval",
        f"{change.made_by_name} changed the campaign rules of {change.practice.name}. "
        f"{change.moving} of {change.upcoming} enrolled visits would change their campaign, which "
        "is more than one person may decide. Until a second person approves the change under "
        "Changes of the rules in the console, or rejects it, these visits keep what they have.",
    )


def _waiting(change: RuleChange) -> RuleChange:
    _locked(change.practice)
    current = RuleChange.objects.select_related("practice").get(pk=change.pk)
    if current.status != RuleChangeStatus.HELD:
        raise ChangeRefused(DECIDED)
    return current


def _decided(change: RuleChange, status: RuleChangeStatus, user: Any) -> RuleChange:
    change.status = status
    change.decided_at = database_now()
    change.decided_by, change.decided_by_name = user, user.get_username()
    change.save(update_fields=["status", "decided_at", "decided_by", "decided_by_name"])
    _audit(f"rules.{status.value}", change)
    schedule_upcoming_looks(change.practice)
    return change


def _put_back(change: RuleChange) -> None:
    """Make the rules in force those before the change, row by row."""
    present = {
        row.pk: row
        for row in CampaignRule.objects.filter(practice=change.practice).select_related("campaign")
    }
    wanted = {row[0]: row for row in change.before}
    differing = {pk for pk, row in present.items() if row.active and _as_row(row) != wanted.get(pk)}
    missing = [row for pk, row in wanted.items() if pk not in present or pk in differing]
    missing += [row for pk, row in wanted.items() if pk in present and not present[pk].active]
    former = {pk: as_audit_list(present[pk]) for pk in present}
    # Rules that go are written first: two active rules may never hold one key.
    CampaignRule.objects.filter(pk__in=differing).update(active=False)
    for row in missing:
        rule = _rule(change.practice, row)
        if rule.pk in present:
            update_rule(rule, former[rule.pk])
        else:
            create_rule(rule)
    for pk in sorted(differing - wanted.keys()):
        switch_off_rule(present[pk])


def _as_row(rule: CampaignRule) -> list[Any]:
    return [rule.pk, *as_audit_list(rule)[:5]]


def _rule(practice: Practice, row: list[Any]) -> CampaignRule:
    pk, type_id, modality, risk, language, campaign_id = row
    campaign = Campaign.objects.filter(practice=practice, external_id=campaign_id).first()
    if campaign_id and campaign is None:
        raise ChangeRefused(CAMPAIGN_GONE)
    return CampaignRule(
        pk=pk,
        practice=practice,
        appointment_type_id=type_id,
        modality=modality,
        risk=risk,
        language=language,
        campaign=campaign,
        active=True,
    )


def _audit(action: str, change: RuleChange) -> None:
    audit_row(
        action,
        change,
        upcoming=change.upcoming,
        moving=change.moving,
        include_messaged=change.include_messaged,
    )


def apply_rules(
    practice: Practice,
    lines: Sequence[RuleLine],
    *,
    replace: bool,
    user: Any = None,
    include_messaged: bool = False,
    guard: Callable[[], None] = lambda: None,
) -> tuple[Changes, RuleChange | None]:
    """Make the rules those of the lines, as one change. Raises ChangeRefused.

    Rules that no line speaks of stay, or with `replace` are deactivated, never deleted: a past
    decision names the rule it was made by. `guard` is asked first, where nobody else can change
    the rules any more, and may raise ChangeRefused.
    """

    def apply() -> Changes:
        guard()
        changes = Changes()
        for step in steps_of(practice, lines, replace=replace):
            changes.count(step.kind)
            _write(step)
        return changes

    return change_rules(practice, apply, user=user, include_messaged=include_messaged)


def planned(
    practice: Practice, lines: Sequence[RuleLine], *, replace: bool = False
) -> tuple[Changes, tuple[Rule, ...]]:
    """What apply_rules would count, and the rules that would be in force; nothing is written."""
    changes = Changes()
    stored = CampaignRule.objects.filter(practice=practice).select_related("campaign")
    rows = {row.pk: row for row in stored}
    number = max(rows, default=0)
    for step in steps_of(practice, lines, replace=replace):
        changes.count(step.kind)
        if step.kind == CREATED:
            # A number of its own until it has one: rules are told apart by it.
            number += 1
            step.row.pk = number
        if step.kind != UNCHANGED:
            rows[step.row.pk] = step.row
    return changes, tuple(fact_of(row) for row in rows.values() if row.active)


def _write(step: Step) -> None:
    if step.kind == CREATED:
        create_rule(step.row)
    elif step.kind == UPDATED:
        update_rule(step.row, step.before)
    elif step.kind == REMOVED:
        switch_off_rule(step.row, "rule.removed")
