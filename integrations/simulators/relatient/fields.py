"""Reading a request body: what has to be there and what form it has."""

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .errors import Refusal, invalid
from .times import read_instant

CHANNELS = ["email", "sms", "voice"]
E164 = re.compile(r"^\+[1-9]\d{7,14}$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def required_text(body: dict[str, Any], name: str, shown_as: str = "") -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(shown_as or name, "is required")
    return value


def one_of(body: dict[str, Any], name: str, permitted: list[str]) -> str:
    value = body.get(name)
    if value not in permitted:
        raise invalid(name, f"has to be one of {', '.join(permitted)}")
    return str(value)


def channels(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if not isinstance(value, list) or not value or any(one not in CHANNELS for one in value):
        raise invalid(name, "has to be a list of channels, at least one")
    return value


def moment(body: dict[str, Any], name: str) -> datetime:
    try:
        return read_instant(required_text(body, name))
    except ValueError:
        raise invalid(name, "has to be an ISO-8601 instant") from None


def check_contacts(body: dict[str, Any]) -> None:
    for name in ("mobile_phone", "home_phone"):
        if body.get(name) is not None and not E164.match(str(body[name])):
            raise invalid(name, "has to be E.164")
    if body.get("email") is not None and not EMAIL.match(str(body["email"])):
        raise invalid("email", "has to be an email address")


def check_birth_date(body: dict[str, Any]) -> None:
    try:
        if body.get("date_of_birth") is not None:
            date.fromisoformat(body["date_of_birth"])
    except (TypeError, ValueError):
        raise invalid("date_of_birth", "has to be YYYY-MM-DD") from None


def appointment(body: dict[str, Any], now: datetime) -> dict[str, Any]:
    value = body.get("appointment")
    if not isinstance(value, dict):
        raise invalid("appointment", "is required")
    required_text(value, "external_id")
    starts_at = moment(value, "starts_at")
    try:
        ZoneInfo(required_text(value, "time_zone"))
    except (KeyError, ValueError, OSError):
        raise invalid("appointment.time_zone", "has to be an IANA time zone") from None
    if value.get("modality", "in_person") not in ("in_person", "telehealth"):
        raise invalid("appointment.modality", "has to be in_person or telehealth")
    if not isinstance(value.get("provider_external_id"), str) or not value["provider_external_id"]:
        raise Refusal("provider_required")
    if starts_at <= now:
        raise Refusal("appointment_in_past")
    return value


def recipient(body: dict[str, Any]) -> dict[str, Any] | None:
    value = body.get("recipient")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid("recipient", "has to be an object")
    one_of(value, "kind", ["patient", "guardian"])
    check_contacts(value)
    return value
