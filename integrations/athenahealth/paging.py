"""Lists that come in pages (contract section 2: paging).

`next` is a relative path with its query in upper case, absent on the last page. Only its query is
taken over; the path stays ours, so no answer can send the token anywhere else. The list may move
while it is being read: a row that comes twice unchanged is dropped, and when rows were skipped
the whole is read once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, urlsplit

from campaigns.clock import database_now
from campaigns.ports import TryLater
from integrations.athenahealth.request import Calls
from integrations.athenahealth.schemas import to_list, to_number, to_text
from integrations.transport import errors

# A vendor whose `next` goes in circles is stopped here.
MOST_PAGES = 2000
PAGE_ROWS = 1000
READINGS = 2

Json = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Rows as they came, and when their read began and ended by the database's clock."""

    rows: list[Json]
    began: datetime
    ended: datetime
    total: int | None = None
    next_params: Mapping[str, list[str]] | None = None

    @property
    def is_full(self) -> bool:
        """Whether more rows are to be expected."""
        return self.next_params is not None or len(self.rows) >= PAGE_ROWS


def page_of(body: Any, key: str, began: datetime) -> Page | None:
    """One page of a list, or None when it is none; `key` is the plural of its rows."""
    envelope = {key: body} if isinstance(body, list) else body
    if not isinstance(envelope, Mapping):
        return None
    rows = _rows_of(envelope, key)
    if rows is None:
        return None
    following = urlsplit(to_text(envelope.get("next"))).query
    query = parse_qs(following, keep_blank_values=True)
    return Page(rows, began, database_now(), to_number(envelope.get("totalcount")), query or None)


def _rows_of(envelope: Mapping[str, Any], key: str) -> list[Json] | None:
    if key in envelope:
        return to_list(envelope.get(key))
    # The plural of some lists is known from one client's code only: take the only list there is.
    lists = [value for value in envelope.values() if isinstance(value, list)]
    if len(lists) == 1:
        return lists[0]
    return [] if "totalcount" in envelope else None


def pages(
    calls: Calls,
    template: str,
    key: str,
    *,
    id_field: str,
    params: Mapping[str, Any] | None = None,
    task: str,
    **ids: str,
) -> Iterator[Page]:
    """All pages of a list, without rows seen before; see the module for a list that moves."""
    seen: dict[str, bytes] = {}
    for _ in range(READINGS):
        total = None
        for page in _reading(calls, template, key, params, task, ids):
            total = page.total if page.total is not None else total
            fresh = [row for row in page.rows if _is_fresh(row, id_field, seen)]
            if fresh:
                yield Page(fresh, page.began, page.ended, page.total)
        if total is None or len(seen) >= total:
            return


def rows(calls: Calls, template: str, key: str, **how: Any) -> list[Json]:
    """All rows of a list that is short enough to be held whole."""
    return [row for page in pages(calls, template, key, **how) for row in page.rows]


def _reading(
    calls: Calls,
    template: str,
    key: str,
    params: Mapping[str, Any] | None,
    task: str,
    ids: Mapping[str, str],
) -> Iterator[Page]:
    asked: Mapping[str, Any] | None = params
    for _ in range(MOST_PAGES):
        began = database_now()
        page = page_of(calls.read(template, asked, task=task, **ids), key, began)
        if page is None:
            raise TryLater(
                "athenahealth sent a list that cannot be understood. Kept asks again.",
                code=errors.VENDOR_NONSENSE,
            )
        yield page
        if page.next_params is None or page.next_params == asked or not page.rows:
            return
        asked = page.next_params


def _is_fresh(row: Any, id_field: str, seen: dict[str, bytes]) -> bool:
    identity = to_text(row.get(id_field)) if isinstance(row, Mapping) else ""
    if not identity:
        # A row that is none is passed on, so that it is parked and seen by somebody.
        return True
    # A digest, so that a long list is not held in memory whole.
    digest = blake2b(json.dumps(row, sort_keys=True).encode(), digest_size=16).digest()
    known, seen[identity] = seen.get(identity), digest
    return known != digest
