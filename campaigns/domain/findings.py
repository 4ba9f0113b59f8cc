"""What the filters of a decision found on their way, and what stands in the way of a reminder."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.domain.coverage import PRECEDENCE, Code
from campaigns.domain.decision import Finding


@dataclass
class Notes:
    """The findings so far, and the reasons against an enrollment."""

    findings: list[Finding] = field(default_factory=list)
    reasons: set[Code] = field(default_factory=set)

    def say(self, filter_: str, saw: str, concluded: str, reason: Code | None = None) -> None:
        """Keep a finding, and the reason it gives if it stands in the way."""
        self.findings.append(Finding(filter_, saw, concluded))
        if reason is not None:
            self.reasons.add(reason)

    def first(self) -> Code | None:
        """The reason that is shown, by precedence."""
        return next((code for code in PRECEDENCE if code in self.reasons), None)
