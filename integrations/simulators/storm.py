"""A storm of faults: each vendor call may go wrong, by shares and from a seed.

The n-th call of a storm meets the same fault again in a storm of the same seed and shares, whatever
the calls are; a fault that makes no sense for the call, such as a cut page for a write, lets it
pass.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from .faults import Fault
from .relatient.gateway import PREFIX as RELATIENT
from .relatient.times import instant, read_instant

Json = dict[str, Any]

LISTS = re.compile(
    r"/appointments/(booked|changed|open|waitlist)(/multipledepartment)?$|/patients/changed$"
    r"|/patients/[^/]+/(appointments|enrollments|patientcases)$|/appointments/[^/]+/notes$"
    r"|/v1/\d+/(departments|providers|appointmenttypes|appointmentcancelreasons)$"
    r"|/fhir/r4/Subscription$|/relatient/v1/(campaigns|enrollments|events)$"
    r"|/enrollments/[^/]+/messages$"
)
SLOW_SECONDS = (0.2, 1.0)
RETRY_AFTER_SECONDS = "1"


class Call(NamedTuple):
    method: str
    path: str
    seed: int

    @property
    def is_relatient(self) -> bool:
        return self.path.startswith(RELATIENT)

    @property
    def is_token(self) -> bool:
        return self.path.startswith("/oauth2/")

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and LISTS.search(self.path) is not None


def broken(call: Call, status: int) -> Fault:
    words = "Something went wrong."
    if call.is_relatient:
        return Fault("status", status=status, body=refusal("internal_error", words))
    if call.seed % 2:
        return Fault("status", status=status, body="<h1>Service Unavailable</h1>")
    return Fault("status", status=status, body={"error": words})


def refusal(code: str, title: str) -> Json:
    return {"code": code, "title": title, "request_id": "req_storm", "retryable": True}


def throttled(call: Call, **headers: str) -> Fault:
    body = refusal("rate_limited", "Too many requests.") if call.is_relatient else FAULT
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault("status", status=429, body=body, headers=named)


FAULT = {
    "fault": {
        "faultstring": "Rate limit quota violation.",
        "detail": {"errorcode": "policies.ratelimit.QuotaViolation"},
    }
}


def throttled_in_text(call: Call) -> Fault | None:
    if call.is_relatient:
        return None
    return Fault("status", status=403, body="<h1>Developer Over Qps</h1>")


def throttled_by_gateway(call: Call) -> Fault | None:
    return None if call.is_relatient else Fault("status", status=403, body=FAULT)


def unauthorized(call: Call) -> Fault | None:
    return None if call.is_relatient or call.is_token else Fault("unauthorized")


def soft_failure(call: Call) -> Fault | None:
    """A 200 that refused: of athenahealth's writes only."""
    if call.is_relatient or call.is_token or call.method == "GET":
        return None
    body = {"success": "false", "errormessage": "The request could not be processed."}
    return Fault("status", status=200, body=body)


def of_lists(kind: str) -> Callable[[Call], Fault | None]:
    return lambda call: Fault(kind, seed=call.seed) if call.is_list else None


def slow(call: Call) -> Fault:
    return Fault("slow", delay_seconds=Random(call.seed).uniform(*SLOW_SECONDS))


def plain(kind: str) -> Callable[[Call], Fault | None]:
    return lambda call: Fault(kind)


MAKERS: dict[str, Callable[[Call], Fault | None]] = {
    "500": lambda call: broken(call, 500),
    "503": lambda call: broken(call, 503),
    "reset_before": plain("reset_before"),
    "reset_after": plain("reset_after"),
    "timeout_before": plain("timeout_before"),
    "timeout_after": plain("timeout_after"),
    "timeout_late": plain("timeout_late"),
    "throttle_429": throttled,
    "throttle_429_retry_after": lambda call: throttled(call, Retry_After=RETRY_AFTER_SECONDS),
    "throttle_text_403": throttled_in_text,
    "throttle_fault_json": throttled_by_gateway,
    "unauthorized_401": unauthorized,
    "garbage": plain("garbage"),
    "soft_failure": soft_failure,
    "cut_page": of_lists("cut_page"),
    "duplicate_rows": of_lists("duplicate_rows"),
    "reorder_rows": of_lists("reorder_rows"),
    "slow": slow,
}


class Storm:
    """Calm until it is ordered; the counts of the last storm stay until the next one."""

    def __init__(self) -> None:
        self.raging = False
        self.calls = 0
        self.counts: Counter[str] = Counter()
        self.order: Json = {}
        self.path = re.compile("")
        self.until: datetime | None = None

    def begin(
        self,
        seed: int = 1,
        share: dict[str, float] | None = None,
        path: str = "",
        until: str | None = None,
        delay_seconds: float = 3.0,
        late_seconds: float = 1.0,
    ) -> None:
        """`share` is kind -> probability, together at most 1; `path` what addresses must hold."""
        shares = share or {}
        if unknown := sorted(set(shares) - set(MAKERS)):
            raise ValueError(f"unknown kinds: {', '.join(unknown)}; there are {', '.join(MAKERS)}")
        if sum(shares.values()) > 1 or min(shares.values(), default=0) < 0:
            raise ValueError("shares are probabilities and add up to at most 1")
        self.path = re.compile(path)
        self.until = read_instant(until) if until else None
        self.order = {"seed": seed, "share": shares, "path": path}
        self.order |= {"delay_seconds": delay_seconds, "late_seconds": late_seconds}
        self.calls, self.counts, self.raging = 0, Counter(), True

    def end(self) -> None:
        self.raging = False

    def take(self, method: str, path: str, now: datetime) -> Fault | None:
        """What happens to this call, if anything; counts it."""
        if not self.raging or (self.until and now >= self.until) or not self.path.search(path):
            return None
        self.calls += 1
        rng = Random(f"{self.order['seed']}:{self.calls}")
        kind = self.drawn(rng.random())
        if kind is None:
            return None
        fault = MAKERS[kind](Call(method, path, rng.getrandbits(31)))
        if fault is None:
            return None
        if fault.kind.startswith("timeout"):
            fault.delay_seconds = self.order["delay_seconds"]
            fault.late_seconds = self.order["late_seconds"]
        self.counts[kind] += 1
        return fault

    def drawn(self, roll: float) -> str | None:
        for kind, share in self.order["share"].items():
            roll -= share
            if roll < 0:
                return str(kind)
        return None

    def shown(self) -> Json:
        return {
            "raging": self.raging,
            **self.order,
            "until": instant(self.until) if self.until else None,
            "calls": self.calls,
            "counts": dict(self.counts),
            "faults": sum(self.counts.values()),
        }
