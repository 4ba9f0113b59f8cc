"""The chart is not what a decision believed: nothing is written, and it is decided anew."""

from __future__ import annotations

from collections.abc import Callable


class MovedOn(Exception):
    """Raised before a chart write; `observe` stores what was read instead."""

    def __init__(self, observe: Callable[[], object]) -> None:
        super().__init__("the chart has moved on")
        self.observe = observe
