"""Reads what the simulated vendors hold, from another process."""

import json
from typing import Any
from urllib.request import urlopen

SECONDS = 20


def books(url: str) -> dict[str, Any]:
    """Both vendors' books; see control.py for their shape."""
    with urlopen(f"{url}/_sim/state", timeout=SECONDS) as reply:
        state: dict[str, Any] = json.load(reply)
    return state
