"""Addresses of the agreements pages."""

from django.urls import path

from tocsin.agreements.views import documents, holds, ledger, what_if

app_name = "agreements"
urlpatterns = [
    path("agreements/", documents.agreements, name="agreements"),
    path("agreements/import/", documents.take_in, name="import"),
    path("agreements/what-if/", what_if.what_if, name="what-if"),
    path("agreements/<str:name>/", documents.agreement, name="agreement"),
    path("agreements/<str:name>/status/", documents.change_status, name="status"),
    path("holds/", holds.holds, name="holds"),
    path("holds/several/", holds.several, name="several"),
    path("holds/<uuid:uid>/", holds.hold, name="hold"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/checkpoints/", ledger.checkpoints, name="checkpoints"),
    path("ledger/verify/", ledger.verify, name="verify"),
    path("ledger/<int:number>/", ledger.entry, name="entry"),
]
