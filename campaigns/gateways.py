"""The gateways in force, named by dotted path in settings.KEPT_GATEWAYS (as EMAIL_BACKEND is).

Campaigns never import a vendor; they ask here. Each path names a function:
`ehr` and `engagement` take (practice, deadline=, guard=); `paused` and `heard` take (practice);
`take_in` takes (practices, stopping).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import Deadline, EhrGateway, EngagementGateway, Guard


def ehr(practice: str, *, deadline: Deadline, guard: Guard) -> EhrGateway:
    """The chart of a practice (by athenahealth's practice id)."""
    build = import_string(settings.KEPT_GATEWAYS["ehr"])
    return cast(EhrGateway, build(practice, deadline=deadline, guard=guard))


def engagement(practice: str, *, deadline: Deadline, guard: Guard) -> EngagementGateway:
    """Who reminds the patients of a practice (by athenahealth's practice id)."""
    build = import_string(settings.KEPT_GATEWAYS["engagement"])
    return cast(EngagementGateway, build(practice, deadline=deadline, guard=guard))


def paused(practice: str) -> frozenset[System]:
    """The systems to which nothing may be sent at present."""
    ask = import_string(settings.KEPT_GATEWAYS["paused"])
    return cast("frozenset[System]", ask(practice))


def heard(practice: str) -> tuple[datetime | None, datetime | None]:
    """When the chart's changes last arrived, and when they are asked for next; None for never."""
    ask = import_string(settings.KEPT_GATEWAYS["heard"])
    return cast("tuple[datetime | None, datetime | None]", ask(practice))


def take_in(practices: list[Practice], stopping: Callable[[], bool]) -> None:
    """Take in what the vendors sent these practices, until `stopping` says so or all is done."""
    import_string(settings.KEPT_GATEWAYS["take_in"])(practices, stopping)
