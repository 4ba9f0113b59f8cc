"""The console's menu, in the order in which its people work. settings.UNFOLD names `sidebar`."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

# Heading, then label, model and icon. Whoever may not see a model does not see its link.
MENU = (
    (
        "Every day",
        (
            ("Appointments", "campaigns.appointment", "event"),
            ("Work items", "campaigns.workitem", "assignment_late"),
            ("Effects", "campaigns.effect", "outbox"),
            ("Responses", "campaigns.response", "forum"),
            ("Enrollments", "campaigns.enrollment", "notifications_active"),
        ),
    ),
    (
        "Who gets what",
        (
            ("Campaign rules", "campaigns.campaignrule", "rule"),
            ("Changes of the rules", "campaigns.rulechange", "published_with_changes"),
            ("Appointment types", "campaigns.appointmenttype", "category"),
            ("Campaigns", "campaigns.campaign", "campaign"),
            ("Decisions", "campaigns.decisionrecord", "gavel"),
            ("Staff instructions", "campaigns.staffinstruction", "sticky_note_2"),
        ),
    ),
    (
        "The practice",
        (
            ("Settings", "campaigns.practice", "tune"),
            ("Departments", "campaigns.department", "apartment"),
            ("Providers", "campaigns.provider", "stethoscope"),
            ("Cancel reasons", "campaigns.chartcancelreason", "event_busy"),
            ("Confirmation statuses", "campaigns.confirmationstatus", "event_available"),
            ("People", "project.user", "group"),
        ),
    ),
    (
        "Connections",
        (
            ("Connections", "integrations.connection", "cable"),
            ("Event subscriptions", "integrations.eventsubscription", "notifications"),
            ("Sync runs", "integrations.syncrun", "sync"),
            ("Feeds", "integrations.feedcursor", "rss_feed"),
            ("Inbound messages", "integrations.inboundmessage", "inbox"),
            ("Unknown values", "integrations.unknownvalue", "help"),
            ("Calls to vendors", "integrations.httpexchange", "swap_horiz"),
        ),
    ),
    (
        "Oversight",
        (
            ("Audit trail", "audit.auditevent", "history"),
            ("Locked sign-ins", "axes.accessattempt", "lock_person"),
            ("Schedules", "django_q.schedule", "schedule"),
            ("Finished tasks", "django_q.success", "task_alt"),
            ("Failed tasks", "django_q.failure", "error"),
            ("Waiting tasks", "django_q.ormq", "hourglass_empty"),
            ("Roles", "auth.group", "badge"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The headings with the links that this visitor may follow."""
    return [
        {
            "title": heading,
            "separator": heading != MENU[0][0],
            "collapsible": False,
            "items": [
                _link(label, model, icon)
                for label, model, icon in links
                if _may_see(request.user, model)
            ],
        }
        for heading, links in MENU
    ]


def _may_see(user: Any, model: str) -> bool:
    app, _, name = model.partition(".")
    return bool(user.has_perm(f"{app}.view_{name}") or user.has_perm(f"{app}.change_{name}"))


def _link(label: str, model: str, icon: str) -> dict[str, Any]:
    name = model.replace(".", "_")
    return {"title": label, "icon": icon, "link": reverse(f"admin:{name}_changelist")}
