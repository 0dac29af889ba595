"""Addresses of the findings pages."""

from django.urls import path

from tocsin.findings import views

app_name = "findings"
urlpatterns = [
    path("", views.situation, name="situation"),
    path("findings/", views.findings, name="findings"),
    path("findings.csv", views.download, name="download"),
    path("findings/<slug:reference>/", views.finding, name="finding"),
]
