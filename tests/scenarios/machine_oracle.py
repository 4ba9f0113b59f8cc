"""What each visit should have at Relatient, worked out anew from the vendors' books.

Written from the architecture's tables, in plain Python, without any of the product's code: where
the two disagree, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

ZONES = {
    "1": "America/New_York",
    "21": "America/Chicago",
    "62": "America/Phoenix",
    "150": "America/Chicago",
}
NO_SHOW = "43"
VIDEO = "91"
# Numbers of everybody's own, as the simulator and machine_choices.py give them.
TEXTABLE = ("617226", "617253")
LANGUAGES = {"eng": "en", "spa": "es"}
CONFIRMED = {"2", "41"}


@dataclass
class Rule:
    """One line of the mapping, as the test last made it."""

    type_id: str
    modality: str
    risk: str
    language: str
    campaign: str | None
    active: bool = True


@dataclass
class Mapping:
    """The rules in force, and what is left of others.

    `kept` are mappings under which a patient may have been written to, and that staff have not
    told to give way; `before` is the one that a change which waits for approval would replace.
    """

    rules: list[Rule]
    kept: list[list[Rule]] = field(default_factory=list)
    before: list[Rule] | None = None


@dataclass(frozen=True)
class Wanted:
    """What should be active: any of these campaigns (the channels by campaign); or nothing, why.

    `optional` when it may as well be nothing.
    """

    why_not: str = ""
    campaigns: dict[str, set[str]] = field(default_factory=dict)
    unsure: bool = False
    optional: bool = False


def start_of(row: Row) -> datetime:
    """The instant at which a row of the chart starts."""
    month, day, year = map(int, row["date"].split("/"))
    hour, minute = map(int, row["starttime"].split(":"))
    zone = ZoneInfo(ZONES[row["departmentid"]])
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def roots(state: Row) -> dict[str, str]:
    """The last appointment of each one's chain of reschedules."""
    following = {
        row["appointmentid"]: row.get("rescheduledappointmentid")
        for row in state["athena"]["appointments"]
    }
    root = {}
    for name in following:
        last = name
        while following.get(last):
            last = following[last]
        root[name] = last
    return root


def wanted(state: Row, mapping: Mapping, instructed: Row | None, row: Row, now: datetime) -> Wanted:
    """Judge one row of the chart; `instructed` is the staff instruction in force."""
    patient = next(p for p in state["athena"]["patients"] if p["patientid"] == row["patientid"])
    start = start_of(row)
    if row["appointmentstatus"] != "f":
        return Wanted("not scheduled")
    if start <= now:
        return Wanted("over")
    if patient["status"] != "active":
        return Wanted("inactive patient")
    if instructed is not None and instructed["kind"] != "enrolled":
        return Wanted("stopped by staff")
    usable = usable_channels(state, patient, start)
    if not usable:
        return Wanted("nobody can be reached")
    if start - now < timedelta(hours=2):
        return Wanted("too late to begin", unsure=True)
    return _campaigns(state, mapping, instructed, row, patient, usable)


def _campaigns(
    state: Row, mapping: Mapping, instructed: Row | None, row: Row, patient: Row, usable: set[str]
) -> Wanted:
    library = {c["id"]: c for c in CAMPAIGNS}
    if instructed is not None:
        return _served(library, usable, {instructed["campaign"]})
    chosen = _by_rules(state, mapping.rules, row, patient, library)
    if mapping.before is not None:
        former = _by_rules(state, mapping.before, row, patient, library)
        if former != chosen:
            return Wanted("a change waits for approval", unsure=True)
    served = _served(library, usable, chosen)
    if not written_to(state, row):
        return served
    known: set[str | None] = set()
    for rules in mapping.kept:
        known |= _by_rules(state, rules, row, patient, library)
    kept = _served(library, usable, known).campaigns
    optional = not served.campaigns
    return replace(served, campaigns={**kept, **served.campaigns}, optional=optional)


def written_to(state: Row, row: Row) -> bool:
    """Whether Relatient has told of a message or an answer, or the chart says confirmed."""
    visit = f":{row['appointmentid']}"
    mine = {
        e["id"]
        for e in state["relatient"]["enrollments"]
        if e["appointment"]["external_id"].endswith(visit)
    }
    told = any(e.get("enrollment_id") in mine for e in state["relatient"]["events"])
    return told or str(row.get("appointmentconfirmationid")) in CONFIRMED


def _served(library: Row, usable: set[str], chosen: set[str | None]) -> Wanted:
    good = {c: usable & set(library[c]["channels"]) for c in chosen if c and library[c]["active"]}
    good = {campaign: channels for campaign, channels in good.items() if channels}
    if not good:
        return Wanted("no campaign for it")
    return Wanted(campaigns=good, unsure=len(good) < len(chosen))


def _by_rules(
    state: Row, rules: list[Rule], row: Row, patient: Row, library: Row
) -> set[str | None]:
    """The winner's campaign; a confirmed visit may keep the one for standard risk."""
    language = LANGUAGES.get(patient.get("language6392code", ""), "en")
    modality = "telehealth" if row["appointmenttypeid"] == VIDEO else "in_person"
    risks = ["enhanced"] if _missed_lately(state, row) else ["standard"]
    if str(row.get("appointmentconfirmationid")) in CONFIRMED:
        risks.append("standard")
    return {_winner(rules, library, row["appointmenttypeid"], modality, r, language) for r in risks}


def _missed_lately(state: Row, row: Row) -> bool:
    visit = _day(row)
    missed = [
        _day(other)
        for other in state["athena"]["appointments"]
        if other.get("patientid") == row["patientid"] and other.get("cancelreasonid") == NO_SHOW
    ]
    return any(visit - timedelta(days=180) <= day < visit for day in missed)


def _day(row: Row) -> date:
    """The date that the chart prints: the department's."""
    return start_of(row).astimezone(ZoneInfo(ZONES[row["departmentid"]])).date()


def _winner(
    rules: list[Rule], library: Row, type_id: str, modality: str, risk: str, language: str
) -> str | None:
    def fits(rule: Rule) -> bool:
        speaks = library[rule.campaign]["modality"] if rule.campaign else "any"
        return (
            rule.active
            and rule.type_id in (type_id, "*")
            and (
                rule.modality == modality
                or (rule.modality == "any" and speaks in ("any", modality))
            )
            and rule.risk in (risk, "any", "standard")
            and rule.language in (language, "any", "en")
        )

    def rank(rule: Rule) -> tuple[bool, ...]:
        return (
            rule.language not in (language, "any"),
            rule.type_id == "*",
            rule.modality == "any",
            rule.risk == "standard" and risk == "enhanced",
            rule.risk == "any",
            rule.language != language,
        )

    matching = sorted(filter(fits, rules), key=rank)
    return matching[0].campaign if matching else None


def usable_channels(state: Row, patient: Row, start: datetime) -> set[str]:
    """By the table of channels: the flags are the patient's, the addresses the recipient's."""
    mobile, email = reached_at(patient, start)
    refused = {
        "sms": patient.get("consenttotext") is not True,
        "voice": patient.get("consenttocall") is False or patient.get("donotcall") is True,
        "email": False,
    }
    preference = {"sms": "sms", "email": "email", "voice": "phone"}
    has = {"sms": bool(mobile), "voice": bool(mobile), "email": bool(email)}
    gone = opted_out(state, patient["patientid"])
    return {
        channel
        for channel in has
        if has[channel]
        and not refused[channel]
        and patient.get(f"contactpreference_appointment_{preference[channel]}") is not False
        and channel not in gone
    }


def reached_at(patient: Row, start: datetime) -> tuple[str | None, str | None]:
    """The mobile number and the address that count: a grown-up's for a child."""
    names = ("guarantorphone", "guarantoremail") if is_child(patient) else ("mobilephone", "email")
    mobile, email = (patient.get(name) or "" for name in names)
    if not is_child(patient) and patient.get("emailexists") is False:
        email = ""
    textable = mobile.startswith(TEXTABLE)
    return (f"+1{mobile}" if textable else None), (email if "@" in email else None)


def is_child(patient: Row) -> bool:
    """Only years far from the border occur here."""
    return int(patient["dob"][-4:]) > datetime.now(UTC).year - 15


def opted_out(state: Row, patient: str) -> set[str]:
    """The channels on which the patient's newest word is a no, by the vendor's log."""
    newest: dict[str, str] = {}
    told = [e for e in state["relatient"]["events"] if e["type"].startswith("consent.")]
    for event in sorted(told, key=lambda e: e["occurred_at"]):
        if event["patient_external_id"].rpartition(":")[2] == patient:
            newest[event["channel"]] = event["type"]
    return {channel for channel, kind in newest.items() if kind == "consent.opted_out"}


def _campaign(id: str, modality: str = "any", *, high: bool = False, active: bool = True) -> Row:
    channels = ["sms", "email", "voice"] if high else ["sms", "email"]
    return {"id": id, "modality": modality, "channels": channels, "active": active}


# Relatient's library as the machine uses it.
CAMPAIGNS = [
    _campaign("cmp_preventive_en", "in_person"),
    _campaign("cmp_preventive_en_high", "in_person", high=True),
    _campaign("cmp_preventive_es", "in_person"),
    _campaign("cmp_followup_en"),
    _campaign("cmp_telehealth_en", "telehealth"),
    _campaign("cmp_telehealth_en_high", "telehealth", high=True),
    _campaign("cmp_general_en"),
    _campaign("cmp_flu_2019_en", active=False),
]
