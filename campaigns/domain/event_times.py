"""When something was said, where the sender's clock and ours do not agree."""

from __future__ import annotations

from datetime import datetime, timedelta

# As far as clocks may differ; what is dated further ahead of its receipt is a wrong date.
TOLERANCE = timedelta(minutes=5)


def when_said(dated: datetime, received_at: datetime) -> datetime:
    """The moment that counts: a date too far ahead of the receipt would beat every later word."""
    return received_at if dated > received_at + TOLERANCE else dated
