"""athenahealth's waitlist, whatever form its rows take."""

import pytest

from campaigns.ports import Refused, TryLater
from campaigns.vendor_records import WaitlistRecord
from integrations.athenahealth import waitlist
from integrations.models import HttpExchange
from integrations.transport.errors import Nonsense


def waits(athena, **fields) -> tuple[str, str]:
    patient = athena.patient()
    entry = athena.control("athena/waitlist", {"patientid": patient, **fields})
    return patient, str(entry["waitlistid"])


def read(athena, entry: str) -> WaitlistRecord:
    return next(one for one in athena.gateway().read_waitlist() if one.external_id == entry)


@pytest.mark.parametrize("proper_json", [True, False])
@pytest.mark.parametrize("plural", ["waitlistentries", "waitlist", "appointments"])
def test_an_entry_reads_the_same_in_every_encoding(athena, proper_json, plural):
    athena.settings(proper_json=proper_json, waitlist_field=plural)
    patient, entry = waits(
        athena, departmentid="62", providerid=71, appointmenttypeid=82, dayofweekids=[1, 2, 7],
        hourfrom=8, hourto=12, priority="HIGH", note="Has a ride", allowanydepartment=True,
    )  # fmt: skip
    assert read(athena, entry) == WaitlistRecord(
        external_id=entry,
        patient_external_id=patient,
        department_external_id="62",
        any_department=True,
        provider_external_id="71",
        type_external_id="82",
        # Sunday comes first there and last here.
        days=(1, 6, 7),
        hour_from=8,
        hour_to=12,
        priority="high",
        note="Has a ride",
    )


def test_what_is_absent_is_a_matter_of_indifference(athena):
    patient, entry = waits(athena)
    assert read(athena, entry) == WaitlistRecord(entry, patient, "1", priority="normal")


def test_a_read_that_failed_is_no_empty_list(athena):
    _, entry = waits(athena)
    athena.fault("status", "appointments/waitlist", times=1, status=500)
    with pytest.raises(TryLater):
        athena.gateway().read_waitlist()
    assert read(athena, entry)


def test_an_entry_that_makes_no_sense_does_not_hide_the_others(athena):
    _, odd = waits(athena, dayofweekids=[9])
    _, good = waits(athena)
    read_ids = {one.external_id for one in athena.gateway().read_waitlist()}
    assert good in read_ids and odd not in read_ids


def test_without_permission_it_is_refused_and_not_taken_for_empty(athena):
    body = '{"error": "Access denied"}'
    athena.fault("status", "appointments/waitlist", status=403, body=body, times=1)
    with pytest.raises(Refused) as caught:
        athena.gateway().read_waitlist()
    assert caught.value.code == "forbidden"


def test_no_patient_stands_in_the_log_of_exchanges(athena):
    waits(athena)
    athena.gateway().read_waitlist()
    kept = set(HttpExchange.objects.values_list("path_template", flat=True))
    assert kept == {"/oauth2/v1/token", "/v1/{practiceid}/appointments/waitlist"}


def row(**fields: object) -> dict[str, object]:
    return {"waitlistid": 1208, "patientid": 7, **fields}


@pytest.mark.parametrize(
    ("days", "iso"),
    [
        ([1], (7,)),
        (["2", "3"], (1, 2)),
        ("2,3", (1, 2)),
        ("7", (6,)),
        (4, (3,)),
        ([2, 2], (1,)),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_weekdays_come_in_many_forms(days, iso):
    assert waitlist.entry(row(dayofweekids=days)).days == iso


@pytest.mark.parametrize(
    ("hour", "meant"),
    [(8, 8), ("8", 8), ("08", 8), ("08:30", 8), (0, 0), (23.0, 23), ("", None), (None, None)],
)
def test_hours_come_in_many_forms(hour, meant):
    record = waitlist.entry(row(hourfrom=hour, hourto=hour))
    assert (record.hour_from, record.hour_to) == (meant, meant)


@pytest.mark.parametrize(
    ("said", "meant"), [("high", "high"), ("LOW", "low"), ("", "normal"), ("URGENT", "normal")]
)
def test_priorities(said, meant):
    assert waitlist.entry(row(priority=said)).priority == meant


@pytest.mark.parametrize(
    "fields",
    [
        {"waitlistid": ""},
        {"patientid": None},
        {"dayofweekids": [8]},
        {"dayofweekids": "Mondays"},
        {"hourfrom": "noon"},
        {"hourto": 31},
    ],
)
def test_a_wish_that_cannot_be_read_is_not_taken_for_none(fields):
    with pytest.raises(Nonsense) as caught:
        waitlist.entry(row(**fields))
    assert "noon" not in str(caught.value)
