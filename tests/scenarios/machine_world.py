"""A clinic that can be begun anew within one test, and a process that dies at a named point."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from campaigns.models import Effect
from integrations.models import FeedCursor, InboundMessage
from tests.chaos.die_at import POINTS

LONG_AGO = "2020-01-01T00:00:00Z"


class Died(BaseException):
    """What no handler of the product may catch: the process is gone."""


@contextmanager
def dies_at(point: str, after: int) -> Iterator[None]:
    """Die when a step of the loop has ended for the so-and-so-manieth time, if it comes to that."""
    module, name = POINTS[point]
    target = importlib.import_module(module)
    with mock.patch.object(target, name, _deadly(getattr(target, name), after)):
        try:
            yield
        except Died:
            _left_behind()


def _deadly(function: Any, after: int) -> Any:
    left = after

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        result = function(*args, **kwargs)
        left -= 1
        if left < 0:
            raise Died
        return result

    return wrapped


def _left_behind() -> None:
    """Time passes: whatever the dead process held is leased to nobody any more.

    Its `finally` clauses have run here, so the lease on a feed that was being read is laid again.
    """
    FeedCursor.objects.filter(dirty=True).update(lease_token="dead", lease_until=LONG_AGO)
    InboundMessage.objects.exclude(lease_token="").update(lease_until=LONG_AGO)
    Effect.objects.filter(status="claimed").update(lease_until=LONG_AGO)
