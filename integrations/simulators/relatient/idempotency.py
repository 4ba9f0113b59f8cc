"""Idempotency keys: looked up before anything else, held for seven days, refusals included."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.wrappers import Request

from .call import Reply
from .errors import Refusal

HELD_FOR = timedelta(days=7)
KEY_MAX = 255


@dataclass
class Remembered:
    fingerprint: str
    at: datetime
    reply: Reply | None = None
    refusal: Refusal | None = None

    def replay(self) -> Reply:
        """A success shows the resource as it is now; a refusal stays the refusal it was."""
        if self.refusal:
            raise self.refusal
        assert self.reply is not None
        return self.reply.replayed()


class KeyMemory:
    def __init__(self) -> None:
        self.remembered: dict[str, Remembered] = {}

    def perform(self, request: Request, now: datetime, handle: Callable[[], Reply]) -> Reply:
        key = request.headers.get("Idempotency-Key", "")
        if not key or len(key) > KEY_MAX:
            raise Refusal("idempotency_key_required")
        asked = fingerprint(request)
        known = self.remembered.get(key)
        if known and now - known.at < HELD_FOR:
            if known.fingerprint != asked:
                raise Refusal("idempotency_key_reused")
            return known.replay()
        return self.first_time(key, Remembered(asked, now), handle)

    def first_time(self, key: str, memory: Remembered, handle: Callable[[], Reply]) -> Reply:
        self.remembered[key] = memory
        try:
            memory.reply = handle()
        except Refusal as refusal:
            memory.refusal = refusal
            raise
        return memory.reply


def fingerprint(request: Request) -> str:
    whole = f"{request.method} {request.path}\n".encode() + request.get_data()
    return hashlib.sha256(whole).hexdigest()
