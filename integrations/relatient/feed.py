"""What Kept pulls from Relatient: events, the campaign library, and what the key may do.

Events come raw: they are stored before anybody reads them (integrations/inbox/process.py), and then
translated one by one, so that one bad event holds up no other.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypedDict

from campaigns.ports import Refused
from campaigns.vendor_records import CampaignRecord, EnrollmentRecord
from integrations.relatient import translate
from integrations.relatient.client import RelatientClient
from integrations.relatient.error_mapping import CURSOR_EXPIRED
from integrations.transport.errors import Nonsense

# All that the key of a practice must be allowed to do.
SCOPES = (
    "patients.read",
    "patients.write",
    "enrollments.write",
    "events.read",
    "messages.write",
)


class CursorExpired(Exception):
    """Events were dropped: start again without a cursor and reconcile open enrollments."""


class KeyCheck(TypedDict):
    """What a ping tells; that a key may write, only a write can prove.

    The contract does not say that `practice_id` is athenahealth's, so a difference is no proof of
    a wrong key: show it, and refuse nothing because of it.
    """

    practice_id: str
    practice_matches: bool
    scopes: list[str]
    missing_scopes: list[str]


def read_events(client: RelatientClient, after: str) -> tuple[list[dict[str, Any]], str, bool]:
    """Raw events after a cursor ("" = from the oldest held), the next cursor, whether more wait."""
    try:
        page = client.events(after)
    except Refused as refused:
        if refused.code == CURSOR_EXPIRED:
            raise CursorExpired(refused.sentence) from None
        raise
    return page.events, page.next_cursor or after, page.has_more


def campaign_library(client: RelatientClient) -> list[CampaignRecord]:
    """Every campaign of the practice, inactive ones included; one that no rule could name is left
    out.
    """
    campaigns: list[CampaignRecord] = []
    cursor = ""
    while True:
        page = client.campaigns(cursor)
        for campaign in page.campaigns:
            # Counted as drift already; the others must not go with it.
            with suppress(Nonsense):
                campaigns.append(translate.campaign_record(campaign))
        if not page.next_cursor:
            return campaigns
        cursor = page.next_cursor


def read_enrollments(
    client: RelatientClient, status: str, cursor: str, limit: int
) -> tuple[list[EnrollmentRecord], str]:
    """One page of the practice's enrollments with one status, and the next cursor ("" at the end).

    Rows of another system, and such that make no sense, are left out.
    """
    page = client.enrollments(status, cursor, limit)
    records = []
    for row in page.enrollments:
        try:
            records.append(translate.listed_enrollment(client.practice, row))
        except Nonsense:
            # The row was counted as drift already; nothing here can mend it.
            continue
    return records, page.next_cursor or ""


def check(client: RelatientClient) -> KeyCheck:
    """Whether the key is this practice's, and which permissions it lacks."""
    ping = client.ping()
    return KeyCheck(
        practice_id=ping.practice_id,
        practice_matches=ping.practice_id == client.practice,
        scopes=ping.scopes,
        missing_scopes=[scope for scope in SCOPES if scope not in ping.scopes],
    )
