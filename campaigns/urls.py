"""The pages of the people who work with Kept every day."""

from django.urls import path

from campaigns.appointments import views as visit
from campaigns.coverage.views import coverage
from campaigns.decision_preview.views import try_decision
from campaigns.mapping import import_views as mappingimport
from campaigns.mapping import save_views as mappingsave
from campaigns.mapping import views as mapping
from campaigns.practices.home_view import home
from campaigns.reports.views import reports
from campaigns.worklist import bulk_views as worklistbulk
from campaigns.worklist import call_views as calls
from campaigns.worklist import export_views as worklistexport
from campaigns.worklist import views as worklist

urlpatterns = [
    path("", home, name="home"),
    path("coverage/", coverage, name="coverage"),
    path("reports/", reports, name="reports"),
    path("coverage/mapping/", mapping.mapping, name="mapping"),
    path("coverage/mapping/type/", mapping.decide, name="mapping-type"),
    path("coverage/mapping/rules/", mappingsave.rules, name="mapping-rules"),
    path("coverage/mapping/import/", mappingimport.import_file, name="mapping-import"),
    path("coverage/mapping/<str:what>.csv", mappingimport.export_file, name="mapping-export"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("worklist/search/", worklist.search, name="worklist-search"),
    path("worklist/news/", worklist.news, name="worklist-news"),
    path("worklist/print/", worklistexport.printed, name="worklist-print"),
    path("worklist/export.csv", worklistexport.exported, name="worklist-export"),
    path("worklist/bulk/", worklistbulk.preview, name="worklist-bulk"),
    path("worklist/bulk/apply/", worklistbulk.apply, name="worklist-bulk-apply"),
    path("worklist/visits/<int:appointment>/call/", calls.call, name="call"),
    path("worklist/visits/<int:appointment>/claim/", calls.claiming, name="claim"),
    path("worklist/visits/<int:appointment>/release/", calls.releasing, name="release"),
    path("worklist/calls/undo/", calls.undo, name="undo-call"),
    path("worklist/items/<int:item>/done/", calls.done, name="work-item-done"),
    path("try/", try_decision, name="try"),
    path("appointments/<int:appointment>/", visit.appointment, name="appointment"),
    path("appointments/<int:appointment>/look/", visit.look_again, name="look-again"),
    path("appointments/<int:appointment>/instructions/", visit.instruct, name="instruct"),
    path(
        "appointments/<int:appointment>/instructions/<int:instruction>/withdraw/",
        visit.withdraw,
        name="withdraw-instruction",
    ),
]
