"""Every call of the gateway against the simulated athenahealth: what is asked for happens."""

from datetime import date, datetime

import pytest

from campaigns.domain.values import AppointmentStatus
from campaigns.ports import NOT_FOUND, LeaseLost, Refused, TryLater
from integrations.connections.registry import note_write_access, pause
from integrations.models import HttpExchange, WriteAccess

CONFIRMED = "2"
PATIENT_CANCELLED = "41"


def _refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize("proper_json", [True, False])
def test_an_appointment_reads_the_same_in_both_encodings(athena, proper_json):
    athena.settings(proper_json=proper_json)
    patient = athena.patient()
    appointment = athena.book(patient, "2090-06-01T15:30:00Z", appointmenttypeid="82")
    record = athena.gateway().read_appointment(appointment)
    assert record.external_id == appointment
    assert record.patient_external_id == patient
    assert record.local_start == datetime(2090, 6, 1, 11, 30)
    assert (record.status, record.type_external_id) == (AppointmentStatus.SCHEDULED, "82")
    assert record.provider_external_ids == ("71",)
    assert record.duration_minutes == 30
    assert record.secondary is False
    assert record.scheduled_at is not None


def test_an_open_slot_is_no_appointment(athena):
    slot = athena.control("athena/appointments", {"starts_at": "2090-06-01T15:30:00Z"})
    refused = _refusal(athena.gateway().read_appointment, slot["appointmentid"])
    assert refused.code == NOT_FOUND


def test_an_unknown_appointment_is_not_found(athena):
    assert _refusal(athena.gateway().read_appointment, "999999999").code == NOT_FOUND


def test_an_id_cannot_leave_its_place_in_the_address(athena):
    refused = _refusal(athena.gateway().read_appointment, "1/../../departments?x=")
    assert refused.http_status in (400, 404)


@pytest.mark.parametrize("proper_json", [True, False])
def test_a_patient_reads_the_same_in_both_encodings(athena, proper_json):
    athena.settings(proper_json=proper_json)
    patient = athena.patient(
        firstname="Nora", dob="02/03/2015", consenttocall=False, donotcall=None,
        contactpreference_appointment_sms=True, contactpreference="MOBILEPHONE",
        guarantorfirstname="Gia", guarantorlastname="Grown", guarantorphone="6172267009",
        guarantorrelationshiptopatient="18",
    )  # fmt: skip
    record = athena.gateway().read_patient(patient)
    assert (record.external_id, record.first_name) == (patient, "Nora")
    assert record.date_of_birth == date(2015, 2, 3)
    assert (record.consent_to_text, record.consent_to_call) == (True, False)
    assert record.do_not_call is None
    assert record.wants == {"sms": True, "email": None, "voice": None}
    assert (record.guarantor.name, record.guarantor.relationship) == ("Gia Grown", "mother")
    assert record.guarantor.mobile_phone == "6172267009"


def test_a_merged_patient_names_the_earlier_ids(athena):
    old, new = athena.patient(), athena.patient()
    athena.control(f"athena/patients/{old}/merge", {"into": new})
    assert athena.gateway().read_patient(new).previous_external_ids == (old,)
    assert _refusal(athena.gateway().read_patient, old).code == NOT_FOUND


def test_history_holds_the_no_shows_and_nobody_elses_visits(athena):
    patient, other = athena.patient(), athena.patient()
    kept = athena.book(patient, "2089-12-01T15:00:00Z")
    missed = athena.book(patient, "2089-12-02T15:00:00Z")
    called_off = athena.book(patient, "2089-12-03T15:00:00Z", departmentid="62")
    outside = athena.book(patient, "2089-12-09T15:00:00Z")
    athena.book(other, "2089-12-02T15:00:00Z")
    athena.control(f"athena/appointments/{missed}/noshow", {})
    athena.control(f"athena/appointments/{called_off}/cancel", {})
    history = athena.gateway().read_history(patient, date(2089, 12, 1), date(2089, 12, 8))
    assert [visit.external_id for visit in history] == [kept, missed, called_off]
    assert [visit.status for visit in history] == [
        AppointmentStatus.SCHEDULED,
        AppointmentStatus.NO_SHOW,
        AppointmentStatus.CANCELLED,
    ]
    assert outside not in {visit.external_id for visit in history}


def test_a_reschedule_names_its_replacement(athena):
    appointment = athena.book(athena.patient())
    new = athena.control(
        f"athena/appointments/{appointment}/reschedule", {"starts_at": "2090-06-02T15:30:00Z"}
    )
    record = athena.gateway().read_appointment(appointment)
    assert record.status is AppointmentStatus.RESCHEDULED
    assert record.replaced_by == new["newappointmentid"]


def test_a_confirmation_is_in_the_chart(athena):
    appointment = athena.book(athena.patient())
    gateway = athena.gateway()
    gateway.write_confirmation(appointment, CONFIRMED)
    assert gateway.read_appointment(appointment).confirmation_external_id == CONFIRMED


def test_a_confirmation_of_a_cancelled_visit_is_refused(athena):
    appointment = athena.book(athena.patient())
    athena.control(f"athena/appointments/{appointment}/cancel", {})
    refused = _refusal(athena.gateway().write_confirmation, appointment, CONFIRMED)
    assert refused.http_status == 400


def test_a_cancellation_is_in_the_chart_with_reason_and_marker(athena):
    patient = athena.patient()
    appointment = athena.book(patient)
    gateway = athena.gateway()
    gateway.cancel_appointment(appointment, patient, PATIENT_CANCELLED, "By text [kept:r17]")
    record = gateway.read_appointment(appointment)
    assert record.status is AppointmentStatus.CANCELLED
    assert record.cancel_reason_external_id == PATIENT_CANCELLED
    assert record.cancelled_by.startswith("API-")
    assert any("[kept:r17]" in note for note in record.notes)


def test_a_schedule_note_is_found_by_its_marker(athena):
    appointment = athena.book(athena.patient())
    gateway = athena.gateway()
    assert not gateway.count_schedule_notes(appointment, "[kept:n1]")
    gateway.add_schedule_note(appointment, "Wants another time [kept:n1]")
    assert gateway.count_schedule_notes(appointment, "[kept:n1]")
    note = athena.row(appointment)["notes"][-1]
    assert str(note["displayonschedule"]).lower() == "true"


def test_a_patient_case_is_found_by_its_marker(athena):
    patient = athena.patient()
    gateway = athena.gateway()
    assert not gateway.count_patient_cases(patient, "1", "[kept:c1]")
    case = gateway.create_patient_case(patient, "1", "71", "No contact [kept:c1]", "Call them")
    assert case
    assert gateway.count_patient_cases(patient, "1", "[kept:c1]")


def test_patient_data_never_stands_in_the_log_of_exchanges(athena):
    patient = athena.patient()
    appointment = athena.book(patient)
    gateway = athena.gateway()
    gateway.read_history(patient, date(2090, 1, 1), date(2090, 12, 31))
    gateway.write_confirmation(appointment, CONFIRMED)
    templates = set(HttpExchange.objects.values_list("path_template", flat=True))
    assert templates == {
        "/oauth2/v1/token",
        "/v1/{practiceid}/appointments/booked/multipledepartment",
        "/v1/{practiceid}/appointments/{appointmentid}/confirmationstatus",
    }
    assert not HttpExchange.objects.filter(request_id="").exists()


def test_a_write_shows_that_the_key_may_write(athena):
    assert athena.connection.write_access == WriteAccess.UNVERIFIED
    athena.gateway().write_confirmation(athena.book(athena.patient()), CONFIRMED)
    athena.connection.refresh_from_db()
    assert athena.connection.write_access == WriteAccess.WORKS


def test_a_paused_connection_sends_nothing(athena, as_process):
    pause(athena.connection, reason="Maintenance at the practice.")
    with pytest.raises(TryLater) as caught:
        athena.gateway()
    assert caught.value.code == "connection_paused"
    assert not HttpExchange.objects.exists()


def test_nothing_is_sent_once_the_lease_is_lost(athena):
    def lost():
        raise LeaseLost

    with pytest.raises(LeaseLost):
        athena.gateway(guard=lost).read_appointment("1")
    assert not HttpExchange.objects.exists()


def test_known_write_access_is_not_noted_twice(athena, django_assert_num_queries):
    note_write_access(athena.connection, WriteAccess.WORKS)
    with django_assert_num_queries(0):
        note_write_access(athena.connection, WriteAccess.WORKS)


def test_the_practices_lists_are_read_whole(athena):
    client = athena.client()
    assert {row["departmentid"] for row in client.departments()} >= {"1", "62", "900"}
    assert client.providers()
    assert client.cancel_reasons()
    assert {row["name"] for row in client.confirmation_statuses()} >= {"Confirmed", "Contacted"}
    listed = {str(row["appointmenttypeid"]) for row in client.appointment_types()}
    assert "82" in listed
