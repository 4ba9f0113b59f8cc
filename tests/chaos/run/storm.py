"""Faults at the vendors while life goes on, by shares and drawn from the seed."""

from __future__ import annotations

from random import Random

from tests.chaos.run.town import Town

# kind -> probability of one call; see integrations/simulators/storm.py. Most make sense for some
# calls only: about one call in eight meets one.
SHARES = {
    "500": 0.010,
    "503": 0.010,
    "reset_before": 0.010,
    "reset_after": 0.012,
    "timeout_before": 0.003,
    "timeout_after": 0.006,
    "timeout_late": 0.005,
    "throttle_429": 0.005,
    "throttle_429_retry_after": 0.005,
    "throttle_text_403": 0.003,
    "throttle_fault_json": 0.003,
    "unauthorized_401": 0.010,
    "garbage": 0.006,
    "soft_failure": 0.010,
    "cut_page": 0.040,
    "duplicate_rows": 0.050,
    "reorder_rows": 0.050,
    "slow": 0.020,
}
# Longer than a call may take in the run (apps.py), or shorter: both happen.
DELAY_SECONDS = 3.0
LATE_SECONDS = 1.5
# Tokens apart: throttling there stops all for the rest of a minute, as it does in production.
OF_TOKENS = (
    {"kind": "status", "status": 503, "path": "^/oauth2/", "skip": 0},
    {"kind": "garbage", "path": "^/oauth2/", "skip": 0},
    {"kind": "reset_after", "path": "^/oauth2/", "skip": 1},
)
WEBHOOKS = {
    "webhook_duplicate": 0.15,
    "webhook_shuffle": 0.3,
    "webhook_batch": 5,
    "webhook_retry_seconds": 0.5,
}


# Where the vendors' behaviour is unconfirmed, each seed draws a position.
UNCONFIRMED = {
    "confirmation_echo": [True, False],
    "feed_collapse": [True, False],
    "merged_patient_read": ["404", "survivor"],
    "webhook_form": ["r4b", "r4"],
    "webhook_handshake": [True, False],
    "proper_json": [True, False],
}
# Renewed now and then; athenahealth's own last an hour.
TOKEN_SECONDS = 150


def positions(seed: int) -> dict[str, object]:
    """How this run's vendors behave where nobody knows."""
    chance = Random(f"unconfirmed:{seed}")
    return {name: chance.choice(either) for name, either in UNCONFIRMED.items()}


class Storm:
    """Begins with life and ends with it."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.seed = town, seed
        self._of_tokens = 0

    def begin(self) -> None:
        """From now on any call may go wrong, and webhooks come twice and in no order."""
        with self.town.simulation.lock:
            self.town.simulation.switches.apply(
                WEBHOOKS | {"token_lifetime_seconds": TOKEN_SECONDS}
            )
            self.town.simulation.faults.order([dict(one) for one in OF_TOKENS])
            self.town.simulation.storm.begin(
                seed=self.seed,
                share=SHARES,
                path=r"^/(?!oauth2/)",
                delay_seconds=DELAY_SECONDS,
                late_seconds=LATE_SECONDS,
            )

    def end(self) -> None:
        """No more of it."""
        with self.town.simulation.lock:
            self.town.simulation.storm.end()
            left = sum(one["times"] for one in self.town.simulation.faults.remaining())
            self._of_tokens = len(OF_TOKENS) - left
            self.town.simulation.faults.clear()
            self.town.simulation.switches.apply({"webhook_duplicate": 0.0, "webhook_shuffle": 0.0})

    def counts(self) -> dict[str, int]:
        """How often each kind struck."""
        counts = self.town.simulation.storm.counts
        return dict(sorted(counts.items())) | {"of tokens": self._of_tokens}
