"""athenahealth's list envelope: totalcount, the rows, relative links with UPPER-CASE parameters."""

from typing import Any
from urllib.parse import urlencode

from .call import Call
from .errors import invalid


def page(call: Call, name: str, rows: list[Any], *, default: int, maximum: int) -> dict[str, Any]:
    limit, offset = window(call, default, maximum)
    answer: dict[str, Any] = {name: rows[offset : offset + limit], "totalcount": len(rows)}
    if offset + limit < len(rows):
        answer["next"] = link(call, offset + limit)
    if offset > 0:
        answer["previous"] = link(call, max(offset - limit, 0))
    return answer


def window(call: Call, default: int, maximum: int) -> tuple[int, int]:
    limit, offset = call.parameters.integer("limit", default), call.parameters.integer("offset", 0)
    if not 1 <= limit <= maximum:
        raise invalid(f"LIMIT must be between 1 and {maximum}.")
    if offset < 0:
        raise invalid("OFFSET must not be negative.")
    return limit, offset


def link(call: Call, offset: int) -> str:
    """Holds /v1/{practiceid}/ already. A given limit is echoed, a default one not (recorded)."""
    given = [
        (name.upper(), ",".join(values))
        for name, values in call.parameters.given.items()
        if name != "offset"
    ]
    return f"{call.path}?{urlencode([*given, ('offset', offset)])}"
