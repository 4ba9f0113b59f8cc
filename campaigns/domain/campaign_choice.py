"""Which campaign a visit gets: risk and language, then the rules, then what stands against them.

    rules -> provider -> near the start -> already written to -> approval -> staff

A later step may keep the campaign that the visit has, or replace what the rules chose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaigns.domain.coverage import Code
from campaigns.domain.decision import ChoiceBasis
from campaigns.domain.enrollment_states import REMINDING
from campaigns.domain.findings import Findings
from campaigns.domain.languages import language_of
from campaigns.domain.risk import RISK_LEVELS, below, no_shows_before, risk_of
from campaigns.domain.rule_match import VisitKind, is_fallback, is_hole, speaks_for, winner
from campaigns.domain.snapshot import EnrollmentFacts, Provider, Rule, Snapshot
from campaigns.domain.values import CONFIRMED, InstructionKind
from campaigns.domain.visit_status import visit_day


@dataclass(frozen=True)
class Choice:
    """The campaign, or the reason for none; `held` while a change of it waits for approval."""

    key: ChoiceBasis
    provider: Provider | None = None
    objection: Code | None = None
    held: bool = False

    @property
    def campaign(self) -> str:
        """Relatient's id; empty for none."""
        return self.key.campaign

    def keeping(self, campaign: str, *, kept: bool = False, held: bool = False) -> Choice:
        """The same visit with another campaign, against which nothing is said."""
        key = replace(self.key, campaign=campaign, kept=kept)
        return replace(self, key=key, objection=None, held=held)


def choose(snapshot: Snapshot, now: datetime, findings: Findings) -> Choice:
    """The campaign this visit should have, with a finding from each step."""
    visit, rule = _ruled(snapshot, _visit_kind(snapshot, findings), findings)
    choice = _provided(snapshot, findings, _by_rule(snapshot, visit, rule, findings))
    choice = _keep_present_campaign(snapshot, now, findings, visit, choice)
    choice = _told_by_staff(snapshot, findings, choice)
    if choice.objection is not None:
        findings.reasons.add(choice.objection)
    return choice


def reminding(snapshot: Snapshot) -> EnrollmentFacts | None:
    """The appointment's own enrollment that Relatient knows and that was not called off."""
    own = snapshot.own_enrollments
    return own[-1] if own and own[-1].status in REMINDING and not own[-1].foreign else None


def is_late(snapshot: Snapshot, now: datetime) -> bool:
    """Whether the start is too near to begin with reminders."""
    starts_at = snapshot.appointment.starts_at
    hours = timedelta(hours=snapshot.settings.too_late_hours)
    return starts_at is not None and starts_at - now <= hours


def _visit_kind(snapshot: Snapshot, findings: Findings) -> VisitKind:
    settings, appointment, patient = snapshot.settings, snapshot.appointment, snapshot.patient
    day = visit_day(snapshot.appointment)
    count = no_shows_before(day, patient.no_shows, settings.risk_window_days)
    risk = risk_of(count, settings)
    saw = [f"{count} in {settings.risk_window_days} days"]
    # Shown beside the count as explanation; they never enter the risk.
    if appointment.scheduled_at is not None and appointment.starts_at is not None:
        saw.append(f"booked {(appointment.starts_at - appointment.scheduled_at).days} days ahead")
    saw += [] if patient.seen_before else ["first visit"]
    saw += [] if patient.mobile_phone else ["no mobile number"]
    findings.add("no_shows", ", ".join(saw), RISK_LEVELS[risk].label)
    language, found = language_of(patient.language_code, settings.language)
    findings.add("language", found, language)
    return VisitKind(appointment.type_id, appointment.modality, risk, language, settings.language)


def _ruled(
    snapshot: Snapshot, visit: VisitKind, findings: Findings
) -> tuple[VisitKind, Rule | None]:
    """The rule that wins; but a new no-show does not re-route a visit that is confirmed already.

    Not even a visit whose campaign the rules have left meanwhile: it was chosen for less risk.
    """
    rule = winner(snapshot.rules, snapshot.campaigns, visit)
    held = reminding(snapshot)
    if held is None or snapshot.appointment.confirmation not in CONFIRMED:
        return visit, rule
    for risk in below(visit.risk):
        before = replace(visit, risk=risk)
        kept = winner(snapshot.rules, snapshot.campaigns, before)
        by_rule = kept is not None and kept.campaign == held.campaign
        before_rules = held.route.get("risk") == risk and _serves(snapshot, held.campaign)
        if by_rule or before_rules:
            label = RISK_LEVELS[risk].label
            findings.add("confirmation", "confirmed before", f"keep the route of {label}")
            return before, kept
    return visit, rule


def _by_rule(snapshot: Snapshot, visit: VisitKind, rule: Rule | None, findings: Findings) -> Choice:
    appointment = snapshot.appointment
    kind = f"{appointment.type_name} ({visit.type_id})" if appointment.type_name else visit.type_id
    saw = f"{kind}, {visit.modality.value}, {visit.risk.value}, {visit.language}"
    key = ChoiceBasis(visit.type_id, visit.modality, visit.risk, visit.language, "")
    if rule is None:
        findings.add("rule", saw, "no rule matches")
        return Choice(key, objection=Code.NO_RULE)
    if not rule.campaign:
        findings.add("rule", saw, f"rule {rule.id} excludes the type")
        return Choice(key, objection=Code.TYPE_EXCLUDED)
    fallback = ", in the practice's language" if is_fallback(rule, visit) else ""
    hole = f", no rule is for {RISK_LEVELS[visit.risk].label}" if is_hole(rule, visit) else ""
    name = campaign_name(snapshot, rule.campaign)
    findings.add("rule", saw, f"rule {rule.id}: {name}{fallback}{hole}")
    return Choice(replace(key, campaign=rule.campaign))


def campaign_name(snapshot: Snapshot, campaign: str) -> str:
    """A campaign as people know it, with its id."""
    known = snapshot.campaigns.get(campaign)
    return f"{known.name} ({campaign})" if known is not None and known.name else campaign


def _provided(snapshot: Snapshot, findings: Findings, choice: Choice) -> Choice:
    """Exactly one provider: the first, or the practice's general one."""
    settings, providers = snapshot.settings, snapshot.appointment.providers
    saw = ", ".join(f"{p.name} ({p.external_id})" if p.name else p.external_id for p in providers)
    general = settings.general_campaign
    if len(providers) > 1 and settings.several_providers == "general" and general:
        findings.add("provider", saw, "several: the practice's general campaign")
        key = replace(choice.key, campaign=general, general=True)
        return replace(choice, provider=providers[0], key=key)
    if providers:
        why = "the only one" if len(providers) == 1 else "the primary, named first"
        findings.add("provider", saw, f"{providers[0].external_id}, {why}")
        return replace(choice, provider=providers[0])
    if settings.general_provider:
        findings.add("provider", "none named", "the practice's general provider")
        name = snapshot.provider_names.get(settings.general_provider, "")
        key = replace(choice.key, campaign=general or choice.campaign, general=bool(general))
        return replace(choice, provider=Provider(settings.general_provider, name), key=key)
    findings.add("provider", "none named", "stop", Code.NO_PROVIDER)
    return choice


def _keep_present_campaign(
    snapshot: Snapshot, now: datetime, findings: Findings, visit: VisitKind, choice: Choice
) -> Choice:
    """Keep the campaign that the visit has, where that counts for more than what the
    rules say now.
    """
    has = reminding(snapshot)
    if has is not None and has.campaign != choice.campaign and _serves(snapshot, has.campaign):
        if is_late(snapshot, now) and choice.objection is None:
            keep = f"keep {campaign_name(snapshot, has.campaign)}"
            findings.add("time", "too late for another campaign", keep)
            return choice.keeping(has.campaign, kept=True)
        if _written_to(snapshot, has) and not _all_move(snapshot, has, choice):
            saw = "the rules changed after the patient was written to or confirmed"
            keep = f"keep {campaign_name(snapshot, has.campaign)}"
            findings.add("written_to", saw, keep)
            return choice.keeping(has.campaign)
    if not _waits_for_approval(snapshot, visit, choice):
        return choice
    asked = campaign_name(snapshot, choice.campaign) if choice.campaign else "no reminders"
    saw = f"a change of the rules would give {asked}"
    # What cannot serve the visit as it is now, such as the way to the office, is not kept.
    kept = has.campaign if has is not None and _serves(snapshot, has.campaign) else ""
    keep = f"keep {campaign_name(snapshot, kept)}" if kept else "wait for a second person"
    findings.add("approval", saw, keep)
    return choice.keeping(kept, kept=True, held=True)


def _serves(snapshot: Snapshot, campaign_id: str) -> bool:
    """Whether a campaign can still serve this visit."""
    campaign = snapshot.campaigns.get(campaign_id)
    modality = snapshot.appointment.modality
    return campaign is not None and campaign.active and speaks_for(campaign, modality)


def _written_to(snapshot: Snapshot, has: EnrollmentFacts) -> bool:
    return has.messaged or snapshot.appointment.confirmation in CONFIRMED


def _all_move(snapshot: Snapshot, has: EnrollmentFacts, choice: Choice) -> bool:
    """Whether the visit moves all the same: it is of another kind now, or staff said that
    all move.
    """
    if has.route and dict(has.route) != choice.key.kind:
        return True
    since = snapshot.all_move_since
    return since is not None and has.created_at is not None and has.created_at < since


def _waits_for_approval(snapshot: Snapshot, visit: VisitKind, choice: Choice) -> bool:
    """Whether a change of the rules that nobody has approved yet would choose another campaign."""
    if snapshot.rules_before is None or choice.key.general:
        return False
    former = winner(snapshot.rules_before, snapshot.campaigns, visit)
    return (former.campaign if former else "") != choice.campaign


def _told_by_staff(snapshot: Snapshot, findings: Findings, choice: Choice) -> Choice:
    """Obey staff: enrolled by hand replaces the rules, stopped and paused end them."""
    instruction = snapshot.instruction
    if instruction is None:
        return choice
    if instruction.kind is InstructionKind.ENROLLED:
        findings.add("staff", "enrolled by hand", campaign_name(snapshot, instruction.campaign))
        findings.reasons.discard(Code.TOO_LATE)
        by_hand = choice.keeping(instruction.campaign)
        # Once withdrawn, the enrollment is for another kind of visit, and the rules count again.
        return replace(by_hand, key=replace(by_hand.key, by_hand=True))
    findings.add("staff", instruction.kind.value, "stop", Code.STOPPED_BY_STAFF)
    return choice
