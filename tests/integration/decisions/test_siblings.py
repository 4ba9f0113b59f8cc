"""The patient's other visits at the same start, as a decision sees them."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.decisions.snapshot import build
from campaigns.domain.values import AppointmentStatus, ReplyKind
from campaigns.models import Appointment
from tests.factories import AppointmentFactory, ResponseFactory


def test_they_are_read_at_once_however_many_there_are(db: None) -> None:
    visit = AppointmentFactory()
    counted = []
    for more in (1, 6):
        AppointmentFactory.create_batch(
            more, practice=visit.practice, patient=visit.patient, starts_at=visit.starts_at
        )
        # As a look loads it: the practice remembers nothing of the time before.
        read = Appointment.objects.select_related("practice", "patient").get(pk=visit.pk)
        with CaptureQueriesContext(connection) as asked:
            found = build(read, {read.pk}).siblings
        counted.append((len(found), len(asked)))
    (one, few), (seven, many) = counted
    assert (one, seven) == (1, 7)
    assert few == many


def test_a_cancelled_one_is_among_them_where_the_patient_asked_for_it(db: None) -> None:
    visit = AppointmentFactory()
    like = {"practice": visit.practice, "patient": visit.patient, "starts_at": visit.starts_at}
    by_answer, by_desk, _ = AppointmentFactory.create_batch(
        3, status=AppointmentStatus.CANCELLED, **like
    )
    for row, channel in ((by_answer, "sms"), (by_desk, "")):
        ResponseFactory(appointment=row, kind=ReplyKind.CANCELLED, channel=channel)
    [found] = build(visit, {visit.pk}).siblings
    assert found.appointment_id == by_answer.pk and found.cancelled_by_patient
