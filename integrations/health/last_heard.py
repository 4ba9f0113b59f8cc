"""When a vendor was last heard; settings.KEPT_GATEWAYS names `chart_heard`."""

from __future__ import annotations

from datetime import datetime

from integrations.models import Feed, FeedCursor


def chart_heard(practice: str) -> tuple[datetime | None, datetime | None]:
    """When the changed appointments of a practice (by athenahealth's id) last arrived, and
    when they are read next: while events flow, later than usual (feeds/poll_interval.py).
    """
    cursors = FeedCursor.objects.filter(practice__external_id=practice, feed=Feed.APPOINTMENTS)
    return cursors.values_list("last_success_at", "next_poll_at").first() or (None, None)
