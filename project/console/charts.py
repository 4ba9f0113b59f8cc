"""Small bar charts, drawn on the server: they need no script, print well, and can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 280, 64
_GAP = 4


@dataclass(frozen=True)
class Bar:
    """One bar in the units of the drawing; `y` counts from the top."""

    x: int
    y: int
    width: int
    height: int


def bars(numbers: Sequence[int]) -> list[Bar]:
    """The largest fills the height; what is not zero can always be seen."""
    if not numbers:
        return []
    step, top = WIDTH // len(numbers), max(numbers)
    drawn = []
    for place, number in enumerate(numbers):
        height = max(2, number * HEIGHT // top) if number else 0
        drawn.append(Bar(place * step, HEIGHT - height, step - _GAP, height))
    return drawn
