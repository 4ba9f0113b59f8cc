"""Sessions that end when nobody has done anything, even while a page goes on asking for news."""

from django.contrib.sessions import middleware
from django.http import HttpRequest, HttpResponse

# A request whose view sets this attribute to True was not made by a person.
UNATTENDED = "unattended"


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's own, but a poll neither saves the session nor moves its end."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if getattr(request, UNATTENDED, False):
            return response
        return super().process_response(request, response)
