"""What patients say of being written to: kept with source and time, whichever vendor
reported it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from audit.recorder import record as audit
from campaigns.domain.values import Channel
from campaigns.look_queue import schedule_looks_of_patient
from campaigns.models import PROMPT, ConsentEvent, Patient

# Where a word came from: an event, or the patient's record at Relatient.
EVENT = "relatient"
RECORD = "relatient record"
MERGE = "merged records"
SAID = frozenset({"opted_in", "opted_out"})


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
    priority: int = PROMPT,
) -> bool:
    """Store one word, once per event id, and make looks due at the patient's visits. The lock is
    held.
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
        },
    )
    if not created:
        return False
    schedule_looks_of_patient(patient, now, priority)
    audit(
        "consent.received",
        practice=patient.practice.external_id,
        subject=("consent", consent.pk),
        patient=patient.external_id,
        detail={"channel": str(channel), "state": state, "source": source},
    )
    return True


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
    counts from the read on. Where two records were merged, the yes of one does not end the no
    that was given on the other.
    """
    merged = patient.merged.exists()
    for name, state in sorted(held.items()):
        newest = _newest(patient, Channel(name))
        differs = newest is None or newest.state != state
        if state not in SAID or not differs or (merged and state == "opted_in"):
            continue
        # A second read that finds the same adds nothing; a change after our newest word does.
        after = newest.pk if newest else 0
        remember(
            patient,
            Channel(name),
            state,
            source=RECORD,
            event_id=f"record-{vendor_id}-{name}-{state}-after-{after}",
            at=read_at,
            now=now,
            priority=priority,
        )


def keep_noes(survivor: Patient, gone: Patient, now: datetime) -> None:
    """Before two records become one: the yes of one does not end the no given on the other.

    A no that is kept so counts from the moment of the yes; what is said later counts as ever.
    """
    for channel in Channel:
        words = [word for word in (_newest(survivor, channel), _newest(gone, channel)) if word]
        last = max(words, key=_rank, default=None)
        if last is None or {word.state for word in words} != SAID or last.state == "opted_out":
            continue
        remember(
            survivor,
            channel,
            "opted_out",
            source=MERGE,
            event_id=f"merge-{gone.pk}-into-{survivor.pk}-{channel}",
            at=last.at,
            now=now,
            seq=last.seq,
        )


def _rank(word: ConsentEvent) -> tuple[datetime, int, bool]:
    return word.at, word.seq, word.state == "opted_out"


def _newest(patient: Patient, channel: Channel) -> ConsentEvent | None:
    """Our newest word; of a yes and a no at the same time the no counts, as in a decision."""
    words = patient.consents.filter(channel=channel)
    return max(words, key=_rank, default=None)
