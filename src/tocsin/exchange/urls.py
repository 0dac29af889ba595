"""Addresses of the exchange pages. What partners reach stands under ``/taxii2/`` and is no page."""

from django.urls import path

from tocsin.exchange.views import console

app_name = "exchange"
urlpatterns = [
    path("exchange/partners/", console.partners, name="partners"),
    path("exchange/partners/<slug:slug>/", console.partner, name="partner"),
    path("exchange/partners/<slug:slug>/state/", console.change_partner, name="change-partner"),
    path("exchange/partners/<slug:slug>/clients/", console.make_client, name="make-client"),
    path("exchange/partners/<slug:slug>/clients/<str:name>/", console.change_client, name="change-client"),
    path("exchange/receipts/", console.receipts, name="receipts"),
    path("exchange/collected/", console.collected, name="collected"),
]
