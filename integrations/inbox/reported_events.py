"""What an engagement vendor tells of an enrollment or a patient, once it is in Kept's words."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from campaigns.clock import database_now
from campaigns.domain.values import IN_FLIGHT, EffectKind
from campaigns.intake.events import Received, take_event
from campaigns.models import Effect
from campaigns.vendor_records import EventRecord
from integrations.inbox.claim import MOST_ATTEMPTS
from integrations.models import InboundMessage
from integrations.transport.errors import Nonsense

# For an enrollment whose outcome is unknown; what is parked may stay so for ever.
LONGEST_WAIT = timedelta(days=1)


class TooEarly(Exception):
    """The event is about an enrollment that is just being made: it is taken in a little later."""


def take_reported(message: InboundMessage, record: EventRecord) -> Counter[str]:
    """Take in an answer, a consent, or what became of a message.

    Raises TooEarly, and Nonsense for an answer about a visit that nobody knows.
    """
    received = take_event(message.practice, record, message.received_at)
    # A person should see an answer soon; everything else can wait for what is being made.
    may_wait = record.reply is None or message.attempts + 1 < MOST_ATTEMPTS
    about_one = may_wait and bool(record.enrollment_vendor_id)
    if received is Received.UNMATCHED and about_one and _being_made(message):
        raise TooEarly
    if received is Received.UNMATCHED and record.reply is not None:
        raise Nonsense("A patient answered about an appointment that Kept does not know.")
    return Counter({received.value: 1})


def _being_made(message: InboundMessage) -> bool:
    """Whether an enrollment is on its way whose id the vendor has not told Kept yet."""
    if database_now() - message.received_at > LONGEST_WAIT:
        return False
    making = Effect.objects.filter(
        practice=message.practice,
        kind=EffectKind.ENROLL,
        status__in=IN_FLIGHT,
        first_attempt_at__lte=message.received_at,
    )
    return making.exists()
