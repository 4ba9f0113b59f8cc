"""One appointment's story, from the moment Kept first saw it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from campaigns.access import open_to, practices_of
from campaigns.clock import database_now
from campaigns.models import ROLES, Appointment
from campaigns.selectors.story import story_of
from campaigns.services.staff import page_viewed


@require_safe
@open_to(*ROLES)
def appointment(request: HttpRequest, appointment: int) -> HttpResponse:
    """The timeline; who read it is audited."""
    rows = Appointment.objects.filter(practice__in=practices_of(request.user))
    row = get_object_or_404(rows.select_related("practice", "patient"), pk=appointment)
    story = story_of(row, database_now())
    page_viewed("appointment", row, request.user, others=story.others)
    return render(request, "campaigns/appointment.html", {"story": story})
