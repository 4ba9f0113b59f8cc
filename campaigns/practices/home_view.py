"""The start page: sends everybody to where their day begins."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaigns.access import home_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Each role to its own home; somebody without a role is told whom to ask."""
    address = home_of(request.user)
    if address is None:
        return render(request, "no_role.html")
    return redirect(address)
