"""What people say of being written to: kept with source, time, and the number it was said from,
whichever vendor reported it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from audit.recorder import audit_row
from campaigns.address_digest import digest_of
from campaigns.domain.channels import reach_of
from campaigns.domain.consents import AT_RELATIENT, MERGE, NO, RECORD, YES
from campaigns.domain.emails import address
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.phones import dialable
from campaigns.domain.recipient import Nobody, Recipient, recipient_of
from campaigns.domain.values import IN_FLIGHT, Channel, EffectKind, RecipientKind
from campaigns.look_queue import schedule_looks_at_reach, schedule_looks_of_patient
from campaigns.models import PROMPT, ConsentEvent, Effect, Enrollment, Patient

SAID = frozenset({YES, NO})
# How long after our own note in Relatient's record its event may say the same.
_ECHO = timedelta(minutes=15)


def remember(
    patient: Patient,
    channel: Channel,
    state: str,
    *,
    source: str,
    event_id: str,
    at: datetime,
    now: datetime,
    seq: int = 0,
    reach: str = "",
    priority: int = PROMPT,
) -> bool:
    """Store one word, once per event id; the lock is held.

    Looks become due at the patient's visits, and at all that are written to at `reach`: the number
    or address that it was said from, empty where nobody knows.
    """
    consent, created = ConsentEvent.objects.get_or_create(
        practice=patient.practice,
        event_id=event_id,
        defaults={
            "patient": patient,
            "channel": channel,
            "state": state,
            "source": source,
            "seq": seq,
            "at": at,
            "reach": reach,
            "reach_digest": digest_of(reach),
        },
    )
    if not created:
        return False
    schedule_looks_of_patient(patient, now, priority)
    if reach:
        schedule_looks_at_reach(patient.practice, reach, now, priority)
    audit_row("consent.received", consent, channel=str(channel), state=state, source=source)
    return True


def said_from(patient: Patient, channel: Channel, now: datetime, enrollment_id: str = "") -> str:
    """The number or address that a word of this patient came from; empty where nobody knows.

    That of the recipient in the enrollment (Relatient's id) which the word names, or else in the
    one which the patient's latest answer was about, while that goes on; else where their reminders
    go today.
    """
    named = Enrollment.objects.filter(practice=patient.practice_id, vendor_id=enrollment_id or "-")
    latest = patient.responses.exclude(channel="").order_by("-occurred_at", "-seq").first()
    answered = (
        Enrollment.objects.filter(appointment=latest.appointment_id, status__in=sorted(LIVE))
        if latest is not None
        else ()
    )
    for enrollment in (*named, *answered):
        if enrollment.vendor_state is not None:
            reach = _reach(patient, _recipient_of(enrollment)).get(channel)
            if reach:
                return reach
    return present_reach(patient, now).get(channel) or ""


def _recipient_of(enrollment: Enrollment) -> Recipient:
    """Whom an enrollment writes to, as Relatient confirmed it; it may spell numbers its own way."""
    assert enrollment.vendor_state is not None
    held = enrollment.vendor_state["recipient"]
    return Recipient(
        kind=RecipientKind(held["kind"]),
        name=held["name"],
        relationship=held["relationship"],
        mobile_phone=dialable(held["mobile_phone"] or ""),
        home_phone=dialable(held["home_phone"] or ""),
        email=address(held["email"] or ""),
    )


def present_reach(patient: Patient, now: datetime) -> Mapping[Channel, str | None]:
    """Where the patient's reminders go today, by channel; empty while the record was not read."""
    if patient.read_ended is None:
        return {}
    practice = patient.practice
    today = now.astimezone(ZoneInfo(practice.time_zone)).date()
    recipient = recipient_of(
        patient.described,
        today,
        practice.age_of_majority,
        today=today,
        confidential=False,
        landline_calls_ok=practice.landline_calls_ok,
    )
    return {} if isinstance(recipient, Nobody) else _reach(patient, recipient)


def _reach(patient: Patient, recipient: Recipient) -> Mapping[Channel, str | None]:
    return reach_of(recipient, landline_calls_ok=patient.practice.landline_calls_ok)


def give_reach(patient: Patient, now: datetime) -> list[str]:
    """Give the words that were kept before the record was read where they were said from; these
    numbers and addresses. A yes of Relatient's record stays without, as in `take_from_record`.
    """
    without = patient.consents.filter(reach_digest="").filter(Q(state=NO) | ~Q(source=RECORD))
    words = list(without)
    reaches = present_reach(patient, now) if words else {}
    known = [word for word in words if reaches.get(Channel(word.channel))]
    for word in known:
        word.reach = reaches[Channel(word.channel)] or ""
        word.reach_digest = digest_of(word.reach)
    ConsentEvent.objects.bulk_update(known, ["reach", "reach_digest"])
    return [word.reach for word in known]


def repeats_ours(patient: Patient, channel: Channel, state: str, at: datetime) -> bool:
    """Whether a word only says what Kept itself has Relatient record, and so is no word of the
    patient. For one that came without any text.
    """
    told = patient.told_consents.get(channel)
    if told and told["state"] == state and abs(at - _moment(told)) <= _ECHO:
        return True
    on_its_way = Effect.objects.filter(
        patient=patient, kind=EffectKind.TELL_CONSENT, purpose=channel, status__in=IN_FLIGHT
    )
    return any(effect.body["state"] == state for effect in on_its_way)


def take_from_record(
    patient: Patient,
    vendor_id: str,
    held: Mapping[str, str],
    read_at: datetime,
    now: datetime,
    priority: int = PROMPT,
) -> None:
    """Take over what Relatient's record says where our newest word is another.

    `held` is by channel: opted_in, opted_out or unknown. The record names no time, so a word
    counts from the read on; and no number, so a no belongs to where reminders go today, and a yes
    only to where the no came from that it ends. What Kept itself had recorded is nobody's word.
    Where two records were merged, the yes of one does not end the no that was given on the other.
    """
    merged = patient.merged.exists()
    for name, state in sorted(held.items()):
        channel = Channel(name)
        theirs = patient.consents.filter(channel=channel, source__in=AT_RELATIENT)
        newest, told = max(theirs, key=_rank, default=None), patient.told_consents.get(name)
        ours = told if told and (newest is None or _moment(told) > newest.at) else None
        believed = ours["state"] if ours else newest.state if newest else ""
        if state not in SAID or state == believed or (merged and state == YES):
            continue
        if state == NO or ours:
            reach = present_reach(patient, now).get(channel) or ""
        else:
            reach = newest.reach if newest is not None else ""
        # A second read that finds the same adds nothing; a change after our newest word does.
        after = newest.pk if newest else 0
        remember(
            patient,
            channel,
            state,
            source=RECORD,
            event_id=f"record-{vendor_id}-{name}-{state}-after-{after}",
            at=read_at,
            now=now,
            reach=reach,
            priority=priority,
        )


def keep_noes(survivor: Patient, gone: Patient, now: datetime) -> None:
    """Before two records become one: the yes of one does not end the no given on the other.

    A no that is kept so counts from the moment of the yes; what is said later counts as ever.
    """
    for channel in Channel:
        words = [word for word in (_newest(survivor, channel), _newest(gone, channel)) if word]
        last = max(words, key=_rank, default=None)
        if last is None or {word.state for word in words} != SAID or last.state == NO:
            continue
        remember(
            survivor,
            channel,
            NO,
            source=MERGE,
            event_id=f"merge-{gone.pk}-into-{survivor.pk}-{channel}",
            at=last.at,
            now=now,
            seq=last.seq,
        )


def _moment(told: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(told["at"])


def _rank(word: ConsentEvent) -> tuple[datetime, int, bool]:
    return word.at, word.seq, word.state == NO


def _newest(patient: Patient, channel: Channel) -> ConsentEvent | None:
    """Our newest word; of a yes and a no at the same time the no counts, as in a decision."""
    words = patient.consents.filter(channel=channel)
    return max(words, key=_rank, default=None)
