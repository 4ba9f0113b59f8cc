"""athenahealth's rows in Kept's words, in both of its encodings."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.snapshot import BIRTH_DATE, Contact
from campaigns.domain.values import AppointmentStatus, Channel
from integrations.athenahealth import schemas, translate
from integrations.transport.errors import Nonsense

APPOINTMENT = {
    "appointmentid": "850244",
    "date": "06/01/2026",
    "starttime": "08:30",
    "duration": 15,
    "departmentid": "1",
    "providerid": "71",
    "renderingproviderid": 71,
    "supervisingproviderid": 0,
    "patientid": "7001",
    "appointmentstatus": "f",
    "appointmenttype": "OFFICE VISIT 30",
    "appointmenttypeid": 82,
    "patientappointmenttypename": "Preventive visit",
    "scheduledby": "desk",
    "scheduleddatetime": "05/01/2026 09:00:00",
    "lastmodified": "05/02/2026 09:00:00",
    "chargeentrynotrequired": False,
    "appointmentnotes": [{"id": 1, "text": "Bring the card", "displayonschedule": True}],
}
PATIENT = {"patientid": "7001", "firstname": "Nora", "lastname": "Sampleton", "status": "active"}


def _as_strings(value):
    """The row as a key without proper JSON gets it."""
    if isinstance(value, dict):
        return {name: _as_strings(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_as_strings(child) for child in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _appointment(**fields):
    return translate.appointment({**APPOINTMENT, **fields})


def _patient(**fields):
    return translate.patient({**PATIENT, **fields})


def test_both_encodings_mean_the_same():
    assert translate.appointment(_as_strings(APPOINTMENT)) == translate.appointment(APPOINTMENT)


def test_an_appointment_in_kepts_words():
    record = _appointment()
    assert record.local_start == datetime(2026, 6, 1, 8, 30)
    assert record.provider_external_ids == ("71",)
    assert (record.type_external_id, record.patient_type_name) == ("82", "Preventive visit")
    assert record.scheduled_at == datetime(2026, 5, 1, 13, 0, tzinfo=UTC)
    assert record.notes == ("Bring the card",)
    assert record.telehealth is None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"appointmentstatus": "f"}, AppointmentStatus.SCHEDULED),
        (
            {"appointmentstatus": "f", "startcheckin": "06/01/2026 08:01:00"},
            AppointmentStatus.SCHEDULED,
        ),
        ({"appointmentstatus": "2"}, AppointmentStatus.CHECKED_IN),
        ({"appointmentstatus": 3}, AppointmentStatus.COMPLETED),
        ({"appointmentstatus": "4"}, AppointmentStatus.COMPLETED),
        ({"appointmentstatus": "x"}, AppointmentStatus.CANCELLED),
        ({"appointmentstatus": "X"}, AppointmentStatus.CANCELLED),
        ({"appointmentstatus": "x", "cancelreasonnoshow": "true"}, AppointmentStatus.NO_SHOW),
        ({"appointmentstatus": "x", "cancelreasonnoshow": "false"}, AppointmentStatus.CANCELLED),
        (
            {"appointmentstatus": "x", "rescheduledappointmentid": "850245"},
            AppointmentStatus.RESCHEDULED,
        ),
        ({"appointmentstatus": "x", "rescheduledappointmentid": "0"}, AppointmentStatus.CANCELLED),
    ],
)
def test_the_status_is_read_from_the_whole_row(fields, status):
    assert _appointment(**fields).status is status


def test_an_open_slot_is_no_appointment():
    slot = {**APPOINTMENT, "appointmentstatus": "o"}
    del slot["patientid"]
    assert translate.appointment(slot) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"appointmentstatus": "z"},
        {"appointmentstatus": ""},
        {"date": "2026-06-01"},
        {"date": "02/30/2026"},
        {"date": "01/01/0001"},
        {"starttime": "25:00"},
        {"starttime": None},
        {"patientid": ""},
        {"appointmentid": None},
        {"appointmentnotes": ["Nora"]},
    ],
)
def test_nonsense_is_told_without_quoting_the_row(fields):
    with pytest.raises(Nonsense) as caught:
        _appointment(**fields)
    assert "Nora" not in str(caught.value)
    assert not any(character.isdigit() for character in caught.value.sentence)


@pytest.mark.parametrize("row", [None, [], "text", 7])
def test_what_is_no_row_is_nonsense(row):
    with pytest.raises(Nonsense):
        translate.appointment(row)
    with pytest.raises(Nonsense):
        translate.patient(row)


def test_the_second_resource_of_a_visit_is_known():
    assert _appointment(chargeentrynotrequiredreason="MULTIRESOURCE").secondary
    assert not _appointment(chargeentrynotrequiredreason="OTHER").secondary


@pytest.mark.parametrize(
    ("scheduling", "rendering", "providers"),
    [
        ("71", "", ("71",)),
        ("71", 72, ("71", "72")),
        ("", "72", ("72",)),
        ("", 0, ()),
        ("0", None, ()),
    ],
)
def test_the_scheduling_provider_comes_first(scheduling, rendering, providers):
    record = _appointment(providerid=scheduling, renderingproviderid=rendering)
    assert record.provider_external_ids == providers


def test_a_single_note_may_come_without_its_list():
    assert _appointment(appointmentnotes={"text": "One"}).notes == ("One",)
    assert _appointment(appointmentnotes="").notes == ()


@pytest.mark.parametrize(
    ("value", "flag"),
    [("true", True), ("Y", True), (1, True), ("1", True), (True, True),
     ("false", False), ("N", False), (0, False), ("0", False), (False, False),
     ("", None), (None, None)],
)  # fmt: skip
def test_a_consent_has_three_states(value, flag):
    assert _patient(consenttocall=value).consent_to_call is flag


@pytest.mark.parametrize(
    "fields",
    [
        {"consenttotext": "perhaps"},
        {"donotcall": "2"},
        {"contactpreference_appointment_sms": ["true"]},
        {"status": "elsewhere"},
    ],
)
def test_a_consent_or_status_that_cannot_be_read_is_never_guessed(fields):
    with pytest.raises(Nonsense):
        _patient(**fields)


def test_any_other_flag_that_cannot_be_read_counts_as_absent():
    assert _appointment(appointmentstatus="x", cancelreasonnoshow="perhaps").status is (
        AppointmentStatus.CANCELLED
    )


@pytest.mark.parametrize(
    ("relation", "may_guard"),
    [("", True), ("19", True), ("27", True), ("1", False), ("Self", False)],
)
def test_a_guarantor_whose_relation_is_no_number_guards_nobody(relation, may_guard):
    record = _patient(guarantorfirstname="Pat", guarantorrelationshiptopatient=relation)
    assert record.guarantor.may_guard is may_guard


@pytest.mark.parametrize(
    ("relation", "is_self", "related"),
    [
        ("Self (patient)", True, False),
        ("Same as patient", True, False),
        ("Slf", True, False),
        # Who knows what these say: the same name alone may then be the patient's.
        ("Yo mismo", False, False),
        ("1.0", False, False),
        ("Mother", False, True),
        ("27", False, True),
    ],
)
def test_a_relation_in_words_says_only_what_is_understood(relation, is_self, related):
    guarantor = _patient(
        guarantorfirstname="Pat", guarantorrelationshiptopatient=relation
    ).guarantor
    assert (guarantor.is_self, guarantor.related) == (is_self, related)


def test_absent_consents_and_preferences_stay_open():
    record = _patient()
    assert (record.consent_to_text, record.wants["sms"], record.preference_hint) == (
        None,
        None,
        None,
    )
    assert not record.email_declined


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("MOBILEPHONE", Channel.SMS),
        ("HOMEPHONE", Channel.VOICE),
        ("WORKPHONE", Channel.VOICE),
        ("PORTAL", Channel.EMAIL),
        ("mail", Channel.EMAIL),
        ("PIGEON", None),
    ],
)
def test_the_lone_preference_is_a_hint(code, hint):
    assert _patient(contactpreference=code).preference_hint is hint


@pytest.mark.parametrize(
    ("fields", "active"),
    [
        ({}, True),
        ({"status": "inactive"}, False),
        ({"status": "Deleted"}, False),
        ({"deceaseddate": "05/01/2026"}, False),
        ({"deceaseddate": "01/01/0001"}, True),
        ({"deceaseddate": ""}, True),
        # What is no date at all may be one.
        ({"deceaseddate": "2026-05-01"}, False),
        ({"deceaseddate": "last spring"}, False),
        ({"deceaseddate": {"year": 2026}}, False),
    ],
)
def test_who_has_died_or_left_is_inactive(fields, active):
    assert _patient(**fields).active is active


def test_placeholder_birth_dates_are_unknown():
    assert _patient(dob="01/01/0001").date_of_birth is None
    assert _patient(dob="01/01/0001").unreadable == (BIRTH_DATE,)
    assert _patient(dob="").unreadable == _patient(dob=None).unreadable == ()
    assert _patient(dob="02/03/2015").date_of_birth == date(2015, 2, 3)


def test_a_declined_address_and_language_are_none():
    record = _patient(emailexists="false", email="old@example.org", language6392code="declined")
    assert record.email_declined
    assert record.language_code == ""
    assert _patient(language6392code="SPA").language_code == "spa"


@pytest.mark.parametrize("relation", [1, "1", "01", "Self", "SELF", " self ", "Patient"])
def test_the_patient_is_known_in_every_spelling_of_the_relation(relation):
    record = _patient(guarantorfirstname="Nora", guarantorrelationshiptopatient=relation)
    assert record.guarantor.is_self


@pytest.mark.parametrize(
    ("relation", "related"), [("18", True), ("19", True), ("", False), ("13", False), (None, False)]
)
def test_a_guarantors_birth_date_and_whether_a_relation_is_stated(relation, related):
    record = _patient(
        guarantorfirstname="Nora",
        guarantordob="01/09/1985",
        guarantorrelationshiptopatient=relation,
    )
    assert record.guarantor.date_of_birth == date(1985, 1, 9)
    assert record.guarantor.related is related


def test_a_guarantor_who_is_the_patient_is_no_guardian():
    record = _patient(
        guarantorfirstname="Nora", guarantorphone="6172267001", guarantorrelationshiptopatient=1
    )
    assert record.guarantor == Contact(
        name="Nora", mobile_phone="6172267001", is_self=True, may_guard=False
    )


@pytest.mark.parametrize(
    ("relation", "may_guard"), [("PARENT", True), ("guardian", True), ("SIBLING", False)]
)
def test_only_a_parent_or_guardian_among_emergency_contacts_may_guard(relation, may_guard):
    record = _patient(
        contactname="Pat", contactrelationship=relation, contactmobilephone="6172267003"
    )
    assert record.emergency.may_guard is may_guard
    assert record.emergency.mobile_phone == "6172267003"


def test_previous_ids_are_texts_without_the_present_one():
    assert _patient(previouspatientids=[6990, "7001", "6991"]).previous_external_ids == (
        "6990",
        "6991",
    )
    assert _patient(previouspatientids="6990").previous_external_ids == ("6990",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=3), child),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(schemas.AppointmentRow.model_fields)), JSON))
def test_no_appointment_row_does_worse_than_nonsense(row):
    with suppress(Nonsense):
        translate.appointment({**APPOINTMENT, **row})


@given(st.dictionaries(st.sampled_from(sorted(schemas.PatientRow.model_fields)), JSON))
def test_no_patient_row_does_worse_than_nonsense(row):
    with suppress(Nonsense):
        translate.patient({**PATIENT, **row})


@given(st.integers(min_value=1, max_value=10**15))
def test_an_id_is_the_same_text_in_every_type(number):
    assert {schemas.to_id(number), schemas.to_id(str(number)), schemas.to_id(float(number))} == {
        str(number)
    }


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_a_number_is_the_same_in_every_type(number):
    assert schemas.to_number(number) == schemas.to_number(str(number)) == number
