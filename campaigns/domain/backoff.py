"""When to try again: doubling delays with jitter, or the time the vendor named."""

from __future__ import annotations


def delay_seconds(
    attempts: int, *, base: float, ceiling: float, jitter: float, asked: float | None = None
) -> float:
    """Seconds to wait after this many attempts.

    `jitter` is a number from 0 to 1 drawn by the caller; the delay is spread over its upper half
    so that many effects refused together do not come back together. A time the vendor asked for
    is never undercut.
    """
    doubled = min(ceiling, base * 2.0 ** min(attempts - 1, 30))
    spread = doubled * (0.5 + jitter / 2)
    return max(spread, asked or 0.0)
