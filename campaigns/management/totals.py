"""Adding up the reports of several practices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def totals(nothing: Mapping[str, Any], reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Each key over all practices, starting from the keys a command always reports."""
    result = dict(nothing)
    for report in reports:
        for key, value in report.items():
            result[key] = added(result[key], value) if key in result else value
    return result


def added(one: Any, other: Any) -> Any:
    """Numbers are summed, lists joined, true only when both are; anything else: the later."""
    if isinstance(one, bool) and isinstance(other, bool):
        return one and other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return totals(one, [other])
    return other
