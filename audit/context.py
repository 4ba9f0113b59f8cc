"""Who is acting, and in which request: carried beside the calls, not through each signature."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol

USER = "user"
SYSTEM = "system"


class AuditActorMissing(RuntimeError):
    """An audit event was about to be written with nobody to answer for it."""


class SignedIn(Protocol):
    """What we need to know of a user; Django's own user class fits."""

    @property
    def is_authenticated(self) -> bool: ...

    def get_username(self) -> str: ...


@dataclass(frozen=True)
class Actor:
    kind: str
    name: str


@dataclass(frozen=True)
class Context:
    """The user stays lazy, so that a page which records nothing costs no query."""

    actor: Actor | None = None
    visitor: SignedIn | None = None
    request_id: str = ""
    source_ip: str | None = None


NOBODY = Context()

_context: ContextVar[Context] = ContextVar("audit_context", default=NOBODY)


def current() -> Context:
    return _context.get()


def current_actor() -> Actor:
    """The innermost `acting_as`, else the signed-in visitor of the request, else an error."""
    context = _context.get()
    if context.actor is not None:
        return context.actor
    if context.visitor is not None and context.visitor.is_authenticated:
        return Actor(USER, context.visitor.get_username())
    raise AuditActorMissing("Nobody is acting: wrap the work in acting_as(user=…) or (process=…).")


@contextmanager
def acting_as(*, user: SignedIn | str | None = None, process: str | None = None) -> Iterator[None]:
    """Name who answers for the work inside: a person or one of our own processes, never both."""
    with _entered(replace(_context.get(), actor=_actor(user, process))):
        yield


@contextmanager
def during_request(
    *, visitor: SignedIn | None, request_id: str, source_ip: str | None
) -> Iterator[None]:
    """Forget whatever the thread did before: a request starts with no actor but its visitor."""
    with _entered(Context(visitor=visitor, request_id=request_id, source_ip=source_ip)):
        yield


@contextmanager
def _entered(context: Context) -> Iterator[None]:
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


def _actor(user: SignedIn | str | None, process: str | None) -> Actor:
    if (user is None) == (process is None):
        raise AuditActorMissing("Name exactly one of user and process.")
    if process is not None:
        actor = Actor(SYSTEM, process)
    elif isinstance(user, str):
        actor = Actor(USER, user)
    else:
        assert user is not None
        actor = Actor(USER, user.get_username() if user.is_authenticated else "")
    if not actor.name.strip():
        raise AuditActorMissing("An actor without a name answers for nothing.")
    return actor
