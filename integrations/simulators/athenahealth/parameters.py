"""Parameters: from the query or a form body, names in any case, lists comma-joined or repeated.

A body that does not say what it is is taken for a form: cancellations were recorded so.
"""

from datetime import date, datetime
from urllib.parse import parse_qs

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from .errors import invalid, missing
from .times import from_eastern, read_date

TRUE = {"true", "y", "yes", "1"}


class Parameters:
    def __init__(self, request: Request) -> None:
        self.given: dict[str, list[str]] = {}
        for source in (request.args, request.form, unnamed_form(request)):
            for name, values in source.lists():
                self.given.setdefault(name.lower(), []).extend(values)

    def as_body(self) -> dict[str, str]:
        """What was given, as the ledger keeps it."""
        return {name: ",".join(values) for name, values in self.given.items()}

    def text(self, name: str, default: str = "") -> str:
        return self.given.get(name, [default])[-1]

    def require(self, *names: str) -> None:
        if absent := [name for name in names if not self.text(name)]:
            raise missing(*absent)

    def listed(self, name: str) -> set[str]:
        return {
            part.strip()
            for value in self.given.get(name, [])
            for part in value.split(",")
            if part.strip()
        }

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.text(name)
        return text.lower() in TRUE if text else default

    def integer(self, name: str, default: int) -> int:
        text = self.text(name)
        if not text:
            return default
        if not text.lstrip("-").isdigit():
            raise invalid(f"{name.upper()} must be an integer.")
        return int(text)

    def date(self, name: str) -> date | None:
        try:
            return read_date(self.text(name)) if self.text(name) else None
        except ValueError:
            raise invalid(f"{name.upper()} must be a date in MM/DD/YYYY.") from None

    def stamp(self, name: str) -> datetime | None:
        try:
            return from_eastern(self.text(name)) if self.text(name) else None
        except ValueError:
            raise invalid(f"{name.upper()} must be MM/DD/YYYY HH24:MI:SS.") from None


def unnamed_form(request: Request) -> MultiDict[str, str]:
    """The form in a body without a Content-Type; what is no text holds none."""
    if request.content_type:
        return MultiDict()
    try:
        text = request.get_data(cache=True).decode()
    except UnicodeDecodeError:
        return MultiDict()
    return MultiDict(parse_qs(text, keep_blank_values=True))
