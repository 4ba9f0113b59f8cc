"""Where the vendors send their notifications; everything else of integrations is the console."""

from django.urls import path

from integrations.vendors import faces
from integrations.webhooks.endpoint import receive_from

urlpatterns = [
    path(
        f"webhooks/{vendor.value}/<str:practice>/",
        receive_from(vendor, face.webhook),
        name=f"webhook-{vendor.value}",
    )
    for vendor, face in faces()
    if face.webhook is not None
]
