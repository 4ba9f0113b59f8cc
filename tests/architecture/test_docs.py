"""The documentation speaks of everything there is, in the words the code uses."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.core.management import find_commands

from campaigns import labels
from campaigns.domain import values
from campaigns.domain.coverage import LEDGER, PRECEDENCE, Code
from campaigns.models import Practice
from campaigns.practices.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
STATES = (ROOT / "docs/states.md").read_text()
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
OURS = ("project", "audit", "campaigns", "integrations")

# Where docs/states.md shows a word, the page shows the same one.
SHOWN: list[dict] = [
    labels.EFFECT_STATUSES,
    labels.OUTCOMES,
    labels.EFFECTS,
    labels.ENROLLMENTS,
    labels.END_REASONS,
    labels.REPLIES,
    labels.REPLY_OUTCOMES,
    labels.WORK_ITEMS,
    labels.RULE_CHANGES,
]


def commands() -> Iterable[str]:
    for name in OURS:
        yield from find_commands(str(Path(apps.get_app_config(name).path) / "management"))


def variables() -> list[str]:
    return re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def cells(page: str) -> list[list[str]]:
    """The rows of a page's tables, their cells without blanks and backticks."""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize("code", list(Code))
def test_every_coverage_code_is_documented_with_its_sentence(code: Code) -> None:
    section = STATES.split(f"\n### {LEDGER[code].state.value}\n")[1].split("\n#")[0]
    assert [code.value, LEDGER[code].sentence] in [row[:2] for row in cells(section)]


def test_the_order_in_which_reasons_are_shown_is_the_documented_one() -> None:
    order = re.search(r"order is\s+shown.*?:\s(.*?)\.\n", STATES, re.DOTALL)
    assert order is not None
    assert re.findall(r"`(\w+)`", order[1]) == [code.value for code in PRECEDENCE]


@pytest.mark.parametrize(
    ("member", "word"), [(member, word) for table in SHOWN for member, word in table.items()]
)
def test_every_state_is_documented_with_the_word_on_screen(member: StrEnum, word: str) -> None:
    assert any(row[0] == member.value and word in row for row in cells(STATES))


def test_every_state_has_a_word_on_screen() -> None:
    enums = [
        values.EffectStatus,
        values.OutcomeKind,
        values.EffectKind,
        values.EnrollmentStatus,
        values.CancelReason,
        values.ReplyKind,
        values.ReplyOutcome,
        values.WorkItemKind,
        values.RuleChangeStatus,
    ]
    assert [set(table) for table in SHOWN] == [set(enum) for enum in enums]


@pytest.mark.parametrize("name", variables())
def test_every_variable_of_the_environment_is_documented(name: str) -> None:
    assert f"`{name}`" in README


def default_of(name: str) -> str:
    """What a setting is until somebody changes it, as the operator would type it."""
    value = SETTINGS[name].kind.show(Practice(), name)
    words = {True: "true", False: "false", "": "none"}
    return words[value] if isinstance(value, bool) or value == "" else f"{value}".removesuffix(".0")


def test_readme_has_the_table_of_settings() -> None:
    rows = [f"| `{n}` | {default_of(n)} | {one.help} |" for n, one in SETTINGS.items()]
    table = "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows])
    assert table in README, f"Put this table into README, Settings of a practice:\n{table}"


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_documented(name: str) -> None:
    assert any(re.match(rf"`{name}\b", row.split("|")[1].strip()) for row in table_rows(README))


def table_rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)
    gone = [target for target in targets if not leads_somewhere(page, unquote(target))]
    assert not gone


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    other = (page.parent / name).resolve() if name else page
    if not other.exists():
        return False
    return not heading or heading in anchors(other.read_text())


def anchors(text: str) -> set[str]:
    """The headings of a page as a reader on the web links to them."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A path in backticks, from the root of the repository; `<vendor>` and `…` stand for any."""
    named = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|html|csv|toml|md))`", page.read_text())
    homes = [ROOT, page.parent, *(ROOT / name for name in OURS), ROOT / "integrations/simulators"]
    homes += [ROOT / "integrations/athenahealth"]
    assert not [name for name in named if not any((home / name).exists() for home in homes)]
