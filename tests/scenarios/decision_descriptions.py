"""What athenahealth and the practice hold before anybody looks: words of the decision table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.models import Department
from tests.scenarios.decision_stage import (
    CMP_ES,
    CMP_HIGH,
    CMP_OFFICE,
    CMP_SMS,
    CMP_VIDEO,
    VIDEO_VISIT,
    Stage,
    a_rule,
    later_today,
)

Do = Callable[[Stage], None]


def patient(**fields: Any) -> Do:
    return lambda stage: stage.patient_fields.update(fields)


def visit(**fields: Any) -> Do:
    return lambda stage: stage.visit_fields.update(fields)


def kind_of_visit(**fields: Any) -> Do:
    return lambda stage: stage.type_fields.update(fields)


def setting(**fields: Any) -> Do:
    return lambda stage: stage.settings.update(fields)


def aged(years: int) -> Do:
    return lambda stage: stage.dob(years)


def mapped(*lines: Any) -> Do:
    return lambda stage: setattr(stage, "rules", list(lines))


def known_up_to(steps: int) -> Do:
    return lambda stage: setattr(stage, "first_steps", steps)


def in_a_department_without_a_zone(stage: Stage) -> None:
    """A department whose row told no zone when the reference data was read."""
    stage.visit_fields["departmentid"] = "150"
    Department.objects.filter(external_id="150").update(time_zone="")


def gone_without_zone(stage: Stage) -> None:
    in_a_department_without_a_zone(stage)
    stage.start -= timedelta(days=9)


def today(stage: Stage) -> None:
    stage.start, stage.visit_fields["departmentid"] = later_today()


DESCRIBE: dict[str, Do] = {
    "child": aged(8),
    "teenager": aged(15),
    "adult-by-then": aged(18),
    "child-in-any-reading": patient(dob=f"{datetime.now(UTC).year - 8}-03-04"),
    "child-or-adult": patient(dob="03/04/17"),
    "died-unreadably": patient(deceaseddate="last spring"),
    "guarantor": patient(
        guarantorfirstname="Ida",
        guarantorlastname="Exemplar",
        guarantorrelationshiptopatient="18",
        guarantorphone="6172275678",
    ),
    "guarantor-is-self": patient(guarantorrelationshiptopatient="1", guarantorphone="6172267002"),
    "parent": patient(
        contactname="Una Exemplar", contactrelationship="PARENT", contactmobilephone="6172275678"
    ),
    "neighbour": patient(
        contactname="Bob Sample", contactrelationship="OTHER", contactmobilephone="6172275678"
    ),
    "confidential": kind_of_visit(confidential=True),
    "no-mobile": patient(mobilephone=None, hasmobile=False),
    "no-email": patient(email=None),
    "landline": patient(homephone="6172275678"),
    "landlines-called": setting(landline_calls_ok=True),
    "no-text-consent": patient(consenttotext=False),
    "do-not-call": patient(donotcall=True),
    "spanish": patient(language6392code="spa"),
    "french": patient(language6392code="fre"),
    "video": visit(appointmenttypeid=VIDEO_VISIT),
    "secondary": visit(
        chargeentrynotrequired=True, chargeentrynotrequiredreason="MULTIRESOURCE", providerid="90"
    ),
    "no-zone": in_a_department_without_a_zone,
    "no-provider": visit(providerid=None),
    "general-provider": setting(general_provider="72"),
    "ask-first": kind_of_visit(on_cancel="ask"),
    "no-waitlist": setting(waitlist_phone=""),
    "type-excluded": mapped(a_rule(None)),
    "office-campaign": mapped(a_rule(CMP_OFFICE)),
    "video-campaign": mapped(a_rule(CMP_VIDEO)),
    "sms-campaign": mapped(a_rule(CMP_SMS)),
    "english-rule": mapped(a_rule(language="en")),
    "spanish-rule": mapped(a_rule(language="es")),
    "only-standard-rule": mapped(a_rule(risk="standard")),
    "two-rules": mapped(a_rule(risk="standard"), a_rule(CMP_HIGH, risk="enhanced")),
    "two-languages": mapped(a_rule(language="en"), a_rule(CMP_ES, language="es")),
    "today": today,
    "day-gone-without-zone": gone_without_zone,
    # A reason of the practice's own that leaves the slot closed: ENTERED IN ERROR.
    "slots-not-freed": setting(cancel_reason_id="45"),
    # Ticked beside the change of the rules that a later word makes.
    "all-move": lambda stage: setattr(stage, "all_move", True),
    "patient-unread": known_up_to(0),
    "history-unread": known_up_to(1),
    "unknown-at-relatient": known_up_to(2),
}
