"""What the steps of a decision found on their way, and what stands in the way of a reminder."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.domain.coverage import PRECEDENCE, Code
from campaigns.domain.decision import Finding


@dataclass
class Findings:
    """What was found so far, and the reasons against an enrollment."""

    found: list[Finding] = field(default_factory=list)
    reasons: set[Code] = field(default_factory=set)

    def add(self, step: str, input: str, result: str, reason: Code | None = None) -> None:
        """Keep a finding, and the reason it gives if it stands in the way."""
        self.found.append(Finding(step, input, result))
        if reason is not None:
            self.reasons.add(reason)

    def first(self) -> Code | None:
        """The reason that is shown, by precedence."""
        return next((code for code in PRECEDENCE if code in self.reasons), None)
