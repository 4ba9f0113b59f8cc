"""What a patient is called, whatever stands in the field for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.patient_names import chart_name, name_to_use, preferred_name
from campaigns.domain.recipient import guardians_of, themselves
from campaigns.domain.request_bodies import patient_of
from campaigns.domain.snapshot import Contact, PatientDescription
from tests.unit.domain.snapshots import MOBILE, NOW, a_child, a_patient, a_snapshot

MARGARET = PatientDescription("7001", first_name="Margaret", last_name="Ruiz")


def called(preferred: str, patient: PatientDescription = MARGARET) -> str:
    return preferred_name(replace(patient, preferred_name=preferred))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Peggy", "Peggy"),
        ("  Peggy \t", "Peggy"),
        ('"Peggy"', "Peggy"),
        ("(Peggy)", "Peggy"),
        ("“Peggy”", "Peggy"),
        ("Peggy (Margaret)", "Peggy"),
        ("Peggy [she/her], see note", "Peggy"),
        ("Peggy Ruiz", "Peggy"),
        ("peggy RUIZ", "peggy"),
        ("Peggy   Sue", "Peggy Sue"),
        ("J.", "J"),
        ("Márgara", "Márgara"),
        ("Ruiz", "Ruiz"),
    ],
)
def test_the_preferred_name_however_it_is_typed(typed: str, meant: str) -> None:
    assert called(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", " ", "-", "...", "0", "N/A", "n/a", "NA", "none", "None.", "Same", "same as legal"]
    + ["DECLINED", "unknown", "Margaret", "MARGARET", "Margaret Ruiz"],
)
def test_the_charts_own_name_or_none_is_no_other_name(typed: str) -> None:
    assert called(typed) == ""


def test_a_last_name_of_two_words_is_left_out_as_well() -> None:
    patient = replace(MARGARET, last_name="de la Cruz")
    assert called("Peggy De La Cruz", patient) == "Peggy"


def test_a_patient_without_a_last_name_keeps_what_is_typed() -> None:
    assert called("Peggy", replace(MARGARET, last_name="")) == "Peggy"


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_text_is_in_the_way_and_the_charts_name_stays(
    first: str, last: str, preferred: str
) -> None:
    patient = PatientDescription("1", first_name=first, last_name=last, preferred_name=preferred)
    name = preferred_name(patient)
    assert name == "" or any(map(str.isalpha, name))
    assert name_to_use(patient) == (f"{name} {last}".strip() if name else chart_name(patient))
    assert chart_name(patient) == f"{first} {last}".strip()


def test_relatient_gets_the_preferred_name_for_patient_and_recipient() -> None:
    patient = a_patient(first_name="Margaret", last_name="Ruiz", preferred_name="Peggy")
    told = patient_of(a_snapshot(patient=patient), NOW, "en")
    assert (told["first_name"], told["last_name"]) == ("Peggy", "Ruiz")
    assert themselves(patient).name == "Peggy Ruiz"


def test_a_child_under_the_preferred_name_is_no_guarantor() -> None:
    child = a_child(
        first_name="Margaret",
        last_name="Ruiz",
        preferred_name="Peggy",
        mobile_phone=MOBILE,
        guarantor=Contact("Peggy Ruiz", "", MOBILE),
    )
    assert guardians_of(child) == []
