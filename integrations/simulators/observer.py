"""Reads what the simulated vendors hold, and sets one thing up there, from another process."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

SECONDS = 20


def books(url: str) -> dict[str, Any]:
    """Both vendors' books; see control.py for their shape."""
    return _read(f"{url}/_sim/state")


def ledger(url: str, after: int = 0) -> Iterator[dict[str, Any]]:
    """What changed at both vendors behind the entry `after`, in order; see control.py."""
    more = True
    while more:
        page = _read(f"{url}/_sim/ledger?after={after}")
        yield from page["entries"]
        after, more = page["last"], page["more"]


def register_webhook(url: str, address: str, secret: str) -> None:
    """What a practice asks of Relatient's support by mail: events are sent there from now on."""
    body = json.dumps({"url": address, "secret": secret}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}/_sim/relatient/webhook", body, headers), timeout=SECONDS):
        pass


def _read(address: str) -> dict[str, Any]:
    with urlopen(address, timeout=SECONDS) as reply:
        answer: dict[str, Any] = json.load(reply)
    return answer
