"""The visitor's address when a proxy of our own stands in front."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse


class TrustedProxyMiddleware:
    """Puts the address that the proxy saw where lock-out and audit look for it.

    The last entry, because the proxy appends it; whatever stands before was sent by the visitor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.TRUST_PROXY_HEADERS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if address := forwarded.rsplit(",", 1)[-1].strip():
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)
