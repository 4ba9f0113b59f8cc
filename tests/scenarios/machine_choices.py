"""What the machine may choose from: visits, people, changes, answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from campaigns.domain.values import ReplyKind
from tests.scenarios.machine_oracle import CAMPAIGNS, TEXTABLE, Rule

MORE_RULES = [
    Rule("82", "any", "any", "es", "cmp_preventive_es"),
    Rule("*", "telehealth", "any", "any", "cmp_telehealth_en_high", active=False),
    Rule("*", "any", "any", "any", "cmp_general_en", active=False),
]
TYPES = st.sampled_from(["82", "82", "82", "83", "83", "91", "86"])
DEPARTMENTS = st.sampled_from(["1", "1", "21", "62", "150"])
PROVIDERS = st.sampled_from(["71", "72", "74"])
# In a quarter of an hour it is too late to begin; days in the past are over.
DAYS = st.sampled_from([2, 3, 5, 9, 14, 30, 1.5, 4, 6, 1.5 / 24, -1])
CHANNELS = st.sampled_from(["sms", "email", "voice"])
ANSWERS = st.sampled_from(["confirmed", "cancelled", "reschedule_requested", "unrecognized"])
CALLS = st.sampled_from([ReplyKind.CONFIRMED, ReplyKind.CANCELLED, ReplyKind.LEFT_VOICEMAIL])
CAMPAIGN_IDS = st.sampled_from([c["id"] for c in CAMPAIGNS])
CHILD = {
    "dob": f"01/01/{datetime.now(UTC).year - 8}",
    "guarantorfirstname": "Rosalind",
    "guarantorlastname": "Thornberry",
    "guarantorrelationshiptopatient": "3",
    "guarantorphone": "6172530177",
    "guarantoremail": "rosalind@example.org",
}


def own(fields: dict[str, Any], number: int) -> dict[str, Any]:
    """The same with numbers and addresses that nobody else has, nor had: what is said from one
    counts for all who are written to there, and the oracle goes by patients.
    """
    given = dict(fields)
    for name, value in fields.items():
        if name in ("mobilephone", "guarantorphone") and str(value).startswith(TEXTABLE):
            given[name] = f"617253{number:04d}"
        elif value and "@" in str(value):
            given[name] = f"{number}.{value}"
    return given


PEOPLE = st.sampled_from(
    [{}, {}, {"language6392code": "spa"}, {"mobilephone": None}, {"consenttotext": None}, CHILD]
)
PATIENT_CHANGES = st.sampled_from(
    [
        {"mobilephone": "6172530177"},
        {"mobilephone": "6172267044"},
        {"mobilephone": "6175550101"},
        {"mobilephone": None},
        {"email": None},
        {"email": "other@example.org"},
        {"emailexists": False},
        {"emailexists": True},
        {"consenttotext": False},
        {"consenttotext": True},
        {"donotcall": True},
        {"contactpreference_appointment_email": False},
        {"contactpreference_appointment_email": None},
        {"contactpreference_appointment_sms": True},
        {"language6392code": "spa"},
        {"language6392code": "eng"},
        {"status": "inactive"},
        {"status": "active"},
        {"guarantorphone": None, "guarantoremail": None},
        {"guarantorphone": "6172267044", "lastname": "Renamed"},
    ]
)
VISIT_CHANGES = st.one_of(
    st.fixed_dictionaries({"providerid": PROVIDERS}),
    st.fixed_dictionaries({"appointmenttypeid": TYPES}),
    st.fixed_dictionaries({"departmentid": DEPARTMENTS}),
    st.fixed_dictionaries({"copay": st.just(25)}),
)
