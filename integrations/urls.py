"""Where the vendors send their notifications; everything else of integrations is the console."""

from django.urls import path

from integrations.webhooks import endpoint as door

urlpatterns = [
    path(
        "webhooks/athenahealth/<str:practice>/",
        door.from_athenahealth,
        name="webhook-athenahealth",
    ),
    path("webhooks/relatient/<str:practice>/", door.from_relatient, name="webhook-relatient"),
]
