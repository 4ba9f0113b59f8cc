"""athenahealth's reference lists in Kept's words."""

import pytest

from campaigns.domain.values import Confirmation
from integrations.athenahealth import reference
from integrations.transport.errors import Nonsense


def test_a_department_of_an_old_practice_has_its_zone_from_the_offset():
    record = reference.department(
        {"departmentid": 1, "name": "ROCKY", "timezoneoffset": "-7", "doesnotobservedst": "false"}
    )
    assert (record.external_id, record.time_zone) == ("1", "America/Denver")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"displayname": "Dr. A", "firstname": "Ada"}, "Dr. A"),
        ({"firstname": "Ada", "lastname": "Well", "schedulingname": "Well_Ada"}, "Ada Well"),
        ({"schedulingname": "Flu shot"}, "Flu shot"),
    ],
)
def test_a_provider_has_the_best_name_there_is(row, name):
    assert reference.provider({"providerid": 71, **row}).name == name


def test_a_resource_is_no_person():
    row = {"providerid": 90, "schedulingname": "Flu shot", "entitytype": "Non-person entity"}
    assert not reference.provider(row).is_person
    assert reference.provider({**row, "entitytype": "Person"}).is_person


def test_a_cancel_reason_in_strings():
    row = {"appointmentcancelreasonid": "-4", "name": "R", "noshow": "false", "slotavailable": "Y"}
    record = reference.cancel_reason(row)
    assert (record.external_id, record.no_show, record.frees_slot) == ("-4", False, True)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Confirmed", Confirmation.CONFIRMED),
        ("CONFIRMED BY  OPERATOR", Confirmation.CONFIRMED_BY_OPERATOR),
        ("Unable To Reach", Confirmation.UNABLE_TO_REACH),
        ("Contacted", Confirmation.CONTACTED),
        ("Not Confirmed", Confirmation.OTHER),
    ],
)
def test_a_confirmation_status_is_known_by_its_name(name, meaning):
    assert reference.confirmation({"statusid": 2, "name": name}).meaning is meaning


@pytest.mark.parametrize(
    "translation",
    [
        reference.department,
        reference.provider,
        reference.appointment_type,
        reference.cancel_reason,
        reference.confirmation,
    ],
)
def test_a_row_without_an_id_is_nonsense(translation):
    with pytest.raises(Nonsense):
        translation({"name": "Somewhere"})
