"""The life of an enrollment: one table of what may follow what."""

from __future__ import annotations

from campaigns.domain.values import EnrollmentStatus as S

TRANSITIONS: dict[S, frozenset[S]] = {
    # A queued enroll that is superseded before it was sent ends without having begun.
    S.WANTED: frozenset({S.ENROLLING, S.CANCELLED}),
    # Back to wanted only when the vendor certainly did nothing (429, refused connection).
    S.ENROLLING: frozenset({S.WANTED, S.ACTIVE, S.COMPLETED, S.CANCELLED, S.FAILED}),
    S.ACTIVE: frozenset({S.COMPLETED, S.CANCELLING, S.CANCELLED}),
    # A cancel may find the enrollment completed; a refused cancel leaves it active.
    S.CANCELLING: frozenset({S.CANCELLED, S.COMPLETED, S.ACTIVE}),
    S.COMPLETED: frozenset({S.CANCELLING, S.CANCELLED}),
    S.CANCELLED: frozenset(),
    S.FAILED: frozenset(),
}

LIVE = frozenset({S.WANTED, S.ENROLLING, S.ACTIVE, S.CANCELLING})
# Relatient has it, or is about to, and nobody has called it off.
REMINDING = frozenset({S.ENROLLING, S.ACTIVE, S.COMPLETED})


def may_become(now: S, then: S) -> bool:
    """Whether an enrollment in one status may move to another (staying is always allowed)."""
    return now == then or then in TRANSITIONS[now]
