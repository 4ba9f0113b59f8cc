"""One round over a practice's event subscriptions: rows say what is requested, the vendor follows.

1. What the vendor holds for our address is listed, and the rows are brought in line with it.
2. For each requested topic there shall be exactly one live subscription, the one that ends last; it
   is made if it is missing, ends soon or is to be renewed. Any other is deleted.

A write whose outcome is unknown is looked for in the list before it is repeated, in this round or
the next. One that came through late is the second of its topic, and is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.ports import GatewayError, OutcomeUnknown, Refused
from integrations.models import ACTIVE, LIVE, Connection, EventSubscription, Wish, placeholder
from integrations.subscriptions.endpoint_url import endpoint_of
from integrations.transport.errors import spoken
from integrations.vendors import HeldSubscription, SubscriptionClient

LIFE = timedelta(days=30)
RENEW_BEFORE = timedelta(days=7)
LOST = "{vendor} did not hold this subscription any more. Kept asks for a new one."
FAULTY = "{vendor} showed the one before as {status}. Kept asked for a new one."


@dataclass
class Round:
    """One look at the vendor, and what follows from it. Calls are made outside transactions."""

    connection: Connection
    client: SubscriptionClient
    held: list[HeldSubscription] = field(default_factory=list)

    @property
    def practice(self) -> Practice:
        """Whose subscriptions these are."""
        return self.connection.practice

    @property
    def vendor(self) -> str:
        """The vendor's name."""
        return spoken(self.connection.vendor)

    def look(self) -> None:
        """Bring the rows in line with what the vendor holds; requested changes stay requested."""
        self.held = self._ours(self.client.held())
        now = database_now()
        by_id = {one.external_id: one for one in self.held}
        with transaction.atomic():
            for row in self._rows():
                self._mirror(row, by_id.get(row.external_id), now)
            self._adopt_unknown(now)

    def apply(self) -> None:
        """Carry out at the vendor what the rows request; raises the first error when all were
        tried.

        A refusal of one topic does not keep the others from being made.
        """
        problems: list[GatewayError] = []
        for row in self._rows():
            try:
                self._resolve(row)
            except GatewayError as error:
                EventSubscription.objects.filter(pk=row.pk).update(problem=error.sentence[:300])
                problems.append(error)
                if not isinstance(error, Refused):
                    break
        if problems:
            raise problems[0]

    def _rows(self) -> list[EventSubscription]:
        return list(EventSubscription.objects.filter(connection=self.connection).order_by("pk"))

    def _ours(self, held: list[HeldSubscription]) -> list[HeldSubscription]:
        """The subscriptions of this connection: other practices of the key, and other
        installations, have other addresses.
        """
        rows = self._rows()
        addresses = {row.endpoint for row in rows} | {self._endpoint_or_nothing()}
        known = {row.external_id for row in rows}
        return [
            one
            for one in held
            if one.external_id in known or (one.endpoint and one.endpoint in addresses)
        ]

    def _endpoint_or_nothing(self) -> str:
        try:
            return endpoint_of(self.connection)
        except Refused:
            return ""

    def _mirror(self, row: EventSubscription, seen: HeldSubscription | None, now: datetime) -> None:
        rows = EventSubscription.objects.filter(pk=row.pk)
        rows.update(checked_at=now)
        if seen is not None:
            rows.update(ends_at=seen.ends_at, endpoint=seen.endpoint)
            rows.filter(status=row.status).exclude(status__in=list(Wish)).update(
                status=seen.status, problem=""
            )
        elif row.status not in list(Wish):
            rows.update(
                status=Wish.WANTED,
                external_id=placeholder(row.topic),
                ends_at=None,
                problem=LOST.format(vendor=self.vendor),
            )
            audit_row("subscription.lost", row, topic=row.topic)

    def _adopt_unknown(self, now: datetime) -> None:
        """Take over subscriptions for our address that no row names, as after a backup was
        restored.
        """
        wanted = {row.topic for row in self._rows()}
        for one in sorted(self.held, key=_by_end, reverse=True):
            if one.topic in wanted or one.endpoint != self._endpoint_or_nothing():
                continue
            wanted.add(one.topic)
            row = EventSubscription.objects.create(
                practice=self.practice,
                connection=self.connection,
                topic=one.topic,
                external_id=one.external_id,
                endpoint=one.endpoint,
                status=one.status,
                created_at=now,
                ends_at=one.ends_at,
                checked_at=now,
            )
            audit_row("subscription.adopted", row, topic=row.topic)

    def _resolve(self, row: EventSubscription) -> None:
        same = [one for one in self.held if one.topic == row.topic]
        if row.status == Wish.DELETE:
            self._delete(same)
            self._forget(row)
            return
        best = self._best(same, row.external_id)
        if best is None or _is_due(row, best):
            best = self._create(row)
        if best.external_id != row.external_id or row.status in list(Wish):
            self._take(row, best)
        # While the new one is not active yet, only the old one tells of events.
        telling = () if best.status == ACTIVE else (ACTIVE,)
        others = [one for one in same if one.external_id != best.external_id]
        self._delete([one for one in others if one.status not in telling])

    def _best(self, same: list[HeldSubscription], ours: str = "") -> HeldSubscription | None:
        """The live one that ends last; of two that end together the one that the row names."""
        endpoint, now = self._endpoint_or_nothing(), database_now()
        live = [
            one
            for one in same
            if one.status in LIVE
            and one.endpoint == endpoint
            and (one.ends_at is None or one.ends_at > now)
        ]
        return max(live, key=lambda one: (_by_end(one), one.external_id == ours), default=None)

    def _create(self, row: EventSubscription) -> HeldSubscription:
        """Make a new subscription; when nobody knows whether it was made, look for it once."""
        endpoint = endpoint_of(self.connection)
        before = {one.external_id for one in self.held}
        try:
            made = self.client.create(row.topic, endpoint, database_now() + LIFE)
        except OutcomeUnknown:
            self.held = self._ours(self.client.held())
            same = [one for one in self.held if one.topic == row.topic]
            found = self._best([one for one in same if one.external_id not in before])
            if found is None:
                raise
            return found
        self.held.append(made)
        return made

    def _take(self, row: EventSubscription, best: HeldSubscription) -> None:
        """Let the row stand for this subscription from now on."""
        now = database_now()
        first = row.external_id == placeholder(row.topic)
        faulty = not first and row.status not in LIVE and row.status not in list(Wish)
        with transaction.atomic():
            rows = EventSubscription.objects.filter(pk=row.pk)
            rows.update(
                external_id=best.external_id,
                endpoint=best.endpoint,
                created_at=now,
                ends_at=best.ends_at,
                checked_at=now,
                problem=FAULTY.format(vendor=self.vendor, status=row.status) if faulty else "",
                silent_since=None,
            )
            # Unless somebody has requested something else meanwhile.
            rows.filter(status=row.status).update(status=best.status)
            change = "created" if first else "renewed"
            audit_row(f"subscription.{change}", row, topic=row.topic, subscription=best.external_id)

    def _delete(self, some: list[HeldSubscription]) -> None:
        for one in some:
            self.client.delete(one.external_id)
            self.held.remove(one)

    def _forget(self, row: EventSubscription) -> None:
        with transaction.atomic():
            # Only while its deletion is still requested.
            if EventSubscription.objects.filter(pk=row.pk, status=Wish.DELETE).delete()[0]:
                audit_row("subscription.deleted", row, topic=row.topic)


def _is_due(row: EventSubscription, best: HeldSubscription) -> bool:
    """Whether a new subscription is needed although there is one."""
    if row.status == Wish.RENEW and best.external_id == row.external_id:
        return True
    return best.ends_at is not None and best.ends_at - database_now() < RENEW_BEFORE


def _by_end(one: HeldSubscription) -> float:
    return float("inf") if one.ends_at is None else one.ends_at.timestamp()
