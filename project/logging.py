"""Log lines as data, on standard output, with one place that takes out what must not be there."""

import logging
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from audit import context
from audit.redaction import MASK, PLAIN_KEY, is_forbidden, mask

# Written by ourselves, and full of digits.
OWN_KEYS = frozenset({"timestamp", "level", "logger", "request_id", "where", "exception"})

Event = MutableMapping[str, Any]


def logging_settings(*, json_lines: bool) -> dict[str, Any]:
    """The LOGGING setting; also tells structlog to go the same way as the standard library."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request,
        describe_exception,
        scrub,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"speechless": {"()": "project.logging.WithoutVisitorsWords"}},
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "line",
                "filters": ["speechless"],
            }
        },
        "root": {"handlers": ["stdout"], "level": "INFO"},
        "loggers": {
            # Django's own handlers would mail whole requests and print whole addresses.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "django.db.backends": {"level": "WARNING"},
            "axes": {"level": "ERROR"},
        },
    }


class WithoutVisitorsWords(logging.Filter):
    """Rewrites the few lines of our libraries that repeat what a visitor or a task said."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(("django.request", "django.security")):
            record.msg, record.args = "%s", (_about_request(record),)
        elif record.name == "django-q" and record.levelno >= logging.ERROR:
            # q2 appends the text of the exception, and that may quote a database row.
            record.msg, record.args = record.getMessage().split(" - ")[0], ()
        return True


def _about_request(record: logging.LogRecord) -> str:
    """The route instead of the address: addresses hold what people searched for."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    status = getattr(record, "status_code", "refused")
    return f"request answered {status} on route {getattr(match, 'route', None) or 'unknown'}"


def add_request(logger: Any, method: str, event: Event) -> Event:
    if request_id := context.current().request_id:
        event["request_id"] = request_id
    return event


def describe_exception(logger: Any, method: str, event: Event) -> Event:
    """Its kind and where it came from, never its words: a database error quotes the row."""
    info = event.pop("exc_info", None)
    if info is True:
        import sys

        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = _kinds(error)
        event["where"] = _places(error)
    event.pop("stack_info", None)
    return event


def scrub(logger: Any, method: str, event: Event) -> Event:
    for key, value in list(event.items()):
        if not key.startswith("_") and key not in OWN_KEYS:
            event[key] = _scrubbed(key, value)
    return event


def _scrubbed(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_forbidden(key):
        return MASK
    if isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return {inner: _scrubbed(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(key, item) for item in value]
    text = str(value)
    return text if PLAIN_KEY.search(key) else mask(text)


def _kinds(error: BaseException) -> str:
    names: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(names) < 5:
        names.append(type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    return " from ".join(names)


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
