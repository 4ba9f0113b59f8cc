"""The pages of the people who work with Kept every day."""

from django.urls import path

from campaigns.views import worklist
from campaigns.views.appointment import appointment
from campaigns.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("worklist/visits/<int:appointment>/call/", worklist.call, name="call"),
    path("worklist/items/<int:item>/done/", worklist.done, name="work-item-done"),
    path("appointments/<int:appointment>/", appointment, name="appointment"),
]
