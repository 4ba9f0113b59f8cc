"""athenahealth's reference lists in Kept's words. Pure (contract sections 4.3 and 4.4)."""

from __future__ import annotations

from typing import Any

from campaigns.domain.values import Confirmation, Vendor
from campaigns.vendor_records import (
    CancelReasonRecord,
    ConfirmationRecord,
    DepartmentRecord,
    ProviderRecord,
    TypeRecord,
)
from integrations.athenahealth.schemas import (
    CancelReasonRow,
    ConfirmationRow,
    DepartmentRow,
    ProviderRow,
    TypeRow,
)
from integrations.athenahealth.translate import parse
from integrations.athenahealth.zones import department_zone
from integrations.drift.observe import DriftKind, unknown
from integrations.transport.errors import Nonsense

# Ids are the same for every practice but are never relied on: the name is the meaning.
CONFIRMATIONS = {
    "confirmed": Confirmation.CONFIRMED,
    "confirmed by operator": Confirmation.CONFIRMED_BY_OPERATOR,
    "contacted": Confirmation.CONTACTED,
    "unable to reach": Confirmation.UNABLE_TO_REACH,
}
PERSON, NO_PERSON = "person", "non-person entity"


def department(row: Any) -> DepartmentRecord:
    """A department with its zone."""
    fields = parse(DepartmentRow, row)
    return DepartmentRecord(
        external_id=_required(fields.departmentid),
        name=fields.name,
        public_name=fields.patientdepartmentname,
        phone=fields.phone,
        time_zone=department_zone(
            fields.timezonename, fields.timezoneoffset, fields.doesnotobservedst
        ),
    )


def provider(row: Any) -> ProviderRecord:
    """A provider; displayname is often absent, and some resources are not people."""
    fields = parse(ProviderRow, row)
    full_name = f"{fields.firstname} {fields.lastname}".strip()
    kind = fields.entitytype.lower()
    if kind not in ("", PERSON, NO_PERSON):
        unknown(Vendor.ATHENAHEALTH, DriftKind.RESOURCE_TYPE, fields.entitytype)
    return ProviderRecord(
        external_id=_required(fields.providerid),
        name=fields.displayname or full_name or fields.schedulingname,
        is_person=kind in ("", PERSON),
    )


def appointment_type(row: Any) -> TypeRecord:
    """A kind of visit."""
    fields = parse(TypeRow, row)
    return TypeRecord(
        external_id=_required(fields.appointmenttypeid),
        name=fields.name,
        public_name=fields.patientdisplayname,
    )


def cancel_reason(row: Any) -> CancelReasonRecord:
    """A cancel reason; negative ids are the system's own."""
    fields = parse(CancelReasonRow, row)
    return CancelReasonRecord(
        external_id=_required(fields.appointmentcancelreasonid),
        name=fields.name,
        no_show=bool(fields.noshow),
        patient_rescheduled=bool(fields.patientrescheduled),
        provider_unavailable=bool(fields.providerunavailable),
        frees_slot=bool(fields.slotavailable),
    )


def confirmation(row: Any) -> ConfirmationRecord:
    """A confirmation status, understood by its name."""
    fields = parse(ConfirmationRow, row)
    return ConfirmationRecord(
        external_id=_required(fields.statusid),
        name=fields.name,
        meaning=CONFIRMATIONS.get(" ".join(fields.name.lower().split()), Confirmation.OTHER),
    )


def _required(external_id: str) -> str:
    if not external_id:
        raise Nonsense("athenahealth sent a row of a reference list without an id.")
    return external_id
