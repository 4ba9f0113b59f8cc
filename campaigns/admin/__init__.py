"""The console, one file per subject. Django's autodiscovery imports this package."""

from campaigns.admin import (  # noqa: F401
    appointment_types,
    appointments,
    departments,
    effects,
    enrollments,
    practices,
    reference,
    responses,
    rule_changes,
    rules,
    work_items,
)
