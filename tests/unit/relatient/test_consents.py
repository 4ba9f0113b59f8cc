"""What Relatient's record of a patient says of their consent."""

from __future__ import annotations

import pytest

from integrations.relatient import schemas, translate
from integrations.transport.errors import Nonsense

PRACTICE = "195900"


def _holding(**consents) -> schemas.Patient:
    return schemas.Patient(
        id="pat_1", etag="e1", external_id="athena:195900:7001", consents=consents
    )


def test_what_a_record_says_of_consent_is_read_for_the_channels_that_are_used():
    answer = _holding(sms="opted_out", email="unknown", voice=None, whatsapp="opted_in")
    mirror = translate.patient_mirror(PRACTICE, answer)
    assert mirror.consents == {"sms": "opted_out", "email": "unknown"}


def test_a_record_without_consents_says_nothing():
    answer = schemas.Patient(id="pat_1", etag="e1", external_id="athena:195900:7001", consents=None)
    assert translate.patient_mirror(PRACTICE, answer).consents == {}


def test_a_state_of_consent_that_nobody_knows_is_not_guessed_at():
    with pytest.raises(Nonsense):
        translate.patient_mirror(PRACTICE, _holding(sms="revoked"))
