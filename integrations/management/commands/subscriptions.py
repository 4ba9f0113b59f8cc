"""athenahealth's event subscriptions: list, create, renew, delete; one per topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from campaigns.domain.values import System
from campaigns.management.practice_command import BadUsage
from campaigns.models import Practice
from campaigns.ports import GatewayError, Refused
from integrations.connections import registry
from integrations.management.vendor_command import VendorCommand
from integrations.models import ACTIVE, EventSubscription, Wish
from integrations.subscriptions import requests
from integrations.subscriptions.endpoint_url import endpoint_of

LIST, CREATE, RENEW, DELETE = "list", "create", "renew", "delete"
# A round over all topics of a practice, with what it takes to wait for turns.
SECONDS = 120.0


class Command(VendorCommand):
    help = "athenahealth's event subscriptions: list, create, renew or delete them."
    nothing = {"subscriptions": [], "wished": 0, "problems": []}

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which topics."""
        super().add_arguments(parser)
        parser.add_argument("what", choices=[LIST, CREATE, RENEW, DELETE])
        parser.add_argument(
            "--topic",
            action="append",
            dest="topics",
            metavar="TOPIC",
            help="such as Appointment.schedule; may be repeated; default: all",
        )

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Topics that exist, and everything set that creating needs."""
        for practice in practices:
            try:
                known = requests.topics_of(practice).topics
                for topic in options["topics"] or ():
                    if topic not in known and options["what"] == CREATE:
                        raise BadUsage(f"There is no topic {topic!r}; known: {', '.join(known)}.")
                connection = registry.find(practice.external_id, System.CHART)
                if options["what"] in (CREATE, RENEW):
                    endpoint_of(connection)
            except Refused as refusal:
                raise BadUsage(refusal.sentence) from None

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Store the request, carry it out at once, and report the subscriptions."""
        what, problems = options["what"], []
        wished = self._wish(practice, what, options["topics"])
        try:
            if what == LIST:
                requests.look(practice, SECONDS)
            else:
                requests.apply_requests(practice, SECONDS)
        except GatewayError as error:
            problems.append(error.sentence)
        rows = requests.subscriptions_of(practice).order_by("topic", "pk")
        return {
            "subscriptions": [_told(row) for row in rows],
            "wished": wished,
            "problems": problems,
        }

    def _wish(self, practice: Practice, what: str, topics: list[str] | None) -> int:
        if what == CREATE:
            connection = registry.find(practice.external_id, System.CHART)
            return requests.request_subscriptions(connection, topics)
        rows = requests.subscriptions_of(practice)
        chosen = rows.filter(topic__in=topics) if topics else rows
        if what == LIST:
            return 0
        return requests.request_change(chosen, Wish.RENEW if what == RENEW else Wish.DELETE)

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """One line per subscription."""
        for one in report["subscriptions"]:
            ends = one["ends_at"].strftime("%Y-%m-%d %H:%M UTC") if one["ends_at"] else "no end"
            said = f"  {one['problem']}" if one["problem"] else ""
            yield f"{one['topic']:<24} {one['status']:<14} until {ends}{said}"
        if not report["subscriptions"]:
            yield "No event subscriptions: Kept polls. `subscriptions create` makes them."

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """Name subscriptions that are silent or in error, too."""
        yield from super().attention(report)
        if report["problems"]:
            return
        for one in report["subscriptions"]:
            if one["silent_since"] is not None:
                yield f"{one['topic']} has told nothing of changes that polling found"
            elif one["status"] in ("error", "off"):
                yield f"{one['topic']} is {one['status']} at athenahealth; Kept makes a new one"


def _told(row: EventSubscription) -> dict[str, Any]:
    return {
        "topic": row.topic,
        "id": row.external_id if row.status not in (Wish.WANTED,) else "",
        "status": row.status,
        "active": row.status == ACTIVE,
        "endpoint": row.endpoint,
        "ends_at": row.ends_at,
        "last_event_at": row.last_event_at,
        "silent_since": row.silent_since,
        "problem": row.problem,
    }
