"""What a change of the rules does to the visits ahead, in the words of the mapping's pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from campaigns.decisions.practice_snapshot import rules_of
from campaigns.domain.snapshot import Rule
from campaigns.mapping import rule_text
from campaigns.mapping.preview import Preview, preview
from campaigns.mapping.rule_text import visits_
from campaigns.models import Practice

NOTHING_MOVES = "No visit changes its campaign."


@dataclass(frozen=True)
class ChangePreview:
    """A change before it is saved; texts are whole sentences.

    `also` says what more would happen with the tick "Also move those"; `approval` is empty where
    no second person is needed.
    """

    lines: list[str]
    sentences: list[str]
    staying: int
    also: list[str]
    approval: str

    @property
    def any(self) -> bool:
        """Whether the rules in force would be others."""
        return bool(self.lines)


def preview_of(practice: Practice, after: Iterable[Rule], include_messaged: bool) -> ChangePreview:
    """Preview the change and put it into words; nothing is written."""
    before, after = rules_of(practice), tuple(after)
    found = preview(practice, after, include_messaged, before)
    names = rule_text.campaign_names(practice)
    # The tick is offered while some visits stay, and stays on the page once it is ticked.
    staying = preview(practice, after, False, before).staying if include_messaged else found.staying
    also = preview(practice, after, True, before) if staying and not include_messaged else None
    lines = rule_text.lines_changed(practice, map(astuple, before), map(astuple, after))
    return ChangePreview(
        lines,
        _sentences(found, names),
        staying,
        _with_those(also, practice.hold_share, found) if also else [],
        _approval(found, practice.hold_share),
    )


def _sentences(found: Preview, names: Mapping[str, str]) -> list[str]:
    moves = [_move(*move, names) for move in found.moves]
    rest = [*rule_text.staying(found.staying), *rule_text.undecided(found.undecided)]
    return [*(moves or [NOTHING_MOVES]), *rest]


def _move(before: str, after: str, visits: int, names: Mapping[str, str]) -> str:
    one = visits == 1
    if not before:
        first = "gets its" if one else "get their"
        return f"{visits_(visits)} {first} first reminders, from {names.get(after, after)}."
    if not after:
        verb = "loses its" if one else "lose their"
        return f"{visits_(visits)} {verb} reminders, now from {names.get(before, before)}."
    return rule_text.moved([(before, after, visits)], names)[0]


def _approval(found: Preview, hold_share: float) -> str:
    if not found.needs_approval(hold_share):
        return ""
    return rule_text.held(found.moving, found.upcoming)


def _with_those(also: Preview, hold_share: float, without: Preview) -> list[str]:
    said = [f"With them, {visits_(also.moving)} that {_are(also.moving)} enrolled would move."]
    if also.needs_approval(hold_share) and not without.needs_approval(hold_share):
        said.append("That many need the approval of a second person.")
    return said


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
