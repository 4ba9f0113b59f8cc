"""`explain ID --json` and its human twin, for one visit of each code, staged over real HTTP."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.domain.coverage import LEDGER, Code
from tests.scenarios.code_stages import EXAMPLES, brought_to
from tests.scenarios.shared_clinic import SharedClinic

Story = dict[str, Any]
# What every patient of these stories has, and no explanation may hold.
PRIVATE = ("Nova", "Exemplar", "617226", "nova.exemplar", "6172275678", "+1617", "04/05/1979")


def test_every_code_of_the_ledger_has_an_example() -> None:
    assert set(EXAMPLES) == set(Code)


@pytest.mark.parametrize("code", list(Code))
def test_the_code_is_explained(ward: SharedClinic, code: Code) -> None:
    visit = brought_to(code, ward)
    story = _explained(visit)
    assert story["coverage"] == {
        "state": LEDGER[code].state,
        "code": code,
        "sentence": LEDGER[code].sentence,
    }
    assert story["appointment"]["id"] == visit
    _the_chain_ends_in(code, story)
    text = _said(visit)
    assert text.splitlines()[1].endswith(LEDGER[code].sentence)
    assert "Why:" in text and "What happened:" in text
    _nothing_private(json.dumps(story))
    _nothing_private(text)


LED_THERE = {
    Code.OPTED_OUT: ("consents", {"channel": "voice", "state": "opted_out"}),
    Code.ENDED_ELSEWHERE: ("enrollments", {"status": "cancelled", "ended_elsewhere": True}),
    Code.RESCHEDULED: ("lineage", {"is": "replacement", "status": "scheduled"}),
    Code.STOPPED_BY_STAFF: ("instructions", {"kind": "stopped", "withdrawn_at": None}),
    Code.NO_CONTACT_CHANNEL: ("work_items", {"kind": "no_contact", "closed_at": None}),
    Code.TOO_LATE: ("observations", {"what": "visit_last_read"}),
}


@pytest.mark.parametrize("code", LED_THERE)
def test_what_led_there_is_told(ward: SharedClinic, code: Code) -> None:
    where, what = LED_THERE[code]
    told = _explained(brought_to(code, ward))[where][-1]
    assert {name: told[name] for name in what} == what


def _the_chain_ends_in(code: Code, story: Story) -> None:
    """Each decision has findings and their conclusion; each effect its attempts."""
    assert story["decisions"], "nobody decided anything"
    for decision in story["decisions"]:
        assert decision["findings"]
        assert all(set(found) == {"filter", "saw", "concluded"} for found in decision["findings"])
        assert decision["findings"][-1]["concluded"] == decision["code"]
    last = story["decisions"][-1]
    assert (last["code"], last["state"]) == (code, LEDGER[code].state)
    for effect in story["effects"]:
        assert (
            effect["status"] == "queued" or effect["status"] == "superseded" or effect["attempts"]
        )
        assert [one["number"] for one in effect["attempts"]] == list(
            range(1, len(effect["attempts"]) + 1)
        )


def _nothing_private(text: str) -> None:
    assert [word for word in PRIVATE if word in text] == []


def _explained(visit: str) -> Story:
    """Exactly one JSON object on standard output."""
    printed = _output(visit, json=True)
    story = json.loads(printed)
    assert isinstance(story, dict)
    assert printed.strip().count("\n") == 0
    assert set(story) >= {"appointment", "coverage", "decisions", "effects", "responses"}
    return story


def _said(visit: str) -> str:
    return _output(visit, json=False)


def _output(visit: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("explain", visit, stdout=out, **options)
    return out.getvalue()
