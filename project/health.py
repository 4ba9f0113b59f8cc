"""/healthz and /readyz, for whatever watches over Kept."""

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from audit import triggers
from campaigns.encryption import KeyMissing, require_field_keys

log = structlog.get_logger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Alive: asks nobody, so that a slow database does not get the process killed."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 without a database, or without the keys to what is in it: no notification could be
    checked, and what is stored now could not be opened by others. For anything less we must go on
    receiving webhooks.
    """
    if not _database_answers():
        return JsonResponse({"status": "unavailable", "database": "out of reach"}, status=503)
    try:
        require_field_keys()
    except KeyMissing as missing:
        body = {"status": "unavailable", "database": "ok", "problem": str(missing)}
        return JsonResponse(body, status=503)
    except DatabaseError:
        log.warning("field keys not checked", exc_info=True)
    reports = {"queue": _queue, "audit_trail": _audit_trail} | {
        name: import_string(path) for name, path in settings.READINESS_REPORTS.items()
    }
    body = {name: _report(name, report) for name, report in reports.items()}
    return JsonResponse({"status": "ready", "database": "ok", **body})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def _report(name: str, report: Callable[[], Any]) -> Any:
    try:
        return report()
    except Exception:
        log.warning("readiness report failed", report=name, exc_info=True)
        return {"status": "unknown"}


def _queue() -> dict[str, Any]:
    return {"waiting": OrmQ.objects.count()}


def _audit_trail() -> dict[str, Any]:
    return {"protected": not triggers.missing(connection)}
