"""The channels table, every row of it."""

from __future__ import annotations

from itertools import product

import pytest

from campaigns.domain.channels import Channels, Verdict, channels_of, lead_of, reach_of
from campaigns.domain.recipient import themselves
from campaigns.domain.snapshot import PatientFacts
from campaigns.domain.values import Channel
from tests.unit.domain.snapshots import HOME, MOBILE, a_consent, a_patient

TRI = (None, True, False)
OUT = (False, True)


def judged(patient: PatientFacts, *, landline_calls_ok: bool = False) -> Channels:
    reach = reach_of(themselves(patient), landline_calls_ok=landline_calls_ok)
    return channels_of(patient, reach)


def verdict(patient: PatientFacts, channel: Channel, *, landline: bool = False) -> Verdict:
    return judged(patient, landline_calls_ok=landline).verdicts[channel]


@pytest.mark.parametrize(("consent", "wants", "out"), list(product(TRI, TRI, OUT)))
def test_sms_needs_a_consent_and_no_no(consent: bool | None, wants: bool | None, out: bool) -> None:
    patient = a_patient(
        consent_to_text=consent,
        wants={Channel.SMS: wants},
        consents=(a_consent(Channel.SMS),) if out else (),
    )
    usable = consent is True and wants is not False and not out
    assert (verdict(patient, Channel.SMS) is Verdict.USABLE) is usable


@pytest.mark.parametrize(("wants", "out"), list(product(TRI, OUT)))
def test_email_needs_no_no(wants: bool | None, out: bool) -> None:
    patient = a_patient(
        wants={Channel.EMAIL: wants}, consents=(a_consent(Channel.EMAIL),) if out else ()
    )
    usable = wants is not False and not out
    assert (verdict(patient, Channel.EMAIL) is Verdict.USABLE) is usable


@pytest.mark.parametrize(
    ("consent", "do_not_call", "wants", "out"), list(product(TRI, TRI, TRI, OUT))
)
def test_voice_takes_an_absent_consent_for_a_yes(
    consent: bool | None, do_not_call: bool | None, wants: bool | None, out: bool
) -> None:
    patient = a_patient(
        consent_to_call=consent,
        do_not_call=do_not_call,
        wants={Channel.VOICE: wants},
        consents=(a_consent(Channel.VOICE),) if out else (),
    )
    usable = consent is not False and do_not_call is not True and wants is not False and not out
    assert (verdict(patient, Channel.VOICE) is Verdict.USABLE) is usable


@pytest.mark.parametrize(
    ("mobile", "home", "email", "landline", "reached"),
    [
        (MOBILE, "", "", False, {Channel.SMS, Channel.VOICE}),
        ("", HOME, "", False, set()),
        ("", HOME, "", True, {Channel.VOICE}),
        ("", "", "ada@example.org", True, {Channel.EMAIL}),
        ("junk", "", "none", True, set()),
        (MOBILE, HOME, "ada@example.org", False, set(Channel)),
    ],
)
def test_a_channel_needs_a_number_or_an_address(
    mobile: str, home: str, email: str, landline: bool, reached: set[Channel]
) -> None:
    patient = a_patient(mobile_phone=mobile, home_phone=home, email=email)
    channels = judged(patient, landline_calls_ok=landline)
    assert set(channels.usable) == reached


def test_the_work_phone_is_called_where_landlines_are() -> None:
    patient = a_patient(mobile_phone="", email="", work_phone=HOME)
    assert verdict(patient, Channel.VOICE, landline=True) is Verdict.USABLE


def test_refusal_is_the_cause_only_when_nothing_is_usable() -> None:
    assert not judged(a_patient(consent_to_text=False)).refused
    assert judged(a_patient(consent_to_text=None, consent_to_call=False, email="")).refused
    assert not judged(a_patient(mobile_phone="", email="")).refused


def test_an_opt_out_of_one_channel_leaves_the_others() -> None:
    patient = a_patient(consents=(a_consent(Channel.SMS),))
    assert judged(patient).usable == (Channel.EMAIL, Channel.VOICE)


@pytest.mark.parametrize(
    ("wants", "hint", "allowed", "lead"),
    [
        ({Channel.EMAIL: True}, None, (Channel.SMS, Channel.EMAIL), Channel.EMAIL),
        ({Channel.EMAIL: True, Channel.SMS: True}, None, tuple(Channel), Channel.SMS),
        ({Channel.EMAIL: True}, None, (Channel.VOICE,), Channel.VOICE),
        ({}, Channel.VOICE, (Channel.SMS, Channel.VOICE), Channel.VOICE),
        ({Channel.SMS: True}, Channel.VOICE, (Channel.VOICE, Channel.SMS), Channel.SMS),
        ({}, Channel.EMAIL, (Channel.VOICE, Channel.SMS), Channel.VOICE),
        ({}, None, (Channel.EMAIL, Channel.SMS), Channel.EMAIL),
    ],
)
def test_the_lead_is_an_explicit_yes_then_the_hint_then_the_campaigns_first(
    wants: dict[Channel, bool | None],
    hint: Channel | None,
    allowed: tuple[Channel, ...],
    lead: Channel,
) -> None:
    assert lead_of(a_patient(wants=wants, preference_hint=hint), allowed) is lead
