"""Windows of a feed that may hold rows which were read and are stored nowhere.

Whoever has to read a window again marks it here; the next pull does it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.models import FeedCursor

# A database that was silent for longer may be a copy whose original went on in the meantime. Longer
# than the slowest regular poll (integrations/feeds/poll_interval.py).
SILENCE = timedelta(hours=2)
# The vendor's clock may differ from ours; a window is read again with this much on either side.
CLOCK_MARGIN = timedelta(minutes=5)
# How far ahead visits are booked, for filling a gap that nobody told of.
GAP_DAYS_AHEAD = 365


def mark_for_reread(cursor: FeedCursor) -> None:
    """Mark everything read since the last good poll to be read once more; the caller saves."""
    open_since = cursor.window_start if cursor.dirty else None
    since = earliest(open_since, cursor.last_success_at)
    if since is not None:
        cursor.window_start, cursor.dirty = since, True


def earliest(*moments: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    return min((moment for moment in moments if moment is not None), default=None)


def mark_if_long_unread(cursor: FeedCursor, now: datetime) -> None:
    """Mark a feed that was not read for long to be read as after a restore.

    Whoever restores a backup may forget to say so. After a mere outage nothing was processed
    meanwhile: then this costs one call.
    """
    last = cursor.last_success_at
    if last is None or now - last < SILENCE:
        return
    mark_for_reread(cursor)
    cursor.save(update_fields=["window_start", "dirty"])
