"""The enrollment as it should be: who is written to, how, and by which campaign.

Each filter leaves a finding; the reasons that stand in the way are all collected and the first
in the ledger's precedence is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.bodies import patient_of, reminder_of
from campaigns.domain.channels import Channels, channels_of
from campaigns.domain.coverage import PRECEDENCE, Code
from campaigns.domain.decision import Finding, Plan, RouteKey
from campaigns.domain.effects import EffectWanted
from campaigns.domain.enrollment import REMINDING
from campaigns.domain.facts import Campaign, EnrollmentFacts, Provider, Rule, Snapshot
from campaigns.domain.languages import language_of
from campaigns.domain.recipient import Recipient, recipient_of
from campaigns.domain.risk import no_shows_before, risk_of
from campaigns.domain.rules import Route, is_fallback, is_hole, speaks_for, winner
from campaigns.domain.status import cancel_reason, closed_code
from campaigns.domain.values import (
    CONFIRMED,
    AppointmentStatus,
    Channel,
    EffectKind,
    InstructionKind,
    Risk,
)

HISTORY_GOOD_FOR = timedelta(hours=24)


@dataclass
class Notes:
    """What the filters found so far, and the reasons that stand in the way."""

    findings: list[Finding] = field(default_factory=list)
    reasons: set[Code] = field(default_factory=set)

    def say(self, filter_: str, saw: str, concluded: str, reason: Code | None = None) -> None:
        """Keep a finding, and the reason it gives if it stands in the way."""
        self.findings.append(Finding(filter_, saw, concluded))
        if reason is not None:
            self.reasons.add(reason)

    def first(self) -> Code | None:
        """The reason that is shown, by precedence."""
        return next((code for code in PRECEDENCE if code in self.reasons), None)


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """What this appointment should have; pure, and total over every snapshot."""
    notes = Notes()
    code = closed_code(snapshot.appointment, now)
    if code is not None:
        notes.say("status", snapshot.appointment.status.value, code.value)
        return Plan(code, cancel_reason=cancel_reason(code), findings=tuple(notes.findings))
    notes.say("status", snapshot.appointment.status.value, "scheduled")
    unread = _unread(snapshot, now, notes)
    if unread is not None:
        return replace(unread, findings=tuple(notes.findings))
    if _waits_for_primary(snapshot):
        notes.say("resources", "sibling of a visit that is not decided yet", "wait for it")
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, findings=tuple(notes.findings))
    return _route(snapshot, now, notes)


def _unread(snapshot: Snapshot, now: datetime, notes: Notes) -> Plan | None:
    """The reads without which nothing can be judged."""
    patient = snapshot.patient
    if patient.read_at is None:
        notes.say("patient", "not read yet", "read")
        read = EffectWanted(EffectKind.READ_PATIENT, {"patient": patient.external_id})
        return Plan(Code.AWAITING_PATIENT, keep=True, reads=(read,))
    if _history_needed(snapshot, now):
        notes.say("no_shows", "past visits not read lately", "read")
        zone = ZoneInfo(snapshot.settings.time_zone)
        # Yesterday of the window's far end, so that no zone's midnight cuts a day off.
        first = now.astimezone(zone).date() - timedelta(snapshot.settings.risk_window_days + 1)
        body = {
            "patient": patient.external_id,
            "first": first.isoformat(),
            "last": now.astimezone(zone).date().isoformat(),
        }
        read = EffectWanted(EffectKind.READ_HISTORY, body)
        return Plan(Code.AWAITING_HISTORY, keep=True, reads=(read,))
    return None


def _history_needed(snapshot: Snapshot, now: datetime) -> bool:
    """Once per patient and day at most, and only before a first enrollment."""
    read_at = snapshot.patient.history_read_at
    if read_at is None:
        return True
    return not snapshot.own_enrollments and now - read_at > HISTORY_GOOD_FOR


def _route(snapshot: Snapshot, now: datetime, notes: Notes) -> Plan:
    _patient_and_time(snapshot, now, notes)
    recipient, channels = _reach(snapshot, notes)
    route, campaign_id = _campaign(snapshot, notes)
    provider, campaign_id = _provider(snapshot, notes, campaign_id)
    campaign_id = _kept_when_late(snapshot, now, notes, campaign_id)
    campaign_id = _instruction(snapshot, notes, campaign_id)
    _ended_elsewhere(snapshot, notes)
    campaign = snapshot.campaigns.get(campaign_id)
    allowed = _allowed(channels, campaign, notes)
    if campaign_id and (campaign is None or not campaign.active):
        notes.say("campaign", "not active at Relatient", "stop", Code.CAMPAIGN_INACTIVE)
    key = RouteKey(route.type_id, route.modality, route.risk, route.language, campaign_id)
    code = notes.first()
    if code is not None or recipient is None or not allowed or provider is None:
        return _nothing(snapshot, code or Code.NO_CONTACT_CHANNEL, notes, key)
    return Plan(
        None,
        campaign=campaign_id,
        reminder=reminder_of(snapshot, recipient, provider, allowed),
        patient=patient_of(snapshot, now, route.language),
        findings=tuple(notes.findings),
        route=key,
    )


def _nothing(snapshot: Snapshot, code: Code, notes: Notes, key: RouteKey) -> Plan:
    needs_desk = {Code.NO_CONTACT_CHANNEL, Code.GUARDIAN_CONTACT_MISSING}
    return Plan(
        code,
        cancel_reason=cancel_reason(code),
        # The desk is asked for contact data only where the visit would otherwise be reminded of.
        desk_task=code in needs_desk and _no_contact(notes),
        findings=tuple(notes.findings),
        route=key,
    )


def _no_contact(notes: Notes) -> bool:
    return any(f.filter == "contact" and f.concluded == "ask the desk" for f in notes.findings)


def _patient_and_time(snapshot: Snapshot, now: datetime, notes: Notes) -> None:
    appointment, settings = snapshot.appointment, snapshot.settings
    if not snapshot.patient.active:
        notes.say("patient", "inactive or deceased", "stop", Code.PATIENT_INACTIVE)
    if appointment.secondary and _primary_enrolled(snapshot):
        notes.say("resources", "sibling of an enrolled visit", "stop", Code.SECONDARY_RESOURCE)
    if appointment.starts_at is None:
        notes.say("time", "department without a zone", "stop", Code.TIME_ZONE_UNKNOWN)
    elif _late(snapshot, now) and _reminding(snapshot) is None:
        saw = f"starts within {settings.too_late_hours} h"
        notes.say("time", saw, "too late for a first enrollment", Code.TOO_LATE)


def _late(snapshot: Snapshot, now: datetime) -> bool:
    """Whether the start is too near to begin with reminders."""
    starts_at = snapshot.appointment.starts_at
    hours = timedelta(hours=snapshot.settings.too_late_hours)
    return starts_at is not None and starts_at - now <= hours


def _reminding(snapshot: Snapshot) -> EnrollmentFacts | None:
    """The appointment's own enrollment that Relatient knows and that was not called off."""
    own = snapshot.own_enrollments
    return own[-1] if own and own[-1].status in REMINDING else None


def _kept_when_late(snapshot: Snapshot, now: datetime, notes: Notes, campaign_id: str) -> str:
    """Near the start an enrollment keeps its campaign: the next one would begin too late."""
    held = _reminding(snapshot)
    if held is None or held.campaign == campaign_id or not _late(snapshot, now):
        return campaign_id
    campaign = snapshot.campaigns.get(held.campaign)
    modality = snapshot.appointment.modality
    if campaign is None or not campaign.active or not speaks_for(campaign, modality):
        return campaign_id
    notes.say("time", "too late for another campaign", f"keep {held.campaign}")
    return held.campaign


def _ended_elsewhere(snapshot: Snapshot, notes: Notes) -> None:
    """An enrollment that somebody ended at Relatient is taken up again by hand only."""
    own = snapshot.own_enrollments
    newest = own[-1] if own else None
    if newest is None or not newest.ended_elsewhere:
        return
    by_hand, ended_at = snapshot.instruction if snapshot.by_hand else None, newest.ended_at
    if by_hand is None or ended_at is None or by_hand.at <= ended_at:
        notes.say("staff", "ended at Relatient, not by Kept", "stop", Code.ENDED_ELSEWHERE)


def _waits_for_primary(snapshot: Snapshot) -> bool:
    """A secondary row may be seen before the visit that it belongs to is decided."""
    appointment = snapshot.appointment
    return appointment.secondary and any(
        s.pending and not s.secondary and s.starts_at == appointment.starts_at
        for s in snapshot.siblings
    )


def _primary_enrolled(snapshot: Snapshot) -> bool:
    return any(
        s.enrolled
        and s.starts_at == snapshot.appointment.starts_at
        and s.status is AppointmentStatus.SCHEDULED
        for s in snapshot.siblings
    )


def _visit_day(snapshot: Snapshot) -> datetime:
    """The visit's start in the practice's zone; department time while the zone is unknown."""
    starts_at = snapshot.appointment.starts_at
    if starts_at is None:
        return snapshot.appointment.local_start
    return starts_at.astimezone(ZoneInfo(snapshot.settings.time_zone))


def _reach(snapshot: Snapshot, notes: Notes) -> tuple[Recipient | None, Channels | None]:
    settings = snapshot.settings
    recipient = recipient_of(
        snapshot.patient,
        _visit_day(snapshot).date(),
        settings.age_of_majority,
        confidential=snapshot.appointment.confidential,
        landline_calls_ok=settings.landline_calls_ok,
    )
    if recipient is None:
        notes.say(
            "recipient", "a minor", "no grown-up can be reached", Code.GUARDIAN_CONTACT_MISSING
        )
        notes.say("contact", "no guardian contact", "ask the desk")
        return None, None
    notes.say("recipient", recipient.kind.value, "write to the " + recipient.kind.value)
    if not recipient.on_file(landline_calls_ok=settings.landline_calls_ok):
        saw = "neither mobile number nor email"
        notes.say("contact", saw, "ask the desk", Code.NO_CONTACT_CHANNEL)
        return recipient, None
    channels = channels_of(
        snapshot.patient, recipient, landline_calls_ok=settings.landline_calls_ok
    )
    saw = ", ".join(f"{c.value} {v.value}" for c, v in channels.verdicts.items())
    if channels.refused:
        notes.say("contact", saw, "every channel was refused", Code.OPTED_OUT)
    else:
        notes.say("contact", saw, "usable: " + ", ".join(channels.usable))
    return recipient, channels


def _campaign(snapshot: Snapshot, notes: Notes) -> tuple[Route, str]:
    settings, appointment = snapshot.settings, snapshot.appointment
    count = no_shows_before(
        _visit_day(snapshot).date(), snapshot.patient.no_shows, settings.risk_window_days
    )
    risk = risk_of(count, settings.risk_threshold)
    notes.say("no_shows", f"{count} in {settings.risk_window_days} days", f"{risk.value} risk")
    language, found = language_of(snapshot.patient.language_code, settings.language)
    route = Route(appointment.type_id, appointment.modality, risk, language, settings.language)
    route, rule = _ruled(snapshot, route, notes)
    risk = route.risk
    saw = f"type {route.type_id}, {route.modality.value}, {risk.value}, {language} ({found})"
    if rule is None:
        notes.say("rule", saw, "no rule matches", Code.NO_RULE)
        return route, ""
    if not rule.campaign:
        notes.say("rule", saw, f"rule {rule.id} excludes the type", Code.TYPE_EXCLUDED)
        return route, ""
    fallback = ", in the practice's language" if is_fallback(rule, route) else ""
    hole = ", no rule is for enhanced risk" if is_hole(rule, route) else ""
    notes.say("rule", saw, f"rule {rule.id}: {rule.campaign}{fallback}{hole}")
    return route, rule.campaign


def _ruled(snapshot: Snapshot, route: Route, notes: Notes) -> tuple[Route, Rule | None]:
    """The winner; but a new no-show does not re-route a visit that is confirmed already."""
    rule = winner(snapshot.rules, snapshot.campaigns, route)
    held = _reminding(snapshot)
    if (
        route.risk is not Risk.ENHANCED
        or held is None
        or snapshot.appointment.confirmation not in CONFIRMED
    ):
        return route, rule
    before = replace(route, risk=Risk.STANDARD)
    kept = winner(snapshot.rules, snapshot.campaigns, before)
    if kept is None or kept.campaign != held.campaign:
        return route, rule
    notes.say("confirmation", "confirmed before", "keep the route of standard risk")
    return before, kept


def _instruction(snapshot: Snapshot, notes: Notes, campaign_id: str) -> str:
    """Obey staff: enrolled by hand replaces the rules, stopped and paused end them."""
    instruction = snapshot.instruction
    if instruction is None:
        return campaign_id
    if instruction.kind is InstructionKind.ENROLLED:
        notes.say("staff", "enrolled by hand", instruction.campaign)
        notes.reasons -= {Code.NO_RULE, Code.TYPE_EXCLUDED, Code.TOO_LATE}
        return instruction.campaign
    notes.say("staff", instruction.kind.value, "stop", Code.STOPPED_BY_STAFF)
    return campaign_id


def _provider(snapshot: Snapshot, notes: Notes, campaign_id: str) -> tuple[Provider | None, str]:
    """Exactly one provider: the first, or the practice's general one."""
    settings, providers = snapshot.settings, snapshot.appointment.providers
    if len(providers) > 1 and settings.several_providers == "general" and settings.general_campaign:
        notes.say("provider", f"{len(providers)} providers", "the practice's general campaign")
        return providers[0], settings.general_campaign
    if providers:
        notes.say("provider", f"{len(providers)} named", f"provider {providers[0].external_id}")
        return providers[0], campaign_id
    if settings.general_provider:
        general = settings.general_provider
        notes.say("provider", "none named", "the practice's general provider")
        name = snapshot.provider_names.get(general, "")
        return Provider(general, name), settings.general_campaign or campaign_id
    notes.say("provider", "none named", "stop", Code.NO_PROVIDER)
    return None, campaign_id


def _allowed(
    channels: Channels | None, campaign: Campaign | None, notes: Notes
) -> tuple[Channel, ...]:
    """Usable and in the campaign, in the campaign's order."""
    if channels is None or campaign is None:
        return ()
    allowed = tuple(c for c in campaign.channels if c in channels.usable)
    if not allowed and channels.usable:
        saw = "usable channels are none of the campaign's"
        notes.say("channels", saw, "stop", Code.NO_CONTACT_CHANNEL)
    return allowed
