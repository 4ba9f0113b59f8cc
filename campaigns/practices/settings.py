"""The settings of a practice: which there are, showing them, changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.recorder import audit_row
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.models import Department, Practice
from campaigns.practices import setting_kinds
from campaigns.practices.setting_kinds import BadValue, Kind, named


@dataclass(frozen=True)
class Setting:
    """One setting of a practice; its default and its bounds are those of its column.

    `kind` reads and shows it, `label` and `help` are what people read, `group` is its place in the
    console. Where `decides`, decisions depend on it: they find the column of the same name in
    domain/snapshot.py: Settings.
    """

    kind: Kind
    group: str
    label: str
    help: str
    decides: bool = True

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns of Practice in which it stands: a window has two."""
        window = self.kind is setting_kinds.WINDOW
        return (f"{name}_start", f"{name}_end") if window else (name,)


PRACTICE = "Practice"
LIST = "Work list and alerts"
REMINDERS = "Who gets reminders, and which"
HOURS = "When messages may go out"
CANCELLATIONS = "Cancellations and the waitlist"
PACE = "Rhythm and pace"

# The one setting that a department may have of its own, as `age_of_majority.3=19`.
BY_DEPARTMENT = "age_of_majority"
# The order is that of the console and of README's table.
SETTINGS: dict[str, Setting] = {
    "time_zone": Setting(setting_kinds.ZONE, PRACTICE, "Time zone", "Of the practice."),
    "language": Setting(
        setting_kinds.LANGUAGE,
        PRACTICE,
        "Language",
        "Used where the patient's language is unknown or has no rule.",
    ),
    "unconfirmed_hours": Setting(
        setting_kinds.NUMBER,
        LIST,
        "Hours ahead on the work list",
        "Visits of so many hours ahead are on the work list until confirmed.",
        decides=False,
    ),
    "alert_after_hours": Setting(
        setting_kinds.NUMBER,
        LIST,
        "Hours until an alert",
        "After this long without success the people of the alerts are mailed.",
        decides=False,
    ),
    "alert_emails": Setting(
        setting_kinds.ADDRESSES,
        LIST,
        "Alerts go to",
        "Who is mailed when something stays wrong, separated by commas.",
        decides=False,
    ),
    "too_late_hours": Setting(
        setting_kinds.NUMBER,
        REMINDERS,
        "Too late within, in hours",
        "Visits that start sooner get no first reminder.",
    ),
    "risk_window_days": Setting(
        setting_kinds.NUMBER,
        REMINDERS,
        "Days back for missed visits",
        "Missed visits so many days back count.",
    ),
    "risk_threshold": Setting(
        setting_kinds.NUMBER,
        REMINDERS,
        "Missed visits for enhanced risk",
        "So many missed visits make the risk enhanced.",
    ),
    "age_of_majority": Setting(
        setting_kinds.NUMBER,
        REMINDERS,
        "Age of majority",
        "Younger patients are reached through their guardian. A department may have its own.",
    ),
    "landline_calls_ok": Setting(
        setting_kinds.FLAG,
        REMINDERS,
        "Landlines may be called",
        "Reminder calls may go to a landline when there is no mobile number.",
    ),
    "no_address_words": Setting(
        setting_kinds.NO_ADDRESS_WORDS,
        REMINDERS,
        "Words typed for no address",
        "What your desk types as an e-mail address for want of one, separated by commas. The usual "
        "ones, such as none or declined, are known already.",
    ),
    "telehealth_link_required": Setting(
        setting_kinds.FLAG,
        REMINDERS,
        "Join link required",
        "A video visit without a join link is shown as blocked on its day.",
    ),
    "several_providers": Setting(
        setting_kinds.CHOICE,
        REMINDERS,
        "With several providers",
        "With several providers: name the first, or use the general campaign.",
    ),
    "general_provider": Setting(
        setting_kinds.PROVIDER,
        REMINDERS,
        "General provider",
        "Named in the reminder when the visit names nobody.",
    ),
    "general_campaign": Setting(
        setting_kinds.CAMPAIGN,
        REMINDERS,
        "General campaign",
        "For visits with several providers, or with none.",
    ),
    "hold_share": Setting(
        setting_kinds.NUMBER,
        REMINDERS,
        "Share that needs approval",
        "A rule change that moves more than this share of the enrolled visits waits for approval: "
        "0.5 is half.",
        decides=False,
    ),
    "send_window_sms": Setting(
        setting_kinds.WINDOW,
        HOURS,
        "Texts from",
        "When texts may go out, in the patient's local time.",
    ),
    "send_window_email": Setting(
        setting_kinds.WINDOW,
        HOURS,
        "Emails from",
        "When emails may go out, in the patient's local time.",
    ),
    "send_window_voice": Setting(
        setting_kinds.WINDOW,
        HOURS,
        "Calls from",
        "When automatic calls may go out, in the patient's local time.",
    ),
    "on_cancel": Setting(
        setting_kinds.CHOICE,
        CANCELLATIONS,
        "When a patient cancels",
        "When a patient cancels by reply: auto cancels in the chart, ask makes a work item. Each "
        "kind of visit may say otherwise.",
    ),
    "cancel_reason_id": Setting(
        setting_kinds.CANCEL_REASON,
        CANCELLATIONS,
        "Cancel reason",
        "What a cancellation by reply is recorded as in the chart.",
    ),
    "desk_task": Setting(
        setting_kinds.CHOICE,
        CANCELLATIONS,
        "Task for the desk",
        "How the desk is asked in athenahealth for missing contact data: by a patient case, or by "
        "a note on the schedule.",
    ),
    "waitlist_phone": Setting(
        setting_kinds.PHONE,
        CANCELLATIONS,
        "Phone of the waitlist desk",
        "Gets a text when a patient's cancellation opens a slot. Empty: nobody.",
    ),
    "waitlist_notice_hours": Setting(
        setting_kinds.NUMBER,
        CANCELLATIONS,
        "Hours ahead for the waitlist",
        "No such text when the visit starts sooner.",
    ),
    "poll_minutes": Setting(
        setting_kinds.NUMBER,
        PACE,
        "Minutes between two polls",
        "How often athenahealth is asked for changed visits and patients; answers of patients are "
        "fetched every minute, or as often if that is sooner.",
        decides=False,
    ),
    "retry_minutes": Setting(
        setting_kinds.NUMBER,
        PACE,
        "Longest pause between tries, in minutes",
        "The longest pause between two tries.",
        decides=False,
    ),
    "retry_base_seconds": Setting(
        setting_kinds.NUMBER,
        PACE,
        "First pause between tries, in seconds",
        "The first pause; each further one is twice as long.",
        decides=False,
    ),
    "effect_lease_seconds": Setting(
        setting_kinds.NUMBER,
        PACE,
        "Seconds for one call to a vendor",
        "How long one call to a vendor may take before another worker takes over.",
        decides=False,
    ),
    "athena_requests_per_second": Setting(
        setting_kinds.NUMBER,
        PACE,
        "athenahealth calls a second",
        "All processes with one key together.",
        decides=False,
    ),
    "athena_requests_per_day": Setting(
        setting_kinds.NUMBER,
        PACE,
        "athenahealth calls a day",
        "0: as many as athenahealth allows.",
        decides=False,
    ),
    "relatient_requests_per_second": Setting(
        setting_kinds.NUMBER,
        PACE,
        "Relatient calls a second",
        "All processes with one key together.",
        decides=False,
    ),
    "folder_days": Setting(
        setting_kinds.NUMBER,
        PACE,
        "Days that exchanged files are kept",
        "Files that went out or came in are removed after so many days.",
        decides=False,
    ),
}


class BadSettings(Exception):
    """What was asked for cannot be set; one sentence for each objection."""

    def __init__(self, objections: Sequence[str]) -> None:
        super().__init__("; ".join(objections))
        self.objections = list(objections)


def show(practice: Practice) -> dict[str, Any]:
    """All settings of a practice as plain values, by name; those of departments behind them."""
    plain = {name: SETTINGS[name].kind.show(practice, name) for name in sorted(SETTINGS)}
    apart = Department.objects.filter(practice=practice, **{f"{BY_DEPARTMENT}__isnull": False})
    ages = apart.order_by("external_id").values_list("external_id", BY_DEPARTMENT)
    return plain | {f"{BY_DEPARTMENT}.{department}": age for department, age in ages}


def read(practice: Practice, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """KEY=VALUE as column values by setting; raises BadSettings, and changes nothing."""
    values: dict[str, dict[str, Any]] = {}
    objections: list[str] = []
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        of_practice, dot, department = name.partition(".")
        setting = SETTINGS.get(of_practice)
        if setting is None:
            objections.append(f"there is no setting {name!r}")
            continue
        try:
            if not equals:
                raise BadValue("write KEY=VALUE")
            if dot:
                _must_be_at(practice, of_practice, department)
            # At a department an empty value means the practice's.
            unset = {of_practice: None} if dot and not text else None
            values[name] = unset or setting.kind.read(practice, of_practice, text)
        except BadValue as refusal:
            objections.append(f"{name}: {refusal}")
    if any(pair.partition("=")[0].strip().partition(".")[0] not in SETTINGS for pair in pairs):
        objections.append(f"permitted settings: {', '.join(sorted(SETTINGS))}")
    if objections:
        raise BadSettings(objections)
    return values


def _must_be_at(practice: Practice, name: str, department: str) -> None:
    """Raise BadValue unless a setting may differ at this department."""
    if name != BY_DEPARTMENT:
        raise BadValue(f"only {BY_DEPARTMENT} can differ by department")
    known = Department.objects.filter(practice=practice).order_by("external_id")
    ids = list(known.values_list("external_id", flat=True))
    if department not in ids:
        raise BadValue(
            f"there is no department {department!r}; known: {named(ids)}; the console's page "
            "Departments has their names"
        )


def change(practice: Practice, values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Store the values that `read` returned; the names of the settings that are different now.

    Where a decision depends on one of them, looks become due at every visit ahead.
    """
    changed = retried(lambda: _change(practice, values))
    practice.refresh_from_db()
    # What it remembers of its departments.
    practice.__dict__.pop("majorities", None)
    return changed


def _change(practice: Practice, values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    with transaction.atomic():
        # Not FOR UPDATE, for which every look would wait that writes a row of the practice.
        row = Practice.objects.select_for_update(no_key=True).get(pk=practice.pk)
        before = show(row)
        own = {name: one for name, one in values.items() if name in SETTINGS}
        columns = {column: value for one in own.values() for column, value in one.items()}
        for column, value in columns.items():
            setattr(row, column, value)
        for name in values.keys() - own.keys():
            at = Department.objects.filter(practice=row, external_id=name.partition(".")[2])
            at.update(**values[name])
        after = show(row)
        changed = [name for name in values if before.get(name) != after.get(name)]
        if changed:
            if columns:
                row.save(update_fields=list(columns))
            told = [[name, _told(before.get(name)), _told(after.get(name))] for name in changed]
            _record(row, told)
            if any(SETTINGS[name.partition(".")[0]].decides for name in changed):
                schedule_upcoming_looks(row)
        return changed


def _told(value: Any) -> str:
    return "" if value is None else str(value)


def _record(practice: Practice, changes: list[list[str]]) -> None:
    # Names as values, not as keys: the audit refuses keys that speak of phones or addresses,
    # and masks what looks like one.
    audit_row("practice.configured", practice, changed=changes)
