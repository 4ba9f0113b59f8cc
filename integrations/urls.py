"""Where the vendors send their notifications; everything else of integrations is the console."""

from django.urls import path

from integrations.webhooks import endpoint

urlpatterns = [
    path(
        "webhooks/athenahealth/<str:practice>/",
        endpoint.from_athenahealth,
        name="webhook-athenahealth",
    ),
    path("webhooks/relatient/<str:practice>/", endpoint.from_relatient, name="webhook-relatient"),
]
