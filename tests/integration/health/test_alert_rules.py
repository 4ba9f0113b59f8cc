"""The example alerts ask for numbers that exist, and lead to sections that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from tests.architecture.test_docs import anchors

ROOT = Path(__file__).resolve().parents[3]
GROUPS = yaml.safe_load((ROOT / "docs/operations/kept.rules.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
RUNBOOK = "docs/runbook.md"
# What a person must be told of; an alert on any of them may not be lost.
WATCHED = {
    "kept_audit_trail_protected",
    "kept_connection_circuit_open",
    "kept_connection_paused",
    "kept_effects",
    "kept_feed_last_success_timestamp_seconds",
    "kept_heartbeat_age_seconds",
    "kept_inbox_lag_seconds",
    "kept_looks_put_off",
    "kept_oldest_due_effect_age_seconds",
    "kept_oldest_due_look_age_seconds",
    "kept_quota_remaining",
    "kept_subscription_ends_timestamp_seconds",
    "kept_subscription_silent",
}


def asked_for(rule: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\bkept_\w+", rule["expr"]))


@pytest.fixture
def told(client: Client, db: None) -> set[str]:
    """Every number that /metrics offers, even while it has nothing to say of it."""
    page = client.get("/metrics").content.decode()
    return set(re.findall(r"^# TYPE (\w+) gauge$", page, re.MULTILINE))


def test_every_number_an_alert_asks_for_exists(told: set[str]) -> None:
    asked = set().union(*map(asked_for, RULES))
    assert asked <= told
    assert asked >= WATCHED


def test_names_are_not_used_twice() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["annotations"]["summary"].endswith(".")
    page, _, section = rule["annotations"]["runbook"].partition("#")
    assert page == RUNBOOK
    assert section in anchors((ROOT / RUNBOOK).read_text())
