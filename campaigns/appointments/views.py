"""The page of one visit: what happened since Kept first saw it, and what a person may do
about it.
"""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.access import open_to, practices_of, visit_actions_of
from campaigns.appointments import instructions
from campaigns.appointments.actions import Refusal, actions_of
from campaigns.appointments.page import page_of
from campaigns.clock import database_now
from campaigns.disclosure_log import page_viewed
from campaigns.domain.values import InstructionKind
from campaigns.models import Appointment, StaffInstruction
from campaigns.phone_calls.forms import number

NEWEST = "newest"
SAID = {
    InstructionKind.PAUSED: "Paused. Relatient is being told to send nothing more for this visit.",
    InstructionKind.STOPPED: "Stopped. Relatient is being told to end the reminders of this visit.",
    InstructionKind.ENROLLED: "Stored. The visit is being enrolled in the campaign you chose.",
}


@require_safe
@open_to("appointment")
def appointment(request: HttpRequest, appointment: int) -> HttpResponse:
    """The page of one visit; who read it is audited."""
    return _page(request, _visit(request, appointment))


@require_POST
@open_to("look-again")
def look_again(request: HttpRequest, appointment: int) -> HttpResponse:
    """Have the visit, its patient and its enrollment read afresh, before other work."""
    row = _visit(request, appointment)
    instructions.look_now(row, request.user)
    messages.success(
        request, "Kept is reading this visit and its patient again. Load the page in a minute."
    )
    return redirect("appointment", row.pk)


@require_POST
@open_to("instruct")
def instruct(request: HttpRequest, appointment: int) -> HttpResponse:
    """Store an instruction to pause, stop or enroll by hand; a refused form comes back as it was
    typed.
    """
    row = _visit(request, appointment)
    kind = next((k for k in InstructionKind if k.value == request.POST.get("kind")), None)
    seen = request.POST.get("seen", "")
    if kind is None or not (seen == "" or number(seen)):
        return HttpResponseBadRequest("This form is not complete. Go back and load the page again.")
    if kind not in visit_actions_of(request.user):
        raise PermissionDenied
    reason, campaign = request.POST.get("reason", ""), request.POST.get("campaign", "")
    try:
        instructions.give(
            row,
            kind,
            request.user,
            reason=reason,
            campaign=campaign,
            seen=number(seen),
        )
    except instructions.NotGiven as no:
        return _page(request, row, Refusal(kind.value, str(no), reason, campaign))
    messages.success(request, SAID[kind])
    return redirect("appointment", row.pk)


@require_POST
@open_to("withdraw-instruction")
def withdraw(request: HttpRequest, appointment: int, instruction: int) -> HttpResponse:
    """End an instruction; open to whoever may give one of its kind."""
    row = _visit(request, appointment)
    mine = StaffInstruction.objects.select_related("appointment__practice", "appointment__patient")
    said = get_object_or_404(mine, pk=instruction, appointment=row)
    if said.kind not in visit_actions_of(request.user):
        raise PermissionDenied
    if instructions.withdraw(said, request.user):
        messages.success(request, "Withdrawn. Kept is looking at this visit again.")
    else:
        messages.info(request, "Nothing to do: this was withdrawn before.")
    return redirect("appointment", row.pk)


def _visit(request: HttpRequest, appointment: int) -> Appointment:
    rows: QuerySet[Appointment] = Appointment.objects.filter(
        practice__in=practices_of(request.user)
    )
    return get_object_or_404(rows.select_related("practice", "patient"), pk=appointment)


def _page(request: HttpRequest, row: Appointment, refused: Refusal | None = None) -> HttpResponse:
    now = database_now()
    newest_first = request.GET.get("order") == NEWEST
    page = page_of(row, now, newest_first=newest_first)
    shown = {
        "page": page,
        "newest_first": newest_first,
        "refused": refused,
        "reason_length": instructions.REASON_LENGTH,
        "actions": actions_of(
            row,
            visit_actions_of(request.user),
            instructions.active_instructions(row),
            instructions.fitting_campaigns(row),
            page.campaigns,
            now,
            refused,
        ),
    }
    page_viewed("appointment", row, request.user, others=page.others)
    status = 200 if refused is None else 422
    return render(request, "appointments/page.html", shown, status=status)
