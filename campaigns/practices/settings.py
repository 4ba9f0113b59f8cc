"""The settings of a practice: which there are, showing them, changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from audit.recorder import audit_row
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.models import Practice
from campaigns.practices import setting_kinds
from campaigns.practices.setting_kinds import BadValue, Kind

# Settings on which no decision about an appointment depends: rhythm, patience and pace of our work.
_OF_THE_WORKERS: dict[str, Kind] = {
    "poll_minutes": setting_kinds.NUMBER,
    "retry_minutes": setting_kinds.NUMBER,
    "retry_base_seconds": setting_kinds.NUMBER,
    "effect_lease_seconds": setting_kinds.NUMBER,
    "athena_requests_per_second": setting_kinds.NUMBER,
    "athena_requests_per_day": setting_kinds.NUMBER,
    "relatient_requests_per_second": setting_kinds.NUMBER,
    "folder_days": setting_kinds.NUMBER,
    "alert_after_hours": setting_kinds.NUMBER,
    "alert_emails": setting_kinds.ADDRESSES,
    "unconfirmed_hours": setting_kinds.NUMBER,
    "hold_share": setting_kinds.NUMBER,
}
_OF_DECISIONS: dict[str, Kind] = {
    "time_zone": setting_kinds.ZONE,
    "language": setting_kinds.LANGUAGE,
    "too_late_hours": setting_kinds.NUMBER,
    "risk_window_days": setting_kinds.NUMBER,
    "risk_threshold": setting_kinds.NUMBER,
    "age_of_majority": setting_kinds.NUMBER,
    "landline_calls_ok": setting_kinds.FLAG,
    "no_address_words": setting_kinds.NO_ADDRESS_WORDS,
    "telehealth_link_required": setting_kinds.FLAG,
    "several_providers": setting_kinds.CHOICE,
    "general_campaign": setting_kinds.CAMPAIGN,
    "general_provider": setting_kinds.PROVIDER,
    "on_cancel": setting_kinds.CHOICE,
    "cancel_reason_id": setting_kinds.CANCEL_REASON,
    "desk_task": setting_kinds.CHOICE,
    "waitlist_phone": setting_kinds.PHONE,
    "waitlist_notice_hours": setting_kinds.NUMBER,
    "send_window_email": setting_kinds.WINDOW,
    "send_window_sms": setting_kinds.WINDOW,
    "send_window_voice": setting_kinds.WINDOW,
}
SETTINGS: dict[str, Kind] = {**_OF_DECISIONS, **_OF_THE_WORKERS}


class BadSettings(Exception):
    """What was asked for cannot be set; one sentence for each objection."""

    def __init__(self, objections: Sequence[str]) -> None:
        super().__init__("; ".join(objections))
        self.objections = list(objections)


def show(practice: Practice) -> dict[str, Any]:
    """All settings of a practice as plain values, by name."""
    return {name: SETTINGS[name].show(practice, name) for name in sorted(SETTINGS)}


def read(practice: Practice, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """KEY=VALUE as column values by setting; raises BadSettings, and changes nothing."""
    values: dict[str, dict[str, Any]] = {}
    objections: list[str] = []
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        kind = SETTINGS.get(name)
        if kind is None:
            objections.append(f"there is no setting {name!r}")
            continue
        try:
            if not equals:
                raise BadValue("write KEY=VALUE")
            values[name] = kind.read(practice, name, text)
        except BadValue as refusal:
            objections.append(f"{name}: {refusal}")
    if any(pair.partition("=")[0].strip() not in SETTINGS for pair in pairs):
        objections.append(f"permitted settings: {', '.join(sorted(SETTINGS))}")
    if objections:
        raise BadSettings(objections)
    return values


def change(practice: Practice, values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Store the values that `read` returned; the names of the settings that are different now.

    Where a decision depends on one of them, looks become due at every visit ahead.
    """
    changed = retried(lambda: _change(practice, values))
    practice.refresh_from_db()
    return changed


def _change(practice: Practice, values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    with transaction.atomic():
        # Not FOR UPDATE, for which every look would wait that writes a row of the practice.
        row = Practice.objects.select_for_update(no_key=True).get(pk=practice.pk)
        before = show(row)
        columns = {column: value for one in values.values() for column, value in one.items()}
        for column, value in columns.items():
            setattr(row, column, value)
        after = show(row)
        changed = [name for name in values if before[name] != after[name]]
        if changed:
            row.save(update_fields=list(columns))
            _record(row, [[name, str(before[name]), str(after[name])] for name in changed])
            if not _OF_DECISIONS.keys().isdisjoint(changed):
                schedule_upcoming_looks(row)
        return changed


def _record(practice: Practice, changes: list[list[str]]) -> None:
    # Names as values, not as keys: the audit refuses keys that speak of phones or addresses,
    # and masks what looks like one.
    audit_row("practice.configured", practice, changed=changes)
