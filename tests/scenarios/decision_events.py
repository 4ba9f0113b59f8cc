"""What happens in a row of the decision table: at the vendors, and in the practice's console."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, InstructionKind
from campaigns.domain.visit_status import ASKED_AGAIN_AFTER
from campaigns.execution import execute
from campaigns.look_queue import schedule_look
from campaigns.mapping.rule_changes import change_rules
from campaigns.mapping.rules import create_rule, switch_off_rule
from campaigns.models import Appointment, CampaignRule, Effect, Practice
from campaigns.practices import settings
from integrations.connections import registry
from integrations.models import Connection
from tests.scenarios.clinic import PRACTICE
from tests.scenarios.decision_descriptions import Do
from tests.scenarios.decision_stage import CMP, Stage


def another_visit_enrolled(stage: Stage) -> None:
    """Enrolled, and last read before the row's visit was there."""
    other = stage.book(starts_at=stage.start + timedelta(days=2))
    stage.clinic.poll()
    stage.clinic.run(other)


def two_records(stage: Stage) -> None:
    """Both with athenahealth's number, made there by hand."""
    for _ in range(2):
        body = {"external_id": f"athena:{PRACTICE}:{stage.patient}", "first_name": "N"}
        stage.clinic.control("relatient/patients", body)


def enrolled(stage: Stage) -> None:
    """Everything is done; on the day of a video visit all but asking for its link."""
    link = {EffectKind.READ_APPOINTMENT} if "today" in stage.words else set()
    stage.clinic.run(stage.visit, kinds=set(EffectKind) - link)


def enrolling(stage: Stage) -> None:
    """A process has taken the enrollment in hand and says no more."""
    stage.clinic.look(stage.visit)
    effect = Effect.objects.get(kind=EffectKind.ENROLL)
    with acting_as(process="test"):
        assert execute.claim(effect.pk) is not None
    stage.under_way = True


def enroll_refused(stage: Stage) -> None:
    stage.clinic.refuse("POST", "/relatient/v1/enrollments$", 422, "validation_failed")
    stage.clinic.run(stage.visit)


def ended_elsewhere(stage: Stage) -> None:
    """Ended by hand at Relatient, which tells nobody; found out by the nightly comparison."""
    enrolled(stage)
    stage.clinic.control(f"relatient/enrollments/{stage.enrollment()}/end")
    stage.clinic.compare()
    stage.clinic.run(stage.visit, kinds=[EffectKind.READ_ENROLLMENT])


def replacing_an_enrolled_row(stage: Stage) -> None:
    """The visit was rescheduled: its old row is enrolled still, and nobody has looked."""
    enrolled(stage)
    stage.before = stage.visit
    later = (stage.start + timedelta(days=1)).isoformat()
    stage.visit = stage.happens("reschedule", starts_at=later)["newappointmentid"]
    stage.hear()
    stage.under_way = True


def replacing_an_ended_row(stage: Stage) -> None:
    replacing_an_enrolled_row(stage)
    stage.clinic.run(stage.before)


def starts_in(**much: float) -> Do:
    def change(stage: Stage) -> None:
        stage.change(starts_at=(database_now() + timedelta(**much)).isoformat())

    return change


def moved(stage: Stage) -> None:
    stage.change(starts_at=(stage.start + timedelta(days=1)).isoformat())


def row_unreadable(stage: Stage) -> None:
    """The row of the booked visit comes back as an open slot without a patient."""
    stage.change(appointmentstatus="o", patientid=None)


def row_unreadable_twice(stage: Stage) -> None:
    row_unreadable(stage)
    stage.settle(EffectKind.READ_APPOINTMENT)


def not_found(stage: Stage) -> None:
    """The visit is gone, and a read that somebody asked for finds that out."""
    stage.clinic.take_away(stage.visit)
    _read_again(stage)


def _read_again(stage: Stage) -> None:
    row = stage.clinic.row(stage.visit)
    Appointment.objects.filter(pk=row.pk).update(reread_wanted=True)
    schedule_look(row, database_now())
    stage.settle(EffectKind.READ_APPOINTMENT)


def not_found_a_while_ago(stage: Stage) -> None:
    not_found(stage)
    row = stage.clinic.row(stage.visit)
    Appointment.objects.filter(pk=row.pk).update(not_found_at=database_now() - ASKED_AGAIN_AFTER)
    schedule_look(row, database_now())


def not_found_twice(stage: Stage) -> None:
    not_found_a_while_ago(stage)
    stage.settle(EffectKind.READ_APPOINTMENT)


def completed(stage: Stage) -> None:
    stage.clinic.control(f"relatient/enrollments/{stage.enrollment()}/complete")
    stage.settle()


def lineage_end_refused(stage: Stage) -> None:
    stage.clinic.refuse("POST", "/relatient/v1/enrollments/.*/cancel$", 422, "validation_failed")
    stage.clinic.run(stage.before)
    stage.under_way = False


def cancelled(stage: Stage) -> None:
    if "cancelled-by-answer" not in stage.words:
        stage.happens("cancel")


def rescheduled(stage: Stage) -> None:
    stage.happens("reschedule", starts_at=(stage.start + timedelta(days=1)).isoformat())


def cancelled_by_answer(stage: Stage) -> None:
    """The answer stands in the chart, the reminders are ended, the slot is not offered yet."""
    stage.clinic.run(stage.visit)
    stage.answer("cancelled")
    stage.settle(EffectKind.CANCEL_APPOINTMENT, EffectKind.CANCEL_ENROLLMENT)


def mapping_changed(*lines: Any, hold_share: float = 1) -> Do:
    """Clinical ops put these rules in the place of all others, as one change."""

    def change(stage: Stage) -> None:
        practice = stage.clinic.practice
        Practice.objects.filter(pk=practice.pk).update(hold_share=hold_share)

        def write() -> None:
            for rule in CampaignRule.objects.filter(practice=practice, active=True):
                switch_off_rule(rule)
            for line in lines:
                create_rule(stage.rule(line))

        with acting_as(process="test"):
            change_rules(practice, write, include_messaged=stage.all_move)

    return change


def held(*lines: Any) -> Do:
    """The same, where the change moves somebody else's visit too: a second person has to agree."""
    change = mapping_changed(*lines, hold_share=0)

    def wait(stage: Stage) -> None:
        stage.somebody_else_enrolled()
        change(stage)

    return wait


def written_to(stage: Stage) -> None:
    """Relatient says that a message arrived."""
    stage.clinic.control("relatient/message_delivered", {"enrollment_id": stage.enrollment()})
    stage.hear()


def events_lost(stage: Stage) -> None:
    """Relatient dropped events before they were read: who knows what they said."""
    stage.clinic.control("relatient/message_delivered", {"enrollment_id": stage.enrollment()})
    stage.clinic.control("relatient/events/expire")


def second_enrollment(stage: Stage) -> None:
    """Somebody enrolled the visit once more at Relatient; the nightly comparison finds it."""
    stage.enroll_by_hand_at_relatient()
    stage.clinic.compare()


def link(stage: Stage) -> None:
    stage.settle(EffectKind.READ_APPOINTMENT)


def no_link(stage: Stage) -> None:
    stage.clinic.control("settings", {"telehealth_room": False})
    stage.settle(EffectKind.READ_APPOINTMENT)


def no_link_an_hour_ago(stage: Stage) -> None:
    no_link(stage)
    before = database_now() - timedelta(hours=1, minutes=1)
    Appointment.objects.filter(external_id=stage.visit).update(join_read_at=before)


def configured(pair: str) -> Do:
    """An admin changes a setting of the practice: KEY=VALUE."""

    def change(stage: Stage) -> None:
        practice = stage.clinic.practice
        with acting_as(process="test"):
            settings.change(practice, settings.read(practice, [pair]))

    return change


def campaign_off(stage: Stage) -> None:
    """Switched off at Relatient, and the library has been read since."""
    with stage.clinic.simulator.simulation.lock:
        stage.clinic.simulator.simulation.relatient.store.campaigns[CMP]["active"] = False
    stage.clinic.read_library()


def relatient_paused(stage: Stage) -> None:
    with acting_as(process="test"):
        registry.pause(Connection.objects.get(vendor="relatient"), reason="test")


def sibling_enrolled(stage: Stage) -> None:
    _enrolled_beside(stage)


def _enrolled_beside(stage: Stage) -> str:
    """Another visit at the same minute, enrolled; its news is a look at the row's visit, too."""
    other = stage.book()
    stage.hear()
    stage.clinic.look(stage.visit)
    stage.clinic.run(other)
    return other


def other_cancelled_by_answer(stage: Stage) -> None:
    """The patient answers the reminder of the other visit, and Kept cancels it in the chart."""
    other = _enrolled_beside(stage)
    stage.clinic.answer(other, "cancelled", starts_at=stage.start.isoformat())
    stage.hear()
    stage.clinic.run(other)
    assert stage.clinic.chart(other)["appointmentstatus"] == "x"


def patient_changed(**fields: Any) -> Do:
    def change(stage: Stage) -> None:
        stage.clinic.control(f"athena/patients/{stage.patient}", fields)

    return change


def visit_changed(**fields: Any) -> Do:
    return lambda stage: stage.change(**fields)


def at_the_desk(event: str) -> Do:
    def change(stage: Stage) -> None:
        stage.happens(event)

    return change


def told_by_staff(kind: InstructionKind, campaign: str = "") -> Do:
    return lambda stage: stage.instruct(kind, campaign)


def missed(days_before: int) -> Do:
    """Missed a visit in the morning, so many days before this one."""

    def change(stage: Stage) -> None:
        when = stage.start - timedelta(days=days_before, hours=3)
        other = stage.book(starts_at=when)
        stage.clinic.control(f"athena/appointments/{other}/noshow")

    return change


def stop(channel: str) -> Do:
    def change(stage: Stage) -> None:
        stage.clinic.consent(stage.patient, channel, "opted_out")

    return change


def says(kind: str, **words: str) -> Do:
    """Only who was enrolled can answer; of a visit that is closed the reminders have ended."""

    def change(stage: Stage) -> None:
        gone = any(word.startswith("not-found") for word in stage.words)
        if not gone and stage.clinic.chart(stage.visit)["appointmentstatus"] != "f":
            stage.settle()
        stage.answer(kind, **words)

    return change


def updated(stage: Stage) -> None:
    stage.settle(EffectKind.UPDATE_ENROLLMENT)


def told(stage: Stage) -> None:
    stage.settle(EffectKind.UPDATE_ENROLLMENT, EffectKind.RESEND)
