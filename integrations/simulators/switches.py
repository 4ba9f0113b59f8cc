"""What a test may set through POST /_sim/settings.

Where the vendors' behaviour is unconfirmed there is a switch, and the product has to work with
either position.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

RELATIENT_SCOPES = [
    "patients.read",
    "patients.write",
    "enrollments.write",
    "events.read",
    "messages.write",
]


@dataclass
class Switches:
    athena_credentials: dict[str, str] = field(default_factory=lambda: {"kept-demo": "demo-secret"})
    token_lifetime_seconds: int = 3600
    # 50 in production, 5 in preview (guides/authentication-and-url-locations).
    token_requests_per_minute: int = 50
    # No official number is known; 0 means no limit.
    athena_requests_per_second: int = 0
    athena_daily_quota: int = 50_000
    # How the API throttles: "429" with a JSON fault, or "403" with plain text as it used to.
    athena_throttle: str = "429"
    # The encoding a key starts with; /misc/properjsonencoding changes it per key.
    proper_json: bool = True
    # The output name of the telehealth flag is unconfirmed; an empty name leaves the flag out.
    telehealth_field: str = "telehealth"
    # Whether a native video visit has a room on its day.
    telehealth_room: bool = True
    # What the list of the waitlist is called in its answer; not recorded anywhere.
    waitlist_field: str = "waitlistentries"
    # Several events on one appointment between two reads: one row, or one row each.
    feed_collapse: bool = True
    subscription_delay_seconds: int = 0
    # Whether the rows of visits show their notes; not promised.
    notes_in_rows: bool = True
    # Whether writing a confirmation comes back in the change feed.
    confirmation_echo: bool = True
    # What GET says of a patient who was merged away: "404", or "survivor" for the other record.
    merged_patient_read: str = "404"
    # Whether this app was given the scopes of the event platform (alpha, by request only).
    event_scopes: bool = True

    # Webhooks of both vendors, see postbox.py. The form of athenahealth's Bundles: "r4b" or "r4".
    webhook_form: str = "r4b"
    # Whether athenahealth shakes hands before a subscription is active; unconfirmed.
    webhook_handshake: bool = False
    # At most so many events in one POST, and how long events wait for others.
    webhook_batch: int = 10
    webhook_hold_seconds: float = 0.0
    # Shares of the POSTs: told twice (once in one Bundle, or in two), told in no order.
    webhook_duplicate: float = 0.0
    webhook_shuffle: float = 0.0
    # The first pause before another try, doubled each time; the vendors' schedules are unconfirmed.
    webhook_retry_seconds: float = 5.0
    # 0 is each vendor's own: an hour at athenahealth, a day at Relatient.
    webhook_retry_for_seconds: float = 0.0

    relatient_api_key: str = "demo-relatient-key"
    relatient_scopes: list[str] = field(default_factory=lambda: list(RELATIENT_SCOPES))
    # The contract says 10; tests that do not study the limit should not meet it.
    relatient_requests_per_second: int = 100
    one_active_enrollment: bool = True
    # Creating a patient who exists: 200 with the stored record, or 409 as older deployments do.
    existing_patient_status: int = 200
    relatient_event_retention_days: int = 7

    def apply(self, changes: dict[str, Any]) -> None:
        known = {one.name for one in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        for name, value in changes.items():
            setattr(self, name, checked(name, value, type(getattr(self, name))))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def checked(name: str, value: Any, wanted: type) -> Any:
    """A share or a number of seconds may be written as a whole number, a share as true or false."""
    if wanted is float and isinstance(value, bool | int | float):
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f"{name} has to be {wanted.__name__}")
    return value
