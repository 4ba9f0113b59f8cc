"""Where the vendors send their notifications; everything else of integrations is the console."""

from django.urls import path

from integrations import webhooks

urlpatterns = [
    path(
        "webhooks/athenahealth/<str:practice>/",
        webhooks.from_athenahealth,
        name="webhook-athenahealth",
    ),
    path("webhooks/relatient/<str:practice>/", webhooks.from_relatient, name="webhook-relatient"),
]
