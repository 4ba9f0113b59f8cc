"""Counting calls in fixed windows, the way both vendors' gateways do."""

from datetime import datetime


class Window:
    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.slot = -1
        self.used = 0

    def take(self, now: datetime, limit: int) -> int:
        """Count one call; how many are left after it, negative when it was one too many."""
        slot = int(now.timestamp()) // self.seconds
        if slot != self.slot:
            self.slot, self.used = slot, 0
        self.used += 1
        return limit - self.used

    def seconds_left(self, now: datetime) -> int:
        return self.seconds - int(now.timestamp()) % self.seconds
