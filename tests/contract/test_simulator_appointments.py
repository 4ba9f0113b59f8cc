"""Reading and writing appointments at the simulated athenahealth."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    Athena,
    Clock,
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


class TestBookedList:
    DAYS = {"startdate": "12/01/2026", "enddate": "12/31/2026"}

    def test_starts_are_local_to_the_department_and_stamps_eastern(self, athena: Athena) -> None:
        id = athena.book(departmentid="62", providerid="74")
        row = athena.row(id)
        assert (row["date"], row["starttime"]) == ("12/03/2026", "08:30")
        assert row["scheduleddatetime"] == "11/30/2026 10:00:00"
        assert row["appointmentstatus"] == "f"

    def test_cancelled_rows_vanish_unless_asked_for(self, athena: Athena) -> None:
        id = athena.book()
        athena.sim("POST", f"/athena/appointments/{id}/cancel", {})
        assert athena.get("/appointments/booked", **self.DAYS)["totalcount"] == 0
        shown = athena.get("/appointments/booked", **self.DAYS, showcancelled="true")
        assert shown["appointments"][0]["cancelreasonslotavailable"] is True

    def test_filters_by_department_list_patient_and_date(self, athena: Athena) -> None:
        first, second = athena.book(), athena.book(departmentid="21", providerid="73")
        path = "/appointments/booked/multipledepartment"
        both = athena.get(path, **self.DAYS, departmentid="1,21")
        assert [row["appointmentid"] for row in both["appointments"]] == [second, first]
        repeated = athena.get(path, **self.DAYS, departmentid=["21", "62"])
        assert [row["appointmentid"] for row in repeated["appointments"]] == [second]
        mine = athena.get(path, **self.DAYS, patientid=athena.row(first)["patientid"])
        assert [row["appointmentid"] for row in mine["appointments"]] == [first]
        nothing = athena.get(path, startdate="12/04/2026", enddate="12/05/2026")
        assert nothing["appointments"] == []

    def test_filters_by_eastern_time_of_the_last_change(self, athena: Athena, clock: Clock) -> None:
        athena.book()
        clock.advance(minutes=50)
        later = athena.book()
        window = {"startlastmodified": "11/30/2026 10:30:00"}
        rows = athena.get("/appointments/booked", **self.DAYS, **window)["appointments"]
        assert [row["appointmentid"] for row in rows] == [later]
        window["endlastmodified"] = "11/30/2026 10:45:00"
        assert athena.get("/appointments/booked", **self.DAYS, **window)["totalcount"] == 0

    def test_pages_are_linked_relatively_in_upper_case(self, athena: Athena) -> None:
        ids = {athena.book() for _ in range(3)}
        first = athena.get("/appointments/booked", **self.DAYS, limit=2)
        assert first["totalcount"] == 3 and "previous" not in first
        assert first["next"].startswith("/v1/195900/appointments/booked?STARTDATE=")
        assert "LIMIT=2" in first["next"] and "offset=2" in first["next"]
        last = requests.get(athena.url + first["next"], headers=athena.headers).json()
        assert "next" not in last
        rows = first["appointments"] + last["appointments"]
        assert {row["appointmentid"] for row in rows} == ids

    def test_a_limit_beyond_the_maximum_is_refused(self, athena: Athena) -> None:
        answer = athena.call("GET", "/appointments/booked", params={**self.DAYS, "limit": 10001})
        assert answer.status_code == 400


class TestOtherReads:
    def test_a_patients_own_list_is_thin_and_shows_what_is_ahead(self, athena: Athena) -> None:
        id = athena.book()
        patient = athena.row(id)["patientid"]
        past = athena.book(patientid=patient, starts_at="2026-11-01T15:00:00Z")
        gone = athena.book(patientid=patient)
        athena.sim("POST", f"/athena/appointments/{gone}/noshow", {})
        path = f"/patients/{patient}/appointments"
        assert [row["appointmentid"] for row in athena.get(path)["appointments"]] == [id]
        full = athena.get(path, showpast="Y", showcancelled="Y")["appointments"]
        assert {row["appointmentid"] for row in full} == {id, past, gone}
        assert not any("cancelreasonnoshow" in row or "lastmodified" in row for row in full)
        assert athena.get(f"{path}/{id}")[0]["lastmodifiedby"]

    def test_the_telehealth_flag_is_shown_on_request(self, athena: Athena) -> None:
        id = athena.book(appointmenttypeid="91")
        assert "telehealth" not in athena.row(id)
        assert athena.get(f"/appointments/{id}", showtelehealth="true")[0]["telehealth"] is True
        athena.sim("POST", "/settings", {"telehealth_field": "telehealthyn"})
        assert athena.get(f"/appointments/{id}", showtelehealth="true")[0]["telehealthyn"] is True

    def test_the_video_room_opens_on_the_day(self, athena: Athena, clock: Clock) -> None:
        id = athena.book(appointmenttypeid="91")
        path = f"/appointments/{id}/nativeathenatelehealthroom"
        assert athena.call("GET", path).status_code == 404
        clock.now = datetime(2026, 12, 3, 6, 0, tzinfo=UTC)
        athena.sign_in()
        assert athena.get(path)["patienturl"].startswith("https://")
        office = f"/appointments/{athena.book()}/nativeathenatelehealthroom"
        assert athena.call("GET", office).status_code == 404
        athena.sim("POST", "/settings", {"telehealth_room": False})
        assert athena.call("GET", path).status_code == 404

    def test_people_wait_for_an_earlier_visit(self, athena: Athena) -> None:
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        entry = athena.sim("POST", "/athena/waitlist", {"patientid": patient, "hourfrom": 8})
        [row] = athena.get("/appointments/waitlist")["waitlistentries"]
        assert row["waitlistid"] == entry["waitlistid"]
        assert (row["patientid"], row["hourfrom"]) == (int(patient), 8)
        assert "appointmenttypeid" not in row

    def test_open_slots_need_a_type_or_a_reason(self, athena: Athena) -> None:
        athena.sim("POST", "/athena/appointments", {"starts_at": "2026-12-02T16:00:00Z"})
        assert athena.get("/appointments/open", departmentid="1")["appointments"] == []
        found = athena.get("/appointments/open", departmentid="1", appointmenttypeid="82")
        assert len(found["appointments"]) == 1
        id = found["appointments"][0]["appointmentid"]
        assert "patientid" not in athena.row(str(id))
        athena.put(f"/appointments/{id}/freeze", freeze="true")
        assert athena.get("/appointments/open", departmentid="1", reasonid="-1")["totalcount"] == 0

    def test_an_unknown_patient_is_404(self, athena: Athena) -> None:
        assert athena.call("GET", "/patients/1").status_code == 404


class TestWrites:
    def test_booking_takes_an_open_slot_once(self, athena: Athena) -> None:
        slot = athena.sim("POST", "/athena/appointments", {"starts_at": "2026-12-02T16:00:00Z"})
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        path = f"/appointments/{slot['appointmentid']}"
        answer = athena.put(path, patientid=patient, appointmenttypeid="83", bookingnote="ear")
        assert answer.json()[0]["appointmentstatus"] == "f"
        assert answer.json()[0]["appointmentnotes"][0]["text"].startswith("API (kept-demo)")
        assert answer.json()[0]["scheduledby"].startswith("API-")
        assert athena.put(path, patientid=patient, appointmenttypeid="83").status_code == 409
        # A patient who is new to the practice gets a case.
        assert len(athena.sim("GET", "/state")["athena"]["patient_cases"]) == 1

    def test_cancelling_needs_the_right_patient_and_a_booked_row(self, athena: Athena) -> None:
        id = athena.book()
        path = f"/appointments/{id}/cancel"
        for form in ({}, {"patientid": "1"}):
            answer = athena.put(path, **form)
            assert answer.status_code == 400
            assert answer.json()["missingfields"] == ["patientid"]
        patient = athena.row(id)["patientid"]
        bad = athena.put(path, patientid=patient, appointmentcancelreasonid="999")
        assert bad.status_code == 400
        form = {"patientid": patient, "appointmentcancelreasonid": "41"}
        assert athena.put(path, **form, cancellationreason="kept-7f3a").json() == {"status": "x"}
        assert athena.put(path, **form).status_code == 400

    @pytest.mark.parametrize(
        ("path", "form", "column", "value"),
        [
            (
                "cancel",
                "appointmentcancelreasonid=41&CANCELLATIONREASON=a+b",
                "cancelreasonid",
                "41",
            ),
            ("confirmationstatus", "appointmentconfirmationid=2", "appointmentconfirmationid", "2"),
        ],
    )
    def test_a_form_may_come_without_its_content_type(
        self, athena: Athena, path: str, form: str, column: str, value: str
    ) -> None:
        id = athena.book()
        body = f"patientid={athena.row(id)['patientid']}&{form}".encode()
        answer = athena.call("PUT", f"/appointments/{id}/{path}", data=body)
        assert "Content-Type" not in answer.request.headers
        assert answer.status_code == 200
        assert str(athena.row(id)[column]) == value

    def test_bytes_that_are_no_text_hold_no_form(self, athena: Athena) -> None:
        id = athena.book()
        answer = athena.call("PUT", f"/appointments/{id}/cancel", data=b"patientid=\xff")
        assert answer.json()["missingfields"] == ["patientid"]

    def test_a_cancelled_row_says_who_and_why_and_frees_its_slot(self, athena: Athena) -> None:
        id = athena.book()
        before = athena.row(id)
        athena.put(
            f"/appointments/{id}/cancel",
            patientid=before["patientid"],
            appointmentcancelreasonid="41",
            cancellationreason="kept-7f3a",
        )
        row = athena.row(id)
        assert (row["appointmentstatus"], row["cancelreasonid"]) == ("x", "41")
        assert row["cancelledby"].startswith("API-")
        assert row["cancelleddatetime"] == "11/30/2026 10:00:00"
        note = "API appointment cancellation. Reported reason for cancellation: kept-7f3a"
        assert [one["text"] for one in row["appointmentnotes"]] == [note]
        slots = athena.get("/appointments/open", departmentid="1", reasonid="-1")["appointments"]
        assert [slot["starttime"] for slot in slots] == [before["starttime"]]
        assert str(slots[0]["appointmentid"]) != id

    def test_a_reason_that_keeps_the_slot_opens_none(self, athena: Athena) -> None:
        id = athena.book()
        patient = athena.row(id)["patientid"]
        athena.put(f"/appointments/{id}/cancel", patientid=patient, appointmentcancelreasonid="45")
        slots = athena.get("/appointments/open", departmentid="1", reasonid="-1")["appointments"]
        assert slots == []

    def test_a_reschedule_links_the_old_row_and_answers_sparsely(self, athena: Athena) -> None:
        id = athena.book()
        patient = athena.row(id)["patientid"]
        slot = athena.sim("POST", "/athena/appointments", {"starts_at": "2026-12-04T16:00:00Z"})
        form = {"patientid": patient, "newappointmentid": slot["appointmentid"]}
        answer = athena.put(f"/appointments/{id}/reschedule", **form)
        assert "date" not in answer.json()[0] and answer.json()[0]["providerid"] == ""
        old, new = athena.row(id), athena.row(slot["appointmentid"])
        assert (old["appointmentstatus"], old["cancelreasonid"]) == ("x", "-4")
        assert old["rescheduledappointmentid"] == slot["appointmentid"]
        assert (new["appointmentstatus"], new["patientid"]) == ("f", patient)
        other = athena.book()
        taken = {"patientid": athena.row(other)["patientid"]} | {"newappointmentid": id}
        assert athena.put(f"/appointments/{other}/reschedule", **taken).status_code == 409

    def test_modifying_answers_a_bare_scalar(self, athena: Athena) -> None:
        id = athena.book()
        answer = athena.put(f"/appointments/booked/{id}", appointmenttypeid="91")
        assert (answer.status_code, answer.json()) == (200, 1)
        assert athena.row(id)["patientappointmenttypename"] == "Video visit"
        wrong = athena.put(f"/appointments/booked/{id}", schedulingproviderid="1234")
        assert (wrong.status_code, wrong.json()) == (200, "Invalid schedulingproviderid")

    def test_freezing_fails_softly(self, athena: Athena) -> None:
        answer = athena.put(f"/appointments/{athena.book()}/freeze", freeze="true")
        assert answer.status_code == 200
        assert answer.json()["success"] is False

    def test_a_confirmation_is_written_to_a_booked_row_only(self, athena: Athena) -> None:
        id = athena.book()
        path = f"/appointments/{id}/confirmationstatus"
        assert "appointmentconfirmationid" not in athena.row(id)
        assert athena.put(path, appointmentconfirmationid="2").status_code == 200
        assert athena.get(path)["appointmentconfirmationname"] == "Confirmed"
        assert athena.row(id)["appointmentconfirmationid"] == "2"
        assert athena.row(id)["lastmodifiedby"].startswith("API-")
        assert athena.put(path, appointmentconfirmationid="77").status_code == 400
        assert athena.put(path).json()["missingfields"] == ["appointmentconfirmationid"]
        athena.sim("POST", f"/athena/appointments/{id}/cancel", {})
        assert athena.put(path, appointmentconfirmationid="2").status_code == 400
        unknown = athena.put("/appointments/1/confirmationstatus", appointmentconfirmationid="2")
        assert unknown.status_code == 400

    def test_a_second_check_in_is_404(self, athena: Athena) -> None:
        id = athena.book()
        assert len(athena.get(f"/appointments/{id}/checkin")) == 2
        athena.post(f"/appointments/{id}/startcheckin")
        assert (athena.row(id)["appointmentstatus"], "startcheckin" in athena.row(id)) == (
            "f",
            True,
        )
        athena.post(f"/appointments/{id}/cancelcheckin")
        assert "startcheckin" not in athena.row(id)
        assert athena.post(f"/appointments/{id}/checkin").json() == {"success": True}
        assert athena.row(id)["appointmentstatus"] == "2"
        again = athena.post(f"/appointments/{id}/checkin")
        assert again.status_code == 404
        assert again.json()["error"] == "This appointment has already been checked in."

    def test_notes_are_added_without_an_id_and_searchable(self, athena: Athena) -> None:
        path = f"/appointments/{athena.book()}/notes"
        answer = athena.post(path, notetext="wants another day", displayonschedule="true")
        assert answer.json() == {"success": True}
        athena.post(path, notetext="wants another day")
        notes = athena.get(path)["notes"]
        assert [note["displayonschedule"] for note in notes] == [True, False]
        athena.put(f"{path}/{notes[0]['noteid']}", notetext="changed")
        athena.call("DELETE", f"{path}/{notes[1]['noteid']}")
        assert [note["notetext"] for note in athena.get(path)["notes"]] == ["changed"]
        assert athena.get(path, showdeleted="true")["totalcount"] == 2

    def test_patient_cases_insist_on_upper_case_words(self, athena: Athena) -> None:
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        path = f"/patients/{patient}/documents/patientcase"
        form = {"departmentid": "1", "documentsource": "PATIENT"}
        form |= {"documentsubclass": "PATIENTCASE", "subject": "Call back"}
        wrong = athena.post(path, **{**form, "documentsource": "patient"})
        assert wrong.status_code == 400
        assert wrong.json()["detailedmessage"] == (
            "The value 'patient' did not match any of the enum values for SOURCE"
        )
        made = athena.post(path, **form).json()
        assert made["success"] is True
        cases = athena.get(f"/patients/{patient}/patientcases", departmentid="1")["patientcases"]
        assert [case["patientcaseid"] for case in cases] == [made["patientcaseid"]]
        assert cases[0]["status"] == "REVIEW"
