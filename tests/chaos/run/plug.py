"""Pulls plugs: which process is killed when, and when the database goes away and comes back."""

from __future__ import annotations

import logging
import time
from random import Random

from tests.chaos.run.databases import Database
from tests.chaos.run.plan import Plan
from tests.chaos.run.product import Product

DATABASE_AWAY = 2.0

logger = logging.getLogger("chaos")


class Plug:
    """Its own timetable, in the seconds of life; the database is away by the clock on the wall."""

    def __init__(self, plan: Plan, chance: Random, product: Product, database: Database) -> None:
        self.product, self.database = product, database
        self._kills = sorted(chance.uniform(0.05, 0.97) * plan.seconds for _ in range(plan.kills))
        self._crash_at: float | None = 0.5 * plan.seconds
        self._back_at: float | None = None

    def pull(self, second: float) -> None:
        """Everything that is due by this second of life."""
        while self._kills and self._kills[0] <= second:
            self._kills.pop(0)
            logger.info("killed %s", self.product.kill_one())
        if self._crash_at is not None and second >= self._crash_at:
            self._crash_at = None
            self.database.crash()
            self._back_at = time.monotonic() + DATABASE_AWAY
        if self._back_at is not None and time.monotonic() >= self._back_at:
            self.put_back()

    def put_back(self) -> None:
        """The database is there again, if it was away."""
        if self._back_at is not None:
            self._back_at = None
            self.database.start()
