"""/metrics, for Prometheus. Nothing is counted in memory: each scrape reads the database.

So it does not matter which of several web processes is asked, and a restart forgets nothing.
"""

from collections.abc import Iterator

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from audit import triggers


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers. 401 without the token, if one is set; 503 when the database is away."""
    if not _is_allowed(request):
        answer = _plain("A bearer token is needed.", 401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    registry = CollectorRegistry()
    registry.register(Collectors())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except (OperationalError, InterfaceError):
        return _plain("The database is out of reach.", 503)


class Collectors:
    """Those that settings.METRICS_COLLECTORS names, and what belongs to no app."""

    def collect(self) -> Iterator[Metric]:
        """Read the database now."""
        for path in settings.METRICS_COLLECTORS:
            yield from import_string(path)()
        yield GaugeMetricFamily(
            "kept_audit_trail_protected",
            "1 while the database itself refuses to change or remove audit events.",
            value=not triggers.missing(connection),
        )
        yield GaugeMetricFamily(
            "kept_tasks_waiting",
            "Tasks in the queue of the database; 0 with another broker.",
            value=OrmQ.objects.count(),
        )


def _is_allowed(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return True
    given = request.headers.get("Authorization", "")
    return constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}")


def _plain(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain")
