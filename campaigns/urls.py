"""The pages of the people who work with Kept every day."""

from django.urls import path

from campaigns.appointments import views as appointment_views
from campaigns.coverage.views import coverage
from campaigns.decision_preview.views import try_decision
from campaigns.mapping import import_views, save_views
from campaigns.mapping import views as mapping_views
from campaigns.practices.home_view import home
from campaigns.reports.views import reports
from campaigns.worklist import bulk_views, call_views, export_views, item_views
from campaigns.worklist import views as worklist_views

urlpatterns = [
    path("", home, name="home"),
    path("coverage/", coverage, name="coverage"),
    path("reports/", reports, name="reports"),
    path("coverage/mapping/", mapping_views.mapping, name="mapping"),
    path("coverage/mapping/type/", mapping_views.decide, name="mapping-type"),
    path("coverage/mapping/rules/", save_views.rules, name="mapping-rules"),
    path("coverage/mapping/import/", import_views.import_file, name="mapping-import"),
    path("coverage/mapping/<str:what>.csv", import_views.export_file, name="mapping-export"),
    path("worklist/", worklist_views.worklist, name="worklist"),
    path("worklist/search/", worklist_views.search, name="worklist-search"),
    path("worklist/news/", worklist_views.news, name="worklist-news"),
    path("worklist/print/", export_views.printed, name="worklist-print"),
    path("worklist/export.csv", export_views.exported, name="worklist-export"),
    path("worklist/bulk/", bulk_views.preview, name="worklist-bulk"),
    path("worklist/bulk/apply/", bulk_views.apply, name="worklist-bulk-apply"),
    path("worklist/visits/<int:appointment>/call/", call_views.call, name="call"),
    path("worklist/visits/<int:appointment>/claim/", call_views.claiming, name="claim"),
    path("worklist/visits/<int:appointment>/release/", call_views.releasing, name="release"),
    path("worklist/calls/undo/", call_views.undo, name="undo-call"),
    path("worklist/items/<int:item>/done/", item_views.done, name="work-item-done"),
    path("worklist/items/<int:item>/stop/", item_views.stop, name="texts-stop"),
    path(
        "worklist/items/<int:item>/still-wanted/",
        item_views.still_wanted,
        name="texts-still-wanted",
    ),
    path("try/", try_decision, name="try"),
    path("appointments/<int:appointment>/", appointment_views.appointment, name="appointment"),
    path("appointments/<int:appointment>/look/", appointment_views.look_again, name="look-again"),
    path(
        "appointments/<int:appointment>/instructions/", appointment_views.instruct, name="instruct"
    ),
    path(
        "appointments/<int:appointment>/instructions/<int:instruction>/withdraw/",
        appointment_views.withdraw,
        name="withdraw-instruction",
    ),
]
