"""The side of who reminds: the list of active enrollments, page by page.

Enrollments of other practices or systems are left alone. What the vendor lists and Kept does not
have is taken over: somebody made it there, or a request of ours arrived after we had given up.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from campaigns import gateways
from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.execution.execute import retry_effect
from campaigns.intake.chart import take_appointment
from campaigns.models import BULK, Appointment, Enrollment
from campaigns.ports import (
    CREDENTIALS,
    NOT_FOUND,
    NOT_THE_VENDORS_WORD,
    Deadline,
    EngagementGateway,
    GatewayError,
    Guard,
    Refused,
)
from campaigns.reconciliation import enrollments
from campaigns.reconciliation.enrollments import Compared, Found
from campaigns.vendor_records import EnrollmentRecord, ReadSpan
from integrations.connections import registry
from integrations.drift.store import recording_drift
from integrations.reconcile.progress import Phase, Round
from integrations.reconcile.report import ENROLLMENTS_NOT_LISTED
from integrations.transport.errors import VENDOR_NONSENSE
from integrations.vendors import engagement_of

READ_SECONDS = 3600
# Ours and listed, but the list does not count as a read of them.
LISTED = (Found.SAME, Found.IN_HAND, Found.CHANGED)
NOTED = (Found.CHANGED, Found.TAKEN_OVER, Found.SINCE_BACKUP, Found.SECOND)


def compare_page(round_: Round, guard: Guard) -> str:
    """Read the next page and compare it; after the last one also what was not listed."""
    practice = round_.practice
    connection = registry.find_open(practice.external_id, System.ENGAGEMENT)
    read = engagement_of(practice).active_enrollments
    began = database_now()
    with recording_drift(practice.external_id):
        listed, cursor = read(connection, round_.cursor, guard)
    span = ReadSpan(began, database_now())
    listed_from = round_.listed_from or began
    records = _of_these_dates(round_, listed)
    for record in enrollments.not_as_held(practice, records, span):
        _closer(round_, record, span, guard)
    count = round_.listed + len(records)
    if cursor:
        round_.save(cursor=cursor, listed_from=listed_from.isoformat(), listed=count)
    else:
        missing = enrollments.not_listed(
            practice, round_.first, round_.last, round_.apart, listed_from
        )
        round_.find(ENROLLMENTS_NOT_LISTED, *missing)
        for end in enrollments.unclear_ends(practice, round_.first, round_.last, round_.apart):
            retry_effect(end)
        round_.save(listed=count, phase=Phase.WRITES.value)
    return f"{count} enrollments"


def _of_these_dates(round_: Round, records: list[EnrollmentRecord]) -> list[EnrollmentRecord]:
    """The enrollments whose visit is in the dates compared, by the vendor's account or by the
    chart's.
    """
    zone = ZoneInfo(round_.practice.time_zone)
    local = dict(
        Appointment.objects.filter(
            practice=round_.practice,
            external_id__in=[record.appointment_external_id for record in records],
        ).values_list("external_id", "local_start__date")
    )

    def days(record: EnrollmentRecord) -> list[date]:
        told = datetime.fromisoformat(record.vendor_state["visit"]["starts_at"])
        known = local.get(record.appointment_external_id)
        return [told.astimezone(zone).date(), *([known] if known else [])]

    return [r for r in records if any(round_.first <= day <= round_.last for day in days(r))]


def _closer(round_: Round, record: EnrollmentRecord, span: ReadSpan, guard: Guard) -> None:
    """Compare one enrollment that Kept does not have like this."""
    practice = round_.practice
    lost = round_.lost_since
    compared = enrollments.compare(practice, record, span, lost_since=lost)
    if compared.found is Found.UNKNOWN_VISIT and _take_visit(round_, record, guard):
        compared = enrollments.compare(practice, record, span, lost_since=lost)
    if compared.found is Found.BESIDE:
        compared = _beside_ours(round_, record, span, compared, guard)
    if compared.found in LISTED and compared.enrollment:
        round_.listed_apart(compared.enrollment)
    if compared.found in NOTED:
        round_.find(compared.found.value, compared.enrollment)
    elif compared.found is Found.UNKNOWN_VISIT:
        round_.find(compared.found.value, record.vendor_id)


def _take_visit(round_: Round, record: EnrollmentRecord, guard: Guard) -> bool:
    """Read a visit that Kept has never heard of; False when athenahealth does not know it."""
    practice = round_.practice
    ehr = gateways.ehr(practice.external_id, deadline=Deadline.after(READ_SECONDS), guard=guard)
    began = database_now()
    try:
        visit = ehr.read_appointment(record.appointment_external_id)
    except GatewayError as error:
        if not is_about_one(error):
            raise
        return False
    take_appointment(practice, visit, ReadSpan(began, database_now()), BULK)
    return True


def _beside_ours(
    round_: Round, record: EnrollmentRecord, span: ReadSpan, beside: Compared, guard: Guard
) -> Compared:
    """A second enrollment of a visit: ours is read afresh, because somebody may have ended it and
    begun anew.
    """
    practice = round_.practice
    engagement = gateways.engagement(
        practice.external_id, deadline=Deadline.after(READ_SECONDS), guard=guard
    )
    ours = Enrollment.objects.get(pk=beside.enrollment)
    began = database_now()
    try:
        held = _read(engagement, ours.vendor_id)
    except GatewayError as error:
        if not is_about_one(error):
            raise
        return Compared(Found.IN_HAND)
    active = enrollments.take_in(ours.pk, held, ReadSpan(began, database_now()))
    if not active:
        round_.find(ENROLLMENTS_NOT_LISTED, ours.pk)
    return enrollments.compare(
        practice, record, span, ours_is_active=active, lost_since=round_.lost_since
    )


def _read(engagement: EngagementGateway, vendor_id: str) -> EnrollmentRecord | None:
    try:
        return engagement.read_enrollment(vendor_id)
    except Refused as refused:
        if refused.code != NOT_FOUND:
            raise
        return None


def is_about_one(error: GatewayError) -> bool:
    """Whether only this record is refused, and not the connection: the others can go on."""
    if error.code == VENDOR_NONSENSE:
        return True
    ours = {CREDENTIALS, *NOT_THE_VENDORS_WORD}
    return isinstance(error, Refused) and error.code not in ours
