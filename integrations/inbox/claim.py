"""The stored messages as a queue: which can be taken in now, under a lease, and when again."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, QuerySet, Value, When

from campaigns.clock import database_now
from campaigns.encryption import Undecryptable
from campaigns.models import Practice
from campaigns.ports import ONLY_WAITING, PAUSED, GatewayError
from integrations.models import InboundKind, InboundMessage, InboundStatus
from integrations.vendors import that_read_events

LEASE = timedelta(seconds=120)
REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=5)
TOGETHER = 100
# So many postponed messages stand for all of their practice. One alone may be about a record that
# the vendor fails at, and must not hold up the rest.
SPEAK_FOR_ALL = 3
MOST_ATTEMPTS = 5
UNOPENED = (
    "Kept cannot open this message. Put the missing key back at the end of FIELD_ENCRYPTION_KEYS."
)

logger = logging.getLogger(__name__)


class NotNow(Exception):
    """The vendor cannot be asked at present: the message waits, and that does not count as a
    failure.
    """

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.sentence)
        self.error = error


class ClaimableMessages:
    """The messages of some practices that can be taken in now."""

    def __init__(self, practices: list[Practice]) -> None:
        self.practices = practices
        resting = self._stored().filter(_that_ask(), lease_token="", lease_until__gt=database_now())
        rested = resting.exclude(problem="").order_by().values_list("practice")
        self._postponed: Counter[int] = Counter(dict(rested.annotate(Count("pk"))))

    @property
    def unanswered(self) -> set[int]:
        """The practices whose vendor cannot be asked at present, judged by a few messages."""
        return {practice for practice, count in self._postponed.items() if count >= SPEAK_FOR_ALL}

    def postpone(self, practice: int, reason: NotNow) -> None:
        """Count that one of these messages could not be taken in now."""
        nobody = reason.error.code in ONLY_WAITING
        self._postponed[practice] += SPEAK_FOR_ALL if nobody else 1

    def next_batch(self) -> list[tuple[int, int, bool]]:
        """A hundred at most: id, practice, whether its vendor is asked about it.

        What was postponed before comes last, so that it is never in the way of what is new.
        """
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=database_now())
        asks = Case(When(_that_ask(), then=Value(True)), default=Value(False))
        again = Case(When(problem="", then=Value(False)), default=Value(True))
        rows = self._stored().filter(free).exclude(_that_ask(), practice__in=self.unanswered)
        ordered = rows.annotate(asks=asks, again=again).order_by("asks", "again", "pk")
        return list(ordered.values_list("pk", "practice", "asks")[:TOGETHER])

    def _stored(self) -> QuerySet[InboundMessage]:
        return InboundMessage.objects.filter(
            status=InboundStatus.STORED, practice__in=self.practices
        )


def _that_ask() -> Q:
    """Messages that are taken in by asking the vendor; all others bring their content along."""
    return Q(kind=InboundKind.EVENT, vendor__in=that_read_events())


def claim(message_id: int) -> InboundMessage | None:
    """The message, leased to us; None when another worker has it or it is done.

    One that our keys do not open rests a little, for a process that has others.
    """
    now = database_now()
    token = str(uuid.uuid4())
    taken = (
        InboundMessage.objects.filter(pk=message_id, status=InboundStatus.STORED)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
        .update(lease_token=token, lease_until=now + LEASE)
    )
    if not taken:
        return None
    rows = InboundMessage.objects.select_related("practice", "connection", "sync_run", "parent")
    try:
        return rows.get(pk=message_id)
    except Undecryptable:
        logger.exception("message_not_readable", extra={"inbound": message_id})
        ours = InboundMessage.objects.filter(pk=message_id, lease_token=token)
        ours.update(problem=UNOPENED, lease_token="", lease_until=now + REST)
        return None


def release(message: InboundMessage, put_off: NotNow | None) -> None:
    """Store what became of a message, unless somebody else has taken it over meanwhile.

    One that is still to be taken in rests a little; one that is done needs no lease.
    """
    again = message.status == InboundStatus.STORED
    now = database_now()
    InboundMessage.objects.filter(pk=message.pk, lease_token=message.lease_token).update(
        status=message.status,
        problem=message.problem,
        counts=message.counts,
        attempts=message.attempts,
        lease_token="",
        lease_until=now + (_rest(message, put_off, now) if put_off else REST) if again else None,
    )


def _rest(message: InboundMessage, put_off: NotNow, now: datetime) -> timedelta:
    """How long a postponed message rests: as long as the vendor asks for; else ever longer, by how
    long it has waited.
    """
    if put_off.error.code == PAUSED:
        # Nothing was sent, and the connection may be resumed at any time.
        return REST
    named = timedelta(seconds=put_off.error.retry_after or 0)
    return max(REST, named, min(LONGEST_REST, (now - message.received_at) / 2))
