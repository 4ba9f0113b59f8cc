"""What a person does with one work item: deals with it, or says whether texts go on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from campaigns.access import open_to
from campaigns.models import WorkItem
from campaigns.practices.choose import open_practices
from campaigns.work_items import close_work_item
from campaigns.worklist.return_url import way_back
from campaigns.worklist.text_presses import still_want_texts, stop_texts


@require_POST
@open_to("work-item-done")
def done(request: HttpRequest, item: int) -> HttpResponse:
    """Close a work item that a person dealt with."""
    row = _item(request, item)
    if close_work_item(row, request.user):
        messages.success(request, "Done. It has left the list.")
    else:
        messages.info(request, "Nothing to do: this was closed before, or closes by itself.")
    return redirect(way_back(request, row.practice, "main"))


@require_POST
@open_to("texts-stop")
def stop(request: HttpRequest, item: int) -> HttpResponse:
    """The reply asks for no more texts: none go to that number from the next look on."""
    row = _item(request, item)
    if stop_texts(row, request.user):
        messages.success(
            request,
            "Stopped: no more texts go to that number. Press Done once you have dealt with the "
            "reply.",
        )
    else:
        messages.info(request, "Nothing to do: the texts have ended already.")
    return redirect(way_back(request, row.practice, "main"))


@require_POST
@open_to("texts-still-wanted")
def still_wanted(request: HttpRequest, item: int) -> HttpResponse:
    """They still want texts: the stop is taken back in this person's name."""
    row = _item(request, item)
    if still_want_texts(row, request.user):
        messages.success(request, "Stored in your name: texts go to that number again.")
    else:
        messages.info(
            request,
            "Nothing changed: this was taken back before, or the patient has opted out at "
            "Relatient since. Then only they can end it, by texting START.",
        )
    return redirect(way_back(request, row.practice, "main"))


def _item(request: HttpRequest, item: int) -> WorkItem:
    mine = WorkItem.objects.filter(practice__in=open_practices(request))
    return get_object_or_404(mine.select_related("practice", "response"), pk=item)
