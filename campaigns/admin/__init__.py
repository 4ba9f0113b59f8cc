"""The console, one file per subject. Django's autodiscovery imports this package."""

from campaigns.admin import (  # noqa: F401
    appointments,
    appointmenttypes,
    departments,
    effects,
    enrollments,
    practices,
    reference,
    responses,
    rulechanges,
    rules,
    workitems,
)
