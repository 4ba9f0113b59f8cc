"""The work list on paper and as a file, with the view and the filters of the page.

Both carry patients out of Kept, so each is written down as a disclosure before it leaves.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.disclosure_log import list_disclosed
from campaigns.domain.reply_kinds import IN_BULK
from campaigns.local_time import clock, day, zone_of
from campaigns.models import Practice
from campaigns.practices.choose import chosen_practice, open_practices
from campaigns.reference.names import names_of
from campaigns.worklist.days import days_in_words
from campaigns.worklist.export import COLUMNS, lines_of, sheets_of
from campaigns.worklist.filters import parse_filters
from campaigns.worklist.return_url import list_address

# Without it a spreadsheet reads the file in the letters of its own country.
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """A file for the csv module, which hands over each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


@require_safe
@open_to("worklist-print")
def printed(request: HttpRequest) -> HttpResponse:
    """One sheet per provider, to be printed."""
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    now, names = database_now(), names_of(practice)
    wanted = parse_filters(request.GET, practice, names)
    sheets = sheets_of(wanted.listed(practice, now).visits, practice, names, now)
    rows = sum(len(sheet.rows) for sheet in sheets)
    list_disclosed("worklist.printed", practice.external_id, rows, request.user)
    shown = {
        "practice": practice,
        "sheets": sheets,
        "days_in_words": days_in_words(wanted.show, practice, now),
        "filters": [(c.label, dict(c.options)[c.chosen]) for c in wanted.choices if c.chosen],
        "when": _when(practice, now),
        "back": list_address(practice, wanted.query(practice)),
        "boxes": [outcome.label for outcome in IN_BULK.values()],
    }
    return render(request, "worklist/print.html", shown)


@require_safe
@open_to("worklist-export")
def exported(request: HttpRequest) -> HttpResponseBase:
    """The visits as a CSV file, line by line."""
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    now, names = database_now(), names_of(practice)
    visits = parse_filters(request.GET, practice, names).listed(practice, now).visits
    ids = list(visits.values_list("pk", flat=True))
    list_disclosed("worklist.exported", practice.external_id, len(ids), request.user)
    today = now.astimezone(zone_of(practice.time_zone)).date()
    return StreamingHttpResponse(
        _file(lines_of(ids, practice, names, now)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="worklist-{today}.csv"'},
    )


def _file(lines: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK
    yield writer.writerow(COLUMNS)
    for line in lines:
        yield writer.writerow(line)


def _when(practice: Practice, now: datetime) -> str:
    local = now.astimezone(zone_of(practice.time_zone))
    return f"{day(local)}, {local.year}, {clock(local)}"
