"""Who is written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.recipient import Nobody, Recipient, age_on, may_be_minor, recipient_of
from campaigns.domain.snapshot import BIRTH_DATE, Contact, PatientFacts
from campaigns.domain.values import RecipientKind
from tests.unit.domain.snapshots import (
    CHILD,
    HOME,
    HOME_E164,
    MOBILE,
    MOBILE_E164,
    NOW,
    START,
    TEENAGER,
    TOLL_FREE,
    a_child,
    a_patient,
)
from tests.unit.domain.strategies import PATIENTS

VISIT = START.date()
TODAY = NOW.date()
MOTHER = Contact(name="Ida", relationship="mother", mobile_phone=HOME)
AUNT = Contact(name="Una", relationship="GUARDIAN", email="una@example.org", may_guard=True)


def asked(patient: PatientFacts, **options: Any) -> Recipient | Nobody:
    return recipient_of(patient, VISIT, 18, **{"today": TODAY, "confidential": False, **options})


def found(patient: PatientFacts, **options: Any) -> Recipient | None:
    recipient = asked(patient, **options)
    return None if isinstance(recipient, Nobody) else recipient


def test_an_adult_is_written_to_themselves() -> None:
    recipient = found(a_patient(guarantor=MOTHER))
    assert recipient is not None
    assert (recipient.kind, recipient.mobile_phone) == (RecipientKind.PATIENT, MOBILE_E164)


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        (date(2008, 3, 9), False),
        (date(2008, 3, 10), True),
        (date(2008, 3, 8), False),
        (None, False),
    ],
)
def test_majority_is_that_of_the_day_of_the_visit(born: date | None, minor: bool) -> None:
    assert may_be_minor(a_patient(date_of_birth=born), VISIT, 18, TODAY) is minor


def test_who_is_born_on_february_29_is_a_year_older_on_march_1() -> None:
    assert age_on(date(2026, 2, 28), date(2008, 2, 29)) == 17
    assert age_on(date(2026, 3, 1), date(2008, 2, 29)) == 18


def test_a_minors_guarantor_is_written_to() -> None:
    recipient = found(a_child())
    assert recipient is not None
    assert recipient.kind is RecipientKind.GUARDIAN
    assert (recipient.mobile_phone, recipient.email) == (HOME_E164, None)
    assert recipient.relationship == "mother"


@pytest.mark.parametrize(
    ("guarantor", "emergency", "name"),
    [
        (MOTHER, AUNT, "Ida"),
        # A guarantor who is the child themselves is no grown-up.
        (Contact(name="Ada", mobile_phone=MOBILE, is_self=True), AUNT, "Una"),
        (Contact(name="Ida"), AUNT, "Una"),
        (Contact(name="Ida", mobile_phone=TOLL_FREE), AUNT, "Una"),
        # An emergency contact who is neither parent nor guardian may not be told.
        (Contact(), Contact(name="Bob", mobile_phone=MOBILE, may_guard=False), None),
        (Contact(is_self=True, mobile_phone=MOBILE), Contact(), None),
    ],
)
def test_the_guarantor_comes_before_a_parent_among_the_emergency_contacts(
    guarantor: Contact, emergency: Contact, name: str | None
) -> None:
    recipient = found(a_child(guarantor=guarantor, emergency=emergency))
    assert (recipient.name if recipient else None) == name


CHILDS_NAME = "Ada Quimby"


@pytest.mark.parametrize(
    "guarantor",
    [
        Contact(name=CHILDS_NAME, mobile_phone=MOBILE, is_self=True),
        # Whatever relation is stated: the child's own name with their own number, or birth date.
        Contact(
            name=CHILDS_NAME, mobile_phone="1-617-227-1234", relationship="mother", related=True
        ),
        Contact(name="Quimby, Ada R.", mobile_phone=MOBILE, relationship="mother", related=True),
        Contact(name="ADA QUÍMBY", mobile_phone=HOME, date_of_birth=CHILD, related=True),
        # And where none is stated, the name or the birth date alone.
        Contact(name="ada  quimby", mobile_phone=HOME),
        Contact(name="A. Q.", mobile_phone=HOME, date_of_birth=CHILD),
    ],
)
@pytest.mark.parametrize("heading", ["guarantor", "emergency"])
def test_a_child_under_another_heading_is_no_grown_up(guarantor: Contact, heading: str) -> None:
    contact = replace(guarantor, may_guard=True)
    assert found(a_child(**{"guarantor": Contact(), heading: contact})) is None


def test_a_guarantor_who_is_a_child_by_their_own_birth_date_is_no_grown_up() -> None:
    sister = Contact(name="Ida Quimby", mobile_phone=HOME, date_of_birth=CHILD, related=True)
    assert found(a_child(guarantor=sister)) is None
    recipient = found(a_child(guarantor=sister, emergency=AUNT))
    assert recipient is not None
    assert recipient.name == "Una"


@pytest.mark.parametrize(
    "guarantor",
    [
        # A parent's number often stands in the child's record.
        Contact(name="Ida Quimby", mobile_phone=MOBILE, relationship="mother", related=True),
        Contact(name="Ida Quimby", mobile_phone=MOBILE),
        # A parent of the same name has another number, and another birth date.
        Contact(name=CHILDS_NAME, mobile_phone=HOME, relationship="father", related=True),
        Contact(name=CHILDS_NAME, mobile_phone=HOME, date_of_birth=date(1980, 1, 1), related=True),
    ],
)
def test_a_parent_who_shares_a_number_or_a_name_stays_the_guardian(guarantor: Contact) -> None:
    recipient = found(a_child(guarantor=guarantor))
    assert recipient is not None
    assert (recipient.kind, recipient.name) == (RecipientKind.GUARDIAN, guarantor.name)


def test_a_guardians_landline_counts_only_where_landlines_are_called() -> None:
    patient = a_child(guarantor=Contact(name="Ida", home_phone=HOME))
    assert found(patient) is None
    recipient = found(patient, landline_calls_ok=True)
    assert recipient is not None
    assert recipient.home_phone == HOME_E164


@pytest.mark.parametrize(
    ("born", "confidential", "kind"),
    [
        (TEENAGER, True, RecipientKind.PATIENT),
        (TEENAGER, False, RecipientKind.GUARDIAN),
        # Twelve on the day of the visit, and a day short of it.
        (date(2014, 3, 9), True, RecipientKind.PATIENT),
        (date(2014, 3, 10), True, RecipientKind.GUARDIAN),
        (CHILD, True, RecipientKind.GUARDIAN),
    ],
)
def test_a_confidential_visit_of_an_adolescent_goes_to_the_patient(
    born: date, confidential: bool, kind: RecipientKind
) -> None:
    recipient = found(a_child(date_of_birth=born), confidential=confidential)
    assert recipient is not None
    assert recipient.kind is kind


def test_a_confidential_visit_goes_to_nobody_else() -> None:
    patient = a_child(date_of_birth=TEENAGER, mobile_phone="", email="")
    recipient = found(patient, confidential=True)
    assert recipient is not None
    assert not recipient.on_file(landline_calls_ok=False)


@given(PATIENTS)
@settings(max_examples=100, deadline=None)
def test_a_child_is_never_written_to(patient: PatientFacts) -> None:
    born = VISIT - timedelta(days=365 * 8)
    child = a_patient(
        date_of_birth=born,
        mobile_phone="6172270001",
        home_phone="6172270002",
        email="child@example.org",
        guarantor=patient.guarantor,
        emergency=patient.emergency,
    )
    for confidential in (True, False):
        recipient = found(child, confidential=confidential, landline_calls_ok=True)
        if recipient is not None:
            assert recipient.kind is RecipientKind.GUARDIAN
            assert recipient.mobile_phone != "+16172270001"
            assert recipient.home_phone != "+16172270002"
            assert recipient.email != "child@example.org"


def test_an_address_that_is_declared_absent_is_not_on_file() -> None:
    recipient = found(a_patient(email_declined=True))
    assert recipient is not None
    assert recipient.email is None


def unsure(*readings: date, **fields: Any) -> PatientFacts:
    """A patient whose date of birth is not written as it should be."""
    text = {"date_of_birth": None, "unreadable": (BIRTH_DATE,), "possible_birth_dates": readings}
    return a_patient(guarantor=MOTHER, **{**text, **fields})


@pytest.mark.parametrize(
    ("patient", "who"),
    [
        # 2017-03-04 is a child in either order of day and month.
        (unsure(date(2017, 3, 4), date(2017, 4, 3)), RecipientKind.GUARDIAN),
        (unsure(date(1981, 3, 4), date(1981, 4, 3)), RecipientKind.PATIENT),
        # 03/04/17 may be either.
        (unsure(date(1917, 3, 4), date(2017, 3, 4)), Nobody.UNREADABLE),
        (unsure(), Nobody.UNREADABLE),
        (unsure(date(2062, 1, 15)), Nobody.UNREADABLE),
        (unsure(date(2017, 3, 4), date(2062, 1, 15)), RecipientKind.GUARDIAN),
        # A date that is written well and lies ahead says nothing.
        (a_patient(date_of_birth=date(2062, 1, 15), guarantor=MOTHER), Nobody.UNREADABLE),
        (a_patient(date_of_birth=TODAY + timedelta(days=1)), Nobody.UNREADABLE),
        (a_patient(date_of_birth=TODAY, guarantor=MOTHER), RecipientKind.GUARDIAN),
        # One that is not there at all says that nobody asked.
        (a_patient(date_of_birth=None), RecipientKind.PATIENT),
    ],
)
def test_only_whoever_it_is_in_every_reading_of_the_birth_date_is_written_to(
    patient: PatientFacts, who: RecipientKind | Nobody
) -> None:
    recipient = asked(patient)
    assert (recipient if isinstance(recipient, Nobody) else recipient.kind) == who


def test_an_adolescent_in_every_reading_is_told_of_a_confidential_visit() -> None:
    patient = unsure(date(2005, 3, 4), date(2010, 4, 3))
    recipient = asked(patient, confidential=True)
    assert isinstance(recipient, Recipient) and recipient.kind is RecipientKind.PATIENT
    assert asked(patient) is Nobody.UNREADABLE


@given(st.lists(st.dates(date(1900, 1, 1), date(2100, 1, 1)), max_size=5))
def test_nobody_who_may_be_a_child_is_written_to(readings: list[date]) -> None:
    patient = unsure(*readings)
    recipient = asked(patient)
    if isinstance(recipient, Recipient) and recipient.kind is RecipientKind.PATIENT:
        possible = [day for day in readings if day <= TODAY]
        assert possible and all(age_on(VISIT, day) >= 18 for day in possible)
        assert not may_be_minor(patient, VISIT, 18, TODAY)
