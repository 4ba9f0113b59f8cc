"""Writes to the chart: read before, written, read back.

No idempotency key exists at athenahealth (contract, section 9): what may have been done is asked
about first. If the chart is not what the decision believed, nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from campaigns.clock import database_now
from campaigns.domain.effects import CHANGED_BY_OTHERS
from campaigns.domain.values import AppointmentStatus, EffectKind
from campaigns.execution.handlers.call import Call, ChartChanged, Completed, read_with_span
from campaigns.intake.chart import disbelieve_appointment, miss_appointment, take_appointment
from campaigns.intake.patient_merges import same_person
from campaigns.models import Effect
from campaigns.ports import (
    NOT_FOUND,
    EhrGateway,
    GatewayError,
    OutcomeUnknown,
    Refused,
    Unreadable,
)
from campaigns.vendor_records import AppointmentRecord, ReadSpan

# Whether the chart shows what was to be written; told, too, whether athenahealth said yes to it.
Shows = Callable[[AppointmentRecord, bool], bool]
# How an attempt ends that athenahealth answered with yes, and that could not be seen in the chart.
_NOT_READ_BACK, _NOT_SHOWN = "not_read_back", "not_shown"


def write_confirmation(effect: Effect, call: Call) -> Completed:
    """Set the confirmation status."""
    ehr, body = call.ehr(effect.practice), effect.body
    status = body["confirmation_status"]
    return _write(
        effect,
        ehr,
        shows=lambda record, _: record.confirmation_external_id == status,
        write=lambda: ehr.write_confirmation(body["appointment"], status),
    )


def cancel_appointment(effect: Effect, call: Call) -> Completed:
    """Cancel with the practice's own reason and a note that carries our marker."""
    ehr, body = call.ehr(effect.practice), effect.body
    note = f"{body['note']} ({body['marker']})"

    def by_us(record: AppointmentRecord, answered: bool) -> bool:
        # athenahealth does not promise the note in the row: the marker tells whose cancellation
        # it is only where the answer to ours was lost.
        return (
            record.status is AppointmentStatus.CANCELLED
            and record.cancelled_by.upper().startswith("API")
            and record.cancel_reason_external_id == body["reason"]
            and (answered or any(body["marker"] in text for text in record.notes))
        )

    return _write(
        effect,
        ehr,
        shows=by_us,
        write=lambda: ehr.cancel_appointment(
            body["appointment"], body["patient"], body["reason"], note
        ),
    )


def _write(
    effect: Effect, ehr: EhrGateway, *, shows: Shows, write: Callable[[], None]
) -> Completed:
    visit, began = effect.body["appointment"], database_now()
    try:
        before = ehr.read_appointment(visit)
    except Unreadable as unread:
        span, what = ReadSpan(began, database_now()), unread.what
        raise ChartChanged(
            lambda: disbelieve_appointment(effect.practice, visit, what, span)
        ) from None
    except Refused as refused:
        if refused.code != NOT_FOUND or effect.maybe_done:
            raise
        gone = ReadSpan(began, database_now())
        raise ChartChanged(lambda: miss_appointment(effect.practice, visit, gone)) from None
    span = ReadSpan(began, database_now())
    if shows(before, _was_answered(effect)):
        return Completed("The chart says so already.", _observed(effect, before, span))
    if not _as_expected(before, effect.body["expected"]):
        if effect.maybe_done:
            raise Refused(
                "Somebody changed the visit in athenahealth meanwhile. Check the chart.",
                code=CHANGED_BY_OTHERS,
            )
        raise ChartChanged(lambda: take_appointment(effect.practice, before, span))
    if _named_wrongly(effect, before):
        raise ChartChanged(lambda: take_appointment(effect.practice, before, span))
    write()
    return _read_back(effect, ehr, shows)


def _was_answered(effect: Effect) -> bool:
    """Whether athenahealth said yes to an earlier attempt that could not be seen in the chart."""
    return effect.maybe_done and effect.tries.filter(code__in=(_NOT_READ_BACK, _NOT_SHOWN)).exists()


def _read_back(effect: Effect, ehr: EhrGateway, shows: Shows) -> Completed:
    """Trust what the chart shows, not what the write was answered with."""
    try:
        after, span = read_with_span(lambda: ehr.read_appointment(effect.body["appointment"]))
    except GatewayError as error:
        raise OutcomeUnknown(
            "Written, but it could not be read back yet.", code=_NOT_READ_BACK
        ) from error
    if not shows(after, True):
        raise OutcomeUnknown(
            "athenahealth said yes, but the chart does not show it yet.", code=_NOT_SHOWN
        )
    return Completed("Written to the chart and read back.", _observed(effect, after, span))


def _named_wrongly(effect: Effect, record: AppointmentRecord) -> bool:
    """Whether the visit belongs by now to another patient than the one whom the
    cancellation names.
    """
    named, owner = "patient" in effect.body, effect.patient
    return named and owner is not None and not same_person(owner, record.patient_external_id)


def _as_expected(record: AppointmentRecord, expected: dict[str, str]) -> bool:
    """Whether start, status and confirmation are what the decision was made on."""
    return (
        record.local_start.strftime("%Y-%m-%dT%H:%M") == expected["local_start"]
        and record.status.value == expected["status"]
        and record.confirmation_external_id == expected["confirmation"]
    )


def _observed(
    effect: Effect, record: AppointmentRecord, span: ReadSpan
) -> Callable[[Effect, datetime], object]:
    return lambda row, now: take_appointment(effect.practice, record, span)


def schedule_note(effect: Effect, call: Call) -> Completed:
    """Add a note to the day's schedule, once: the marker is searched for first."""
    ehr, body = call.ehr(effect.practice), effect.body
    if in_the_chart(effect, ehr):
        return Completed("The note is there already.")
    ehr.add_schedule_note(body["appointment"], f"{body['text']} ({body['marker']})")
    return Completed("Noted on the schedule.")


def patient_case(effect: Effect, call: Call) -> Completed:
    """Open a task for the desk in athenahealth, once: the marker is searched for first."""
    ehr, body = call.ehr(effect.practice), effect.body
    if in_the_chart(effect, ehr):
        return Completed("The task is there already.")
    ehr.create_patient_case(
        body["patient"],
        body["department"],
        body["provider"],
        "Contact data missing for a reminder",
        f"{body['text']} ({body['marker']})",
    )
    return Completed("Task opened in athenahealth.")


def in_the_chart(effect: Effect, ehr: EhrGateway) -> int:
    """How often the note or the task of an effect stands in the chart, by its marker."""
    body = effect.body
    if EffectKind(effect.kind) is EffectKind.SCHEDULE_NOTE:
        return ehr.count_schedule_notes(body["appointment"], body["marker"])
    return ehr.count_patient_cases(body["patient"], body["department"], body["marker"])
