"""Which rule wins."""

from __future__ import annotations

from itertools import pairwise

import pytest

from campaigns.domain.rule_match import VisitKind, is_fallback, is_hole, winner
from campaigns.domain.snapshot import Rule
from campaigns.domain.values import Modality, Risk
from tests.unit.domain.snapshots import (
    CMP,
    CMP_ES,
    CMP_OFFICE,
    CMP_VIDEO,
    LIBRARY,
    a_rule,
)


def a_route(
    risk: Risk = Risk.STANDARD,
    modality: Modality = Modality.IN_PERSON,
    language: str = "es",
) -> VisitKind:
    return VisitKind("82", modality, risk, language, "en")


def best(rules: list[Rule], visit: VisitKind) -> Rule | None:
    first = winner(rules, LIBRARY, visit)
    assert winner(rules[::-1], LIBRARY, visit) == first
    return first


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({"type_id": "82"}, True),
        ({"type_id": "*"}, True),
        ({"type_id": "83"}, False),
        ({"modality": "in_person"}, True),
        ({"modality": "telehealth"}, False),
        ({"risk": "standard"}, True),
        ({"risk": "enhanced"}, False),
        ({"language": "es"}, True),
        ({"language": "es-MX"}, True),
        ({"language": "en"}, True),
        ({"language": "fr"}, False),
        ({"language": "no language"}, False),
    ],
)
def test_a_rule_matches_by_each_of_its_columns(fields: dict[str, str], matches: bool) -> None:
    assert (best([a_rule(**fields)], a_route()) is not None) is matches


# From the most wanted to the least, for a Spanish-speaking patient at enhanced risk.
ORDER = [
    {"type_id": "82", "modality": "in_person", "risk": "enhanced", "language": "es"},
    {"type_id": "82", "modality": "in_person", "risk": "enhanced", "language": "any"},
    {"type_id": "82", "modality": "in_person", "risk": "any", "language": "es"},
    {"type_id": "82", "modality": "in_person", "risk": "any", "language": "any"},
    {"type_id": "82", "modality": "in_person", "risk": "standard", "language": "es"},
    {"type_id": "82", "modality": "any", "risk": "enhanced", "language": "es"},
    {"type_id": "82", "modality": "any", "risk": "any", "language": "any"},
    {"type_id": "82", "modality": "any", "risk": "standard", "language": "any"},
    {"type_id": "*", "modality": "in_person", "risk": "enhanced", "language": "es"},
    {"type_id": "*", "modality": "any", "risk": "standard", "language": "any"},
    {"type_id": "82", "modality": "in_person", "risk": "enhanced", "language": "en"},
    {"type_id": "*", "modality": "any", "risk": "standard", "language": "en"},
]


@pytest.mark.parametrize(("better", "worse"), list(pairwise(ORDER)))
def test_language_then_type_then_modality_then_risk(
    better: dict[str, str], worse: dict[str, str]
) -> None:
    # The better one has the higher id, so that it does not win by age.
    rules = [a_rule(id=1, **worse), a_rule(id=2, **better)]
    found = best(rules, a_route(Risk.ENHANCED))
    assert found is not None
    assert found.id == 2


def test_the_first_of_all_wins_among_all() -> None:
    rules = [a_rule(id=number, **fields) for number, fields in enumerate(ORDER, start=1)]
    found = best(rules, a_route(Risk.ENHANCED))
    assert found is not None
    assert found.id == 1


def test_an_exact_tag_comes_before_its_region() -> None:
    rules = [a_rule(id=1, language="es-MX"), a_rule(id=2, language="es")]
    found = best(rules, a_route())
    assert found is not None
    assert found.id == 2


@pytest.mark.parametrize(
    ("campaign", "modality", "matches"),
    [
        (CMP_OFFICE, Modality.IN_PERSON, True),
        (CMP_OFFICE, Modality.TELEHEALTH, False),
        (CMP_VIDEO, Modality.IN_PERSON, False),
        (CMP_VIDEO, Modality.TELEHEALTH, True),
        (CMP, Modality.TELEHEALTH, True),
        ("", Modality.TELEHEALTH, True),
        # Matches, so that the visit is blocked as campaign_inactive and somebody sees it.
        ("cmp_gone", Modality.TELEHEALTH, True),
    ],
)
def test_a_rule_for_any_modality_fits_only_while_its_campaign_does(
    campaign: str, modality: Modality, matches: bool
) -> None:
    found = best([a_rule(campaign)], a_route(modality=modality))
    assert (found is not None) is matches


def test_the_practices_language_is_a_fallback_and_said() -> None:
    spanish, english = a_rule(CMP_ES, language="es"), a_rule(language="en")
    assert not is_fallback(spanish, a_route())
    assert is_fallback(english, a_route())
    assert not is_fallback(english, a_route(language="en"))
    assert not is_fallback(a_rule(), a_route())


def test_standard_for_an_enhanced_visit_is_a_hole() -> None:
    assert is_hole(a_rule(risk="standard"), a_route(Risk.ENHANCED))
    assert not is_hole(a_rule(risk="standard"), a_route())
    assert not is_hole(a_rule(risk="any"), a_route(Risk.ENHANCED))


def test_without_rules_nobody_wins() -> None:
    assert best([], a_route()) is None
