"""Addresses of the detection pages."""

from django.urls import path

from tocsin.detection import views

app_name = "detection"
urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:uid>/", views.run, name="run"),
    path("hits.csv", views.download, name="download"),
    path("hits/", views.hits, name="hits"),
]
