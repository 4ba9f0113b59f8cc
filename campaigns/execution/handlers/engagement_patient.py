"""The patient at Relatient: looked up, created, brought up to date, and who may be written to."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from campaigns.clock import database_now
from campaigns.domain.effects import PatientBody
from campaigns.execution.handlers.call import Call, Completed
from campaigns.intake.consents import take_from_record
from campaigns.locking import lock_patient
from campaigns.models import Effect, Patient
from campaigns.ports import CHANGED_MEANWHILE, NOT_FOUND, EngagementGateway, Refused, TryLater
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


def tell_consent(effect: Effect, call: Call) -> Completed:
    """Have Relatient record who may be written to by a channel. Looking up comes first, so a repeat
    does no harm.
    """
    relatient = call.engagement(effect.practice)
    body = effect.body
    mirror = relatient.find_patient(body["patient"])
    if mirror is None:
        sentence = "Relatient does not know the patient any more."
        raise Refused(sentence, code=NOT_FOUND, http_status=404)
    sentence = "Recorded already."
    if mirror.consents.get(body["channel"]) != body["state"]:
        relatient.record_consent(mirror.vendor_id, body["channel"], body["state"], body["at"])
        sentence = "Recorded."
    return Completed(sentence, _told)


def _told(effect: Effect, now: datetime) -> None:
    """Remember that this is our word in Relatient's record, not the patient's."""
    assert effect.patient is not None
    # The record is that of the patient's own id, whoever it was merged into since.
    row = Patient.objects.get(pk=effect.patient.pk)
    said = {"state": effect.body["state"], "at": now.isoformat()}
    row.told_consents = {**row.told_consents, effect.body["channel"]: said}
    row.save(update_fields=["told_consents"])


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
