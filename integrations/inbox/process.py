"""Steps 2 and 3 for everything stored: translate to our words, take in, and say what it was.

A message is taken under a lease, so several workers share the work; taking one in twice does no
harm, because intake is idempotent and the newest read wins.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from campaigns import doorbell
from campaigns.models import Practice
from campaigns.ports import LeaseLost
from campaigns.sweep import never_stop
from integrations.drift.store import recording_drift
from integrations.inbox.claim import MOST_ATTEMPTS, ClaimableMessages, NotNow, claim, release
from integrations.inbox.reported_events import TooEarly
from integrations.models import InboundKind, InboundMessage, InboundStatus
from integrations.transport.errors import Nonsense
from integrations.vendors import face_of

logger = logging.getLogger(__name__)

Counts = Counter[str]


def process_stored(practices: list[Practice], stopping: Callable[[], bool] = never_stop) -> Counts:
    """Take in every stored message of these practices that nobody else has in hand.

    Messages that ask a vendor come behind all the rest, and when it cannot be asked for a few of
    them the others are left where they are. As soon as `stopping` says so, no further message is
    begun.
    """
    total: Counts = Counter()
    waiting = ClaimableMessages(practices)
    while True:
        done = 0
        for pk, practice, asks in waiting.next_batch():
            if stopping():
                return total
            if asks and practice in waiting.unanswered:
                continue
            try:
                counts = process(pk)
            except NotNow as reason:
                waiting.postpone(practice, reason)
                continue
            if counts is not None:
                total.update(counts)
                done += 1
        if not done:
            return total


def process(message_id: int) -> Counts | None:
    """Take in one stored message; None when another worker has it or it is done.

    Raises NotNow when the vendor that it has to ask cannot be asked; the message waits.
    """
    message = claim(message_id)
    if message is None:
        return None
    put_off: NotNow | None = None
    try:
        with recording_drift(message.practice.external_id):
            counts = _attempt(message)
        message.attempts += 1
    except LeaseLost:
        return None
    except NotNow as later:
        put_off, counts = later, Counter()
        message.problem = later.error.sentence[:300]
    message.counts = dict(counts)
    release(message, put_off)
    if any(counts[what] for what in ("new", "changed", "unreadable", "not_found")):
        doorbell.ring()
    if put_off is not None:
        raise put_off
    return counts


def _attempt(message: InboundMessage) -> Counts:
    try:
        counts = _taken(message)
    except Nonsense as nonsense:
        message.status, message.problem = InboundStatus.PARKED, nonsense.sentence[:300]
        return Counter(errors=1)
    except TooEarly:
        return Counter()
    except (NotNow, LeaseLost):
        raise
    except Exception:
        # A defect of ours must not stop the messages behind it; it is tried a few times, since
        # a database that was briefly away is no defect, and then it waits for a person.
        logger.exception("message_not_taken_in", extra={"inbound": message.pk})
        if message.attempts + 1 < MOST_ATTEMPTS:
            return Counter()
        message.status = InboundStatus.PARKED
        message.problem = "Kept could not take this in. Tell your Kept operator."
        return Counter(errors=1)
    if message.status == InboundStatus.STORED:
        message.status, message.problem = InboundStatus.PROCESSED, ""
    return counts


def _taken(message: InboundMessage) -> Counts:
    # Its events could not be told apart, so there is nothing to give to the vendor.
    if message.kind == InboundKind.NOTIFICATION:
        raise Nonsense(message.problem or "This could not be taken in.")
    return face_of(message.vendor).process(message)
