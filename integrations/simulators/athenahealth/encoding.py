"""The two JSON dialects of an API key, chosen by its "proper JSON encoding" switch."""

from typing import Any

# Counts stayed numbers in the recordings of either era.
ALWAYS_NUMBERS = {"totalcount"}


def encode(payload: Any, proper: bool) -> Any:
    """Proper: as it is. Otherwise numbers and booleans inside objects arrive as strings."""
    return payload if proper or not isinstance(payload, dict | list) else stringified(payload)


def stringified(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: one if key in ALWAYS_NUMBERS else stringified(one) for key, one in value.items()
        }
    if isinstance(value, list):
        return [stringified(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value
