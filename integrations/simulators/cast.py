"""The clinic's patients, all invented: ordinary ones by formula, special ones by table."""

from datetime import date, timedelta
from random import Random
from typing import Any

CAST_SIZE = 60

FIRST_NAMES = [
    "Amara", "Basil", "Celine", "Dmitri", "Esme", "Felix", "Greta", "Hugo", "Imani", "Jonas",
    "Keiko", "Linus", "Maeve", "Nico", "Odette", "Paolo", "Quinn", "Rosa", "Soren", "Talia",
]  # fmt: skip
LAST_NAMES = [
    "Testwright",
    "Samplesmith",
    "Mockingham",
    "Fictionberg",
    "Specimen",
    "Demoworth",
    "Exemplar",
]
HOME_DEPARTMENTS = ["1", "21", "62", "150", "1", "21"]
AREA_CODES = {"1": "617", "21": "312", "62": "602", "102": "213", "150": "312"}

GONE = object()
NO_PHONES: dict[str, Any] = {"mobilephone": GONE, "homephone": GONE, "hasmobile": False}
NO_EMAIL: dict[str, Any] = {"email": GONE, "emailexists": False}
MINOR: dict[str, Any] = {
    "age": 8,
    "departmentid": "102",
    "guarantorrelationshiptopatient": GONE,
    **NO_PHONES,
    **NO_EMAIL,
}
MOTHER = {
    "guarantorfirstname": "Marta",
    "guarantorlastname": "Testwright",
    "guarantorrelationshiptopatient": "18",
    "guarantorphone": "2132267311",
    "guarantoremail": "marta.testwright@example.org",
}

# place in the cast -> what is special; `age` in years, `turns_18_in` in days
SPECIAL: dict[int, dict[str, Any]] = {
    2: {"language6392code": "spa"},
    3: {"language6392code": "spa", "contactpreference_appointment_sms": True},
    4: {"language6392code": "declined"},
    5: {"language6392code": None},
    # Minors: with a guarantor; with a guardian's name only; with nothing; with a parent as
    # emergency contact; as their own guarantor.
    6: {**MINOR, **MOTHER},
    7: {**MINOR, "guardianfirstname": "Gustav", "guardianlastname": "Samplesmith"},
    8: {**MINOR, "age": 5},
    9: {
        **MINOR,
        "contactname": "Petra Demoworth",
        "contactrelationship": "PARENT",
        "contactmobilephone": "2132267399",
    },
    10: {**MINOR, "age": 15, "guarantorrelationshiptopatient": "1", "guarantorphone": "2132267388"},
    # An adolescent with a phone of her own, for confidential visits.
    11: {"age": 15, "departmentid": "102", **MOTHER, "mobilephone": "2132267344"},
    12: {"turns_18_in": 3, "departmentid": "102", **MOTHER, **NO_PHONES},
    13: NO_PHONES,
    14: {**NO_PHONES, **NO_EMAIL},
    # A landline alone.
    15: {**NO_EMAIL, "mobilephone": GONE, "hasmobile": False, "homephone": "3122267315"},
    16: {"consenttotext": False},
    17: {"status": "inactive"},
    18: {"status": "inactive", "deceaseddate": "01/15/2026"},
    19: {"contactpreference_appointment_sms": False, "contactpreference_appointment_email": True},
    20: {"contactpreference_appointment_phone": True, "contactpreference": "HOMEPHONE"},
    21: {"donotcall": True, "consenttocall": False},
    22: {"contactpreference": "PORTAL", "consenttotext": False},
    23: {
        "contactpreference_appointment_sms": False,
        "contactpreference_appointment_email": False,
        "consenttocall": False,
    },
    24: {"email": "not-an-address"},
    25: {"emailexists": False, "email": GONE},
    26: {"preferredname": "Kit", "middlename": "Q"},
    # A stale, unusable number on file.
    27: {"mobilephone": "5555550100"},
    28: {"language6392code": "tgl"},
}


def patient_fields(place: int, rng: Random, today: date) -> dict[str, Any]:
    special = SPECIAL.get(place, {})
    fields = ordinary(place, rng, today, special) | {
        name: value for name, value in special.items() if name not in ("age", "turns_18_in")
    }
    return {name: value for name, value in fields.items() if value is not GONE}


def ordinary(place: int, rng: Random, today: date, special: dict[str, Any]) -> dict[str, Any]:
    first, last = FIRST_NAMES[place % len(FIRST_NAMES)], LAST_NAMES[place % len(LAST_NAMES)]
    department = special.get("departmentid", HOME_DEPARTMENTS[place % len(HOME_DEPARTMENTS)])
    age = rng.randint(19, 84)
    fields: dict[str, Any] = {
        "firstname": first,
        "lastname": last,
        "sex": rng.choice("FM"),
        "dob": birth_date(age, rng, today, special).strftime("%m/%d/%Y"),
        "departmentid": department,
        "primarydepartmentid": department,
        "mobilephone": phone(department, rng),
        "homephone": phone(department, rng),
        "hasmobile": True,
        "email": f"{first}.{last}.{place}@example.{'org' if place % 2 else 'com'}".lower(),
        "emailexists": True,
        "consenttotext": True,
        "language6392code": "eng",
        "portalaccessgiven": place % 3 == 0,
        "guarantorrelationshiptopatient": "1",
    }
    # Preferences are absent unless somebody set them.
    if place % 2:
        fields |= {"consenttocall": True, "contactpreference": "MOBILEPHONE"}
    return fields


def birth_date(age: int, rng: Random, today: date, special: dict[str, Any]) -> date:
    if "turns_18_in" in special:
        return years_before(today + timedelta(days=special["turns_18_in"]), 18)
    return years_before(today - timedelta(days=rng.randint(20, 340)), special.get("age", age))


def years_before(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)


def phone(department: str, rng: Random) -> str:
    """Ten digits without +1. Exchanges 2xx keep away from 555, N11 and toll-free numbers."""
    return f"{AREA_CODES[department]}{rng.randint(220, 299)}{rng.randint(1000, 9999)}"
