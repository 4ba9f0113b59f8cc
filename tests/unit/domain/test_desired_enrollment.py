"""The enrollment as it should be, and why there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.coverage import Code
from campaigns.domain.decision import Plan
from campaigns.domain.desired_enrollment import plan
from campaigns.domain.snapshot import Contact, Provider, Snapshot
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EffectKind,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    Risk,
)
from tests.unit.domain.snapshots import (
    CMP,
    CMP_ES,
    CMP_HIGH,
    CMP_OFFICE,
    CMP_SMS,
    CMP_VIDEO,
    LIBRARY,
    NOW,
    START,
    TEENAGER,
    a_child,
    a_consent,
    a_patient,
    a_rule,
    a_sibling,
    a_snapshot,
    an_appointment,
    an_enrollment,
    an_instruction,
    settings,
)

SOON = NOW + timedelta(hours=1)
MISSED = (date(2026, 2, 1),)
TWO = (Provider("71", "Dr. Okafor"), Provider("72", "Dr. Lindqvist"))


def planned(**facts: Any) -> Plan:
    return plan(a_snapshot(**facts), NOW)


def saw(found: Plan, filter_: str) -> str:
    return next(f"{f.input} -> {f.result}" for f in found.findings if f.step == filter_)


def test_a_covered_visit_gets_the_rules_campaign() -> None:
    found = planned()
    assert (found.code, found.campaign) == (None, CMP)
    assert found.reminder is not None
    assert found.reminder["visit"]["starts_at"] == "2026-03-09T18:00:00Z"
    assert found.reminder["channels"] == ["sms", "email", "voice"]
    assert found.reminder["lead_channel"] == "sms"


def test_what_is_not_read_yet_is_read_first() -> None:
    found = planned(patient=a_patient(read_at=None))
    assert found.code is Code.AWAITING_PATIENT
    assert found.keep
    assert [read.kind for read in found.reads] == [EffectKind.READ_PATIENT]


@pytest.mark.parametrize(("hours", "read"), [(0, False), (24, False), (25, True)])
def test_the_history_is_read_once_a_day_before_a_first_enrollment(hours: int, read: bool) -> None:
    found = planned(patient=a_patient(history_read_at=NOW - timedelta(hours=hours)))
    assert (found.code is Code.AWAITING_HISTORY) is read


def test_the_history_reaches_back_past_the_window() -> None:
    found = planned(patient=a_patient(history_read_at=None))
    assert found.reads[0].body == {"patient": "55", "first": "2025-09-02", "last": "2026-03-02"}


def test_an_enrolled_visit_does_not_wait_for_history_again() -> None:
    patient = a_patient(history_read_at=NOW - timedelta(days=9))
    snapshot = a_snapshot(enrollments=(an_enrollment(a_snapshot()),), patient=patient)
    assert plan(snapshot, NOW).code is None


SCHEDULED_WITHOUT: list[tuple[Code, dict[str, Any]]] = [
    (Code.PATIENT_INACTIVE, {"patient": a_patient(active=False)}),
    (
        Code.SECONDARY_RESOURCE,
        {"appointment": an_appointment(secondary=True), "siblings": (a_sibling(),)},
    ),
    (Code.TOO_LATE, {"appointment": an_appointment(starts_at=SOON)}),
    (Code.TYPE_EXCLUDED, {"rules": (a_rule(""),)}),
    (Code.NO_RULE, {"rules": ()}),
    (Code.STOPPED_BY_STAFF, {"instruction": an_instruction(InstructionKind.STOPPED)}),
    (Code.STOPPED_BY_STAFF, {"instruction": an_instruction(InstructionKind.PAUSED)}),
    (Code.NO_PROVIDER, {"appointment": an_appointment(providers=())}),
    (Code.TIME_ZONE_UNKNOWN, {"appointment": an_appointment(starts_at=None, time_zone="")}),
    (Code.GUARDIAN_CONTACT_MISSING, {"patient": a_child(guarantor=Contact())}),
    (Code.NO_CONTACT_CHANNEL, {"patient": a_patient(mobile_phone="", email="")}),
    (Code.OPTED_OUT, {"patient": a_patient(consent_to_text=None, do_not_call=True, email="")}),
    (Code.CAMPAIGN_INACTIVE, {"campaigns": {CMP: replace(LIBRARY[CMP], active=False)}}),
    (Code.CAMPAIGN_INACTIVE, {"campaigns": {}}),
]


@pytest.mark.parametrize(("code", "facts"), SCHEDULED_WITHOUT)
def test_each_reason_alone(code: Code, facts: dict[str, Any]) -> None:
    found = planned(**facts)
    assert found.code is code
    assert found.reminder is None


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        (Code.PATIENT_INACTIVE, {"patient": a_patient(active=False, mobile_phone="", email="")}),
        (Code.TOO_LATE, {"appointment": an_appointment(starts_at=SOON, providers=()), "rules": ()}),
        (
            Code.TYPE_EXCLUDED,
            {"rules": (a_rule(""),), "patient": a_patient(email="", mobile_phone="")},
        ),
        (
            Code.NO_RULE,
            {"rules": (), "instruction": an_instruction(InstructionKind.STOPPED)},
        ),
        (
            Code.STOPPED_BY_STAFF,
            {
                "instruction": an_instruction(InstructionKind.STOPPED),
                "appointment": an_appointment(providers=()),
            },
        ),
        (
            Code.NO_PROVIDER,
            {"appointment": an_appointment(starts_at=None, time_zone="", providers=())},
        ),
    ],
)
def test_of_several_reasons_the_first_is_shown(code: Code, facts: dict[str, Any]) -> None:
    assert planned(**facts).code is code


@pytest.mark.parametrize(("minutes", "late"), [(121, False), (120, True), (119, True)])
def test_too_late_is_within_the_setting(minutes: int, late: bool) -> None:
    found = planned(appointment=an_appointment(starts_at=NOW + timedelta(minutes=minutes)))
    assert (found.code is Code.TOO_LATE) is late


def late_with(status: EnrollmentStatus, campaign: str = CMP, **facts: Any) -> Snapshot:
    snapshot = a_snapshot(**{"appointment": an_appointment(starts_at=SOON), **facts})
    enrollment = an_enrollment(a_snapshot(), status, campaign=campaign)
    return replace(snapshot, enrollments=(enrollment,))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (EnrollmentStatus.ACTIVE, None),
        (EnrollmentStatus.ENROLLING, None),
        (EnrollmentStatus.COMPLETED, None),
        # Queued but never sent is no enrollment yet.
        (EnrollmentStatus.WANTED, Code.TOO_LATE),
        (EnrollmentStatus.CANCELLED, Code.TOO_LATE),
        (EnrollmentStatus.FAILED, Code.TOO_LATE),
    ],
)
def test_too_late_prevents_only_a_first_enrollment(
    status: EnrollmentStatus, code: Code | None
) -> None:
    assert plan(late_with(status), NOW).code is code


def test_near_the_start_an_enrollment_keeps_its_campaign() -> None:
    found = plan(late_with(EnrollmentStatus.ACTIVE, CMP_HIGH), NOW)
    assert found.campaign == CMP_HIGH
    assert found.reminder is not None


def test_but_not_one_that_speaks_of_another_place() -> None:
    video = an_appointment(starts_at=SOON, modality=Modality.TELEHEALTH)
    snapshot = late_with(EnrollmentStatus.ACTIVE, CMP_OFFICE, appointment=video)
    assert plan(snapshot, NOW).campaign == CMP


def test_a_secondary_row_whose_primary_is_not_enrolled_is_like_any_other() -> None:
    for sibling in (a_sibling(enrolled=False), a_sibling(starts_at=START + timedelta(hours=1))):
        found = planned(appointment=an_appointment(secondary=True), siblings=(sibling,))
        assert found.code is None


def test_an_enrollment_by_hand_replaces_the_rules() -> None:
    by_hand = an_instruction(InstructionKind.ENROLLED, CMP_HIGH)
    for facts in ({"rules": ()}, {"rules": (a_rule(""),)}, {}):
        assert planned(instruction=by_hand, **facts).campaign == CMP_HIGH
    assert planned(instruction=by_hand, appointment=an_appointment(starts_at=SOON)).code is None


def test_an_opt_out_beats_an_enrollment_by_hand() -> None:
    patient = a_patient(email="", consents=tuple(a_consent(channel) for channel in Channel))
    by_hand = an_instruction(InstructionKind.ENROLLED, CMP_HIGH)
    assert planned(instruction=by_hand, patient=patient).code is Code.OPTED_OUT


GENERAL = settings(several_providers="general", general_campaign=CMP_HIGH)


def test_of_several_providers_the_first_is_named() -> None:
    found = planned(appointment=an_appointment(providers=TWO))
    assert found.reminder is not None
    assert found.reminder["visit"]["provider"] == "71"


def test_several_providers_may_get_the_general_campaign() -> None:
    several = an_appointment(providers=TWO)
    assert planned(appointment=several, settings=GENERAL).campaign == CMP_HIGH
    assert planned(settings=GENERAL).campaign == CMP
    by_hand = an_instruction(InstructionKind.ENROLLED, CMP_SMS)
    assert planned(appointment=several, settings=GENERAL, instruction=by_hand).campaign == CMP_SMS


def test_without_a_provider_the_general_one_stands_in() -> None:
    general = settings(general_provider="79", general_campaign=CMP_HIGH)
    found = planned(
        appointment=an_appointment(providers=()),
        settings=general,
        provider_names={"79": "The practice"},
    )
    assert found.campaign == CMP_HIGH
    assert found.reminder is not None
    assert found.reminder["visit"]["provider_name"] == "The practice"


HIGH_RULES = (a_rule(CMP, risk="standard"), a_rule(CMP_HIGH, id=2, risk="enhanced"))


def test_a_no_show_routes_to_the_campaign_with_a_call() -> None:
    assert planned(rules=HIGH_RULES, patient=a_patient(no_shows=MISSED)).campaign == CMP_HIGH


def test_without_a_rule_for_it_the_hole_is_said() -> None:
    found = planned(rules=HIGH_RULES[:1], patient=a_patient(no_shows=MISSED))
    assert found.campaign == CMP
    assert "no rule is for enhanced risk" in saw(found, "rule")


@pytest.mark.parametrize(
    ("confirmation", "campaign"),
    [
        (Confirmation.NONE, CMP_HIGH),
        (Confirmation.CONTACTED, CMP_HIGH),
        (Confirmation.CONFIRMED, CMP),
        (Confirmation.CONFIRMED_BY_OPERATOR, CMP),
    ],
)
def test_a_new_no_show_re_routes_only_what_is_not_confirmed(
    confirmation: Confirmation, campaign: str
) -> None:
    before = a_snapshot(rules=HIGH_RULES)
    snapshot = a_snapshot(
        rules=HIGH_RULES,
        appointment=an_appointment(confirmation=confirmation),
        patient=a_patient(no_shows=MISSED),
        enrollments=(an_enrollment(before),),
    )
    assert plan(snapshot, NOW).campaign == campaign


def test_a_confirmed_visit_that_was_never_enrolled_is_routed_by_risk() -> None:
    confirmed = an_appointment(confirmation=Confirmation.CONFIRMED)
    found = planned(rules=HIGH_RULES, appointment=confirmed, patient=a_patient(no_shows=MISSED))
    assert found.campaign == CMP_HIGH


def test_a_language_fallback_is_said() -> None:
    found = planned(rules=(a_rule(language="en"),), patient=a_patient(language_code="spa"))
    assert "in the practice's language" in saw(found, "rule")
    spanish = (a_rule(language="en"), a_rule(CMP_ES, id=2, language="es"))
    assert planned(rules=spanish, patient=a_patient(language_code="spa")).campaign == CMP_ES


def test_the_route_is_kept_for_the_ledger() -> None:
    video = an_appointment(modality=Modality.TELEHEALTH)
    route = planned(appointment=video, rules=(a_rule(CMP_VIDEO),)).route
    assert route is not None
    assert (route.modality, route.risk, route.language) == (
        Modality.TELEHEALTH,
        Risk.STANDARD,
        "en",
    )


def test_usable_channels_that_the_campaign_lacks_are_no_channel_and_no_task() -> None:
    found = planned(rules=(a_rule(CMP_SMS),), patient=a_patient(mobile_phone=""))
    assert found.code is Code.NO_CONTACT_CHANNEL
    assert not found.desk_task


@pytest.mark.parametrize(
    "patient", [a_patient(mobile_phone="", email=""), a_child(guarantor=Contact())]
)
def test_contact_data_that_is_missing_is_asked_for(patient: Any) -> None:
    assert planned(patient=patient).desk_task
    # But only where the visit would otherwise be reminded of.
    assert not planned(patient=patient, rules=()).desk_task


SWITCHBOARD = "617-226-7110 x204"


@pytest.mark.parametrize(
    "patient",
    [
        a_patient(mobile_phone="", email="", work_phone=SWITCHBOARD),
        a_patient(mobile_phone="", email="jane@example..org", home_phone="6172267110,204"),
        a_patient(mobile_phone="", email="none@none.com"),
        a_patient(mobile_phone="do not text 617-227-1234", email="no-email@gmail.com"),
        a_child(guarantor=Contact(name="Ida", mobile_phone=SWITCHBOARD, email="na@na.com")),
    ],
)
def test_what_reaches_nobody_is_not_on_file_even_where_landlines_are_called(
    patient: Any,
) -> None:
    found = planned(patient=patient, settings=settings(landline_calls_ok=True))
    assert found.code in (Code.NO_CONTACT_CHANNEL, Code.GUARDIAN_CONTACT_MISSING)
    assert found.desk_task


def test_a_minors_own_contacts_are_left_out_of_the_record() -> None:
    body = planned(patient=a_child()).patient
    assert body is not None
    assert (body["email"], body["mobile_phone"], body["home_phone"]) == (None, None, None)


def test_a_confidential_visit_of_an_adolescent_without_contacts_reaches_nobody() -> None:
    teenager = a_child(date_of_birth=TEENAGER, mobile_phone="", email="")
    found = planned(appointment=an_appointment(confidential=True), patient=teenager)
    assert found.code is Code.NO_CONTACT_CHANNEL


def test_findings_hold_no_contact_data() -> None:
    for patient in (a_patient(), a_child()):
        text = str(planned(patient=patient).findings)
        assert "617" not in text
        assert "Quimby" not in text
        assert "@" not in text


@pytest.mark.parametrize("status", [s for s in AppointmentStatus if s != "scheduled"])
def test_a_closed_visit_asks_for_nothing(status: AppointmentStatus) -> None:
    found = planned(appointment=an_appointment(status=status), patient=a_patient(read_at=None))
    assert found.reads == ()
    assert found.reminder is None


@pytest.mark.parametrize(
    ("born", "kind"), [(date(2008, 3, 11), "guardian"), (date(2008, 3, 10), "patient")]
)
@pytest.mark.parametrize(
    ("local", "zone", "practice"),
    [
        # Late in Phoenix it is the next day already where the practice is.
        (datetime(2026, 3, 10, 22, 30), "America/Phoenix", "America/New_York"),
        # And early in New York still the day before.
        (datetime(2026, 3, 10, 0, 30), "America/New_York", "Pacific/Honolulu"),
    ],
)
def test_of_age_is_who_is_so_on_the_day_that_the_chart_prints(
    born: date, kind: str, local: datetime, zone: str, practice: str
) -> None:
    visit = an_appointment(starts_at=local.replace(tzinfo=ZoneInfo(zone)), time_zone=zone)
    child = a_child(date_of_birth=born)
    found = planned(appointment=visit, patient=child, settings=settings(time_zone=practice))
    assert found.reminder is not None
    assert found.reminder["recipient"]["kind"] == kind
