"""The patient at Relatient: looked up, created, or brought up to date."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from campaigns.clock import database_now
from campaigns.domain.effects import PatientBody
from campaigns.execution.handlers.call import Call, Completed
from campaigns.intake.consents import take_from_record
from campaigns.locking import lock_patient
from campaigns.models import Effect, Patient
from campaigns.ports import CHANGED_MEANWHILE, EngagementGateway, Refused, TryLater
from campaigns.vendor_records import PatientMirror


def upsert(effect: Effect, call: Call) -> Completed:
    """Make Relatient hold the body. Looking up comes first, so a repeat does no harm."""
    relatient = call.engagement(effect.practice)
    body = cast(PatientBody, effect.body)
    began = database_now()
    mirror = relatient.find_patient(body["patient"])
    sentence = "Up to date already."
    if mirror is None:
        mirror, sentence = relatient.create_patient(body, effect.key), "Created."
    if mirror.vendor_state != body:
        mirror = _updated(relatient, mirror, body)
        sentence = "Updated."
    held = mirror
    return Completed(sentence, lambda row, now: _remember(row, held, began, now))


def _updated(
    relatient: EngagementGateway, mirror: PatientMirror, body: PatientBody
) -> PatientMirror:
    try:
        return relatient.update_patient(mirror.vendor_id, body, mirror.etag)
    except Refused as refused:
        if refused.code != CHANGED_MEANWHILE:
            raise
        # Somebody else wrote in between: the next attempt looks the record up again.
        raise TryLater(refused.sentence, code=refused.code, http_status=412) from None


def _remember(effect: Effect, mirror: PatientMirror, began: datetime, now: datetime) -> None:
    assert effect.patient is not None
    Patient.objects.filter(pk=effect.patient.pk).update(
        relatient_id=mirror.vendor_id,
        # What was asked for, not what came back: a field that the vendor respells must not
        # make every look ask again.
        relatient_holds=effect.body,
    )
    # Relatient's record stays with the id it was made for; the consents go with the person.
    person = lock_patient(effect.patient.pk)
    take_from_record(person, mirror.vendor_id, mirror.consents, began, now, effect.priority)
