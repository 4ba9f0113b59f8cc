"""The enrollment as it should be: who is written to, how, and by which campaign.

Each step leaves a finding. All reasons against an enrollment are collected, and the first in the
ledger's precedence is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.booked_twice import booked_beside
from campaigns.domain.campaign_choice import choose, is_late, reminding
from campaigns.domain.channels import Channels, channels_of, reach_of
from campaigns.domain.consents import Reach, refusal, to_tell
from campaigns.domain.coverage import Code
from campaigns.domain.decision import ChoiceBasis, Plan
from campaigns.domain.effects import DISBELIEVED, EffectWanted, instant
from campaigns.domain.findings import Findings
from campaigns.domain.recipient import Nobody, Recipient, recipient_of, unreadable_in
from campaigns.domain.request_bodies import patient_of, reminder_of
from campaigns.domain.snapshot import Campaign, Snapshot
from campaigns.domain.values import (
    AppointmentStatus,
    CancelReason,
    Channel,
    EffectKind,
    EnrollmentStatus,
)
from campaigns.domain.video_link import Link, link_of
from campaigns.domain.visit_status import (
    ASKED_AGAIN_AFTER,
    cancel_reason,
    closed_code,
    visit_day,
)

HISTORY_GOOD_FOR = timedelta(hours=24)


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """What this appointment should have; pure, and total over every snapshot."""
    findings = Findings()
    code = closed_code(snapshot.appointment, now)
    if code is not None:
        findings.add("status", snapshot.appointment.status.value, code.value)
        return Plan(code, cancel_reason=cancel_reason(code), findings=tuple(findings.found))
    disbelieved = _disbelieved(snapshot, now, findings)
    if disbelieved is not None:
        return replace(disbelieved, findings=tuple(findings.found))
    findings.add("status", snapshot.appointment.status.value, "scheduled")
    unread = _unread(snapshot, now, findings)
    if unread is not None:
        return replace(unread, findings=tuple(findings.found))
    if _waits_for_primary(snapshot):
        findings.add("resources", "sibling of a visit that is not decided yet", "wait for it")
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, findings=tuple(findings.found))
    return _route(snapshot, now, findings)


def _disbelieved(snapshot: Snapshot, now: datetime, findings: Findings) -> Plan | None:
    """A visit whose row cannot be understood any more, or was not found: read again, and then not
    reminded of.
    """
    appointment = snapshot.appointment
    body = {"appointment": appointment.external_id}
    read = EffectWanted(EffectKind.READ_APPOINTMENT, body, purpose=DISBELIEVED)
    if appointment.not_found_at is not None:
        again = appointment.not_found_at + ASKED_AGAIN_AFTER
        findings.add("status", "athenahealth did not find the visit", "ask once more, later")
        reads = (read,) if again <= now else ()
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, reads=reads, wait_until=again)
    if not appointment.unreadable:
        return None
    saw = f"its {appointment.unreadable} cannot be read"
    if not appointment.unreadable_twice:
        findings.add("status", saw, "read it again")
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, reads=(read,))
    findings.add("status", saw, "stop", Code.RECORD_UNREADABLE)
    return Plan(Code.RECORD_UNREADABLE, unreadable=(f"visit's {appointment.unreadable}",))


def _unread(snapshot: Snapshot, now: datetime, findings: Findings) -> Plan | None:
    """The reads without which nothing can be judged."""
    patient = snapshot.patient
    if patient.read_at is None:
        findings.add("patient", "not read yet", "read")
        read = EffectWanted(EffectKind.READ_PATIENT, {"patient": patient.external_id})
        return Plan(Code.AWAITING_PATIENT, keep=True, reads=(read,))
    if _history_needed(snapshot, now):
        findings.add("no_shows", "past visits not read lately", "read")
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


def _route(snapshot: Snapshot, now: datetime, findings: Findings) -> Plan:
    _patient_and_time(snapshot, now, findings)
    recipient = _recipient(snapshot, now, findings)
    reach = _reach(snapshot, recipient)
    planned = _campaign(snapshot, now, recipient, reach, findings)
    noes = ((channel, refusal(snapshot.patient, channel, to)) for channel, to in reach.items())
    return replace(
        planned,
        reach=reach,
        stops={channel: no for channel, no in noes if no is not None},
        tells=() if planned.keep else _tells(snapshot, now),
        unreadable=unreadable_in(snapshot.patient, _today(snapshot, now)),
    )


def _tells(snapshot: Snapshot, now: datetime) -> tuple[EffectWanted, ...]:
    """What Relatient is to be told of whom texts, calls and emails may reach.

    It keeps that by patient, so it is judged by who is written to today at any department,
    whichever visit is looked at: two visits never ask for two things.
    """
    patient, settings, today = snapshot.patient, snapshot.settings, _today(snapshot, now)
    recipients = [
        recipient_of(
            patient,
            today,
            age,
            today=today,
            confidential=False,
            landline_calls_ok=settings.landline_calls_ok,
        )
        for age in settings.ages_of_majority
    ]
    reaches = [_reach(snapshot, one) for one in recipients if not isinstance(one, Nobody)]
    if not patient.relatient_id:
        return ()
    return tuple(
        EffectWanted(
            EffectKind.TELL_CONSENT,
            {
                "patient": patient.external_id,
                "channel": channel.value,
                "state": word.state,
                "at": instant(word.at),
            },
            purpose=channel.value,
        )
        for channel, word in to_tell(patient, *reaches)
    )


def _campaign(
    snapshot: Snapshot,
    now: datetime,
    recipient: Recipient | None,
    reach: Mapping[Channel, str],
    findings: Findings,
) -> Plan:
    """The campaign and what the reminder says, or why there is none."""
    channels = _channels(snapshot, recipient, reach, findings)
    choice = choose(snapshot, now, findings)
    _ended_elsewhere(snapshot, findings)
    campaign = snapshot.campaigns.get(choice.campaign)
    allowed = _allowed(channels, campaign, findings)
    if choice.campaign and (campaign is None or not campaign.active):
        findings.add("campaign", "not active at Relatient", "stop", Code.CAMPAIGN_INACTIVE)
    link = _link(snapshot, now, findings)
    if link.read is not None and _link_first(snapshot, findings):
        found = tuple(findings.found)
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, reads=(link.read,), findings=found)
    code = findings.first()
    tomorrow = _not_before(snapshot, now) if code is None else None
    if tomorrow is not None:
        findings.add("messages", "a first message went out today", "enroll tomorrow")
        found = tuple(findings.found)
        return Plan(Code.EFFECT_IN_FLIGHT, keep=True, findings=found, wait_until=tomorrow)
    if code is None and choice.held and not choice.campaign:
        return Plan(
            Code.HELD_FOR_APPROVAL,
            cancel_reason=CancelReason.ROUTE_CHANGED,
            findings=tuple(findings.found),
            route=choice.key,
            held=True,
        )
    provider = choice.provider
    if code is not None or recipient is None or not allowed or provider is None:
        return _nothing(snapshot, code or Code.NO_CONTACT_CHANNEL, findings, choice.key, link)
    return Plan(
        None,
        campaign=choice.campaign,
        reminder=reminder_of(snapshot, recipient, provider, allowed, link.url),
        patient=patient_of(snapshot, now, choice.key.language),
        findings=tuple(findings.found),
        route=choice.key,
        held=choice.held,
        link=link,
        link_missing=link.missing and snapshot.settings.telehealth_link_required,
    )


def _not_before(snapshot: Snapshot, now: datetime) -> datetime | None:
    """When a visit that could not be read for a while may be enrolled anew; None for now.

    Relatient sends a first message at every enrollment: not two on one day, unless it would be too
    late tomorrow.
    """
    appointment, own = snapshot.appointment, snapshot.own_enrollments
    since, newest = appointment.unreadable_since, own[-1] if own else None
    if since is None or newest is None or newest.status is not EnrollmentStatus.CANCELLED:
        return None
    if newest.ended_at is None or newest.ended_at < since:
        return None
    zone = ZoneInfo(appointment.time_zone or snapshot.settings.time_zone)
    today = now.astimezone(zone).date()
    sent = (newest.messaged_at, newest.created_at)
    if all(at is None or at.astimezone(zone).date() != today for at in sent):
        return None
    midnight = datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)
    return None if is_late(snapshot, midnight) else midnight


def _link(snapshot: Snapshot, now: datetime, findings: Findings) -> Link:
    """The link to a video visit; a missing one prevents a first enrollment, where one is wanted."""
    link = link_of(snapshot, now)
    if link.missing:
        blocks = snapshot.settings.telehealth_link_required and reminding(snapshot) is None
        concluded = "stop" if blocks else "go on without it"
        code = Code.TELEHEALTH_LINK_MISSING if blocks else None
        findings.add("video_link", "athenahealth has none today", concluded, code)
    elif link.url:
        findings.add("video_link", "there is one for today", "put it into the reminder")
    return link


def _link_first(snapshot: Snapshot, findings: Findings) -> bool:
    """Whether a first enrollment has to wait until the link was asked for."""
    required = snapshot.settings.telehealth_link_required
    return required and reminding(snapshot) is None and findings.first() is None


def _nothing(
    snapshot: Snapshot, code: Code, findings: Findings, key: ChoiceBasis, link: Link
) -> Plan:
    needs_desk = {Code.NO_CONTACT_CHANNEL, Code.GUARDIAN_CONTACT_MISSING}
    return Plan(
        code,
        cancel_reason=cancel_reason(code),
        # The desk is asked for contact data only where the visit would otherwise be reminded of.
        desk_task=code in needs_desk and _no_contact(findings),
        findings=tuple(findings.found),
        route=key,
        # Where nothing else stands in the way, the link is looked for again.
        link=link if code is Code.TELEHEALTH_LINK_MISSING else Link(),
    )


def _no_contact(findings: Findings) -> bool:
    return any(f.step == "contact" and f.result == "ask the desk" for f in findings.found)


def _patient_and_time(snapshot: Snapshot, now: datetime, findings: Findings) -> None:
    appointment, settings = snapshot.appointment, snapshot.settings
    if not snapshot.patient.active:
        findings.add("patient", "inactive or deceased", "stop", Code.PATIENT_INACTIVE)
    if appointment.secondary and _primary_enrolled(snapshot):
        findings.add("resources", "sibling of an enrolled visit", "stop", Code.SECONDARY_RESOURCE)
    if booked_beside(snapshot):
        findings.add("booked_twice", "another visit at the same time", "each keeps its reminders")
    if appointment.starts_at is None:
        findings.add("time", "department without a zone", "stop", Code.TIME_ZONE_UNKNOWN)
    elif is_late(snapshot, now) and reminding(snapshot) is None:
        saw = f"starts within {settings.too_late_hours} h"
        findings.add("time", saw, "too late for a first enrollment", Code.TOO_LATE)


def _ended_elsewhere(snapshot: Snapshot, findings: Findings) -> None:
    """An enrollment that somebody ended at Relatient is taken up again by hand only."""
    own = snapshot.own_enrollments
    newest = own[-1] if own else None
    if newest is None or not newest.ended_elsewhere:
        return
    by_hand, ended_at = snapshot.instruction if snapshot.by_hand else None, newest.ended_at
    if by_hand is None or ended_at is None or by_hand.at <= ended_at:
        findings.add("staff", "ended at Relatient, not by Kept", "stop", Code.ENDED_ELSEWHERE)


def _waits_for_primary(snapshot: Snapshot) -> bool:
    """Whether a secondary row has to wait: the visit that it belongs to may not be decided yet."""
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


def _today(snapshot: Snapshot, now: datetime) -> date:
    return now.astimezone(ZoneInfo(snapshot.settings.time_zone)).date()


def _recipient(snapshot: Snapshot, now: datetime, findings: Findings) -> Recipient | None:
    settings = snapshot.settings
    recipient = recipient_of(
        snapshot.patient,
        visit_day(snapshot.appointment),
        settings.age_of_majority,
        today=_today(snapshot, now),
        confidential=snapshot.appointment.confidential,
        landline_calls_ok=settings.landline_calls_ok,
    )
    if recipient is Nobody.UNREADABLE:
        saw = "the date of birth cannot be read"
        findings.add("recipient", saw, "write to nobody", Code.RECORD_UNREADABLE)
        return None
    if isinstance(recipient, Nobody):
        findings.add(
            "recipient", "a minor", "no grown-up can be reached", Code.GUARDIAN_CONTACT_MISSING
        )
        findings.add("contact", "no guardian contact", "ask the desk")
        return None
    findings.add("recipient", recipient.kind.value, "write to the " + recipient.kind.value)
    return recipient


def _reach(snapshot: Snapshot, recipient: Recipient | None) -> dict[Channel, str]:
    """The recipient's numbers and address by channel; a channel that reaches nobody is left out."""
    if recipient is None:
        return {}
    reach = reach_of(recipient, landline_calls_ok=snapshot.settings.landline_calls_ok)
    return {channel: to for channel, to in reach.items() if to}


def _channels(
    snapshot: Snapshot, recipient: Recipient | None, reach: Reach, findings: Findings
) -> Channels | None:
    if recipient is None:
        return None
    if not recipient.on_file(landline_calls_ok=snapshot.settings.landline_calls_ok):
        saw = "neither mobile number nor email"
        findings.add("contact", saw, "ask the desk", Code.NO_CONTACT_CHANNEL)
        return None
    channels = channels_of(snapshot.patient, reach)
    saw = ", ".join(f"{c.value} {v.value}" for c, v in channels.verdicts.items())
    if channels.refused:
        findings.add("contact", saw, "every channel was refused", Code.OPTED_OUT)
    else:
        findings.add("contact", saw, "usable: " + ", ".join(channels.usable))
    return channels


def _allowed(
    channels: Channels | None, campaign: Campaign | None, findings: Findings
) -> tuple[Channel, ...]:
    """Usable and in the campaign, in the campaign's order."""
    if channels is None or campaign is None:
        return ()
    allowed = tuple(c for c in campaign.channels if c in channels.usable)
    if not allowed and channels.usable:
        saw = "usable channels are none of the campaign's"
        findings.add("channels", saw, "stop", Code.NO_CONTACT_CHANNEL)
    return allowed
