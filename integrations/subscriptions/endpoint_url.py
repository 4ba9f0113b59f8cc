"""Where a vendor sends its events: our public address, and what must be set before it can."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from campaigns.ports import Refused
from integrations.models import Connection

NOT_SET_UP = "events_not_set_up"
HTTPS_PORT = 443
NO_ADDRESS = (
    "Kept does not know the address under which athenahealth can reach it. Set PUBLIC_URL, such "
    "as https://kept.example.org, and start Kept again."
)
NOT_AN_ADDRESS = (
    "PUBLIC_URL is no address under which athenahealth can reach Kept: it needs https:// and a "
    "host, and nothing behind it, such as https://kept.example.org."
)
WRONG_PORT = (
    "athenahealth sends events only to https on port 443. Set PUBLIC_URL accordingly, such as "
    "https://kept.example.org."
)
NO_SECRET = (
    "The connection to athenahealth has no webhook secret, so nobody could tell its events from "
    "forged ones. Make up a long random one and save it on the console's page Connections."
)


def endpoint_of(connection: Connection) -> str:
    """The address for a connection's events; Refused, with what to set, while there is none."""
    base = settings.PUBLIC_URL.rstrip("/")
    if not base:
        raise Refused(NO_ADDRESS, code=NOT_SET_UP)
    _check(base)
    if not connection.webhook_secret:
        raise Refused(NO_SECRET, code=NOT_SET_UP)
    return f"{base}/webhooks/{connection.vendor}/{connection.practice.external_id}/"


def _check(base: str) -> None:
    try:
        parts = urlsplit(base)
        port = parts.port
    except ValueError:
        raise Refused(NOT_AN_ADDRESS, code=NOT_SET_UP) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Refused(NOT_AN_ADDRESS, code=NOT_SET_UP)
    if parts.path or parts.query or parts.fragment:
        raise Refused(NOT_AN_ADDRESS, code=NOT_SET_UP)
    if settings.PRODUCTION and (parts.scheme != "https" or port not in (None, HTTPS_PORT)):
        raise Refused(WRONG_PORT, code=NOT_SET_UP)
