"""Addresses of the web room."""

from django.urls import path

from tocsin.web import views

app_name = "web"
urlpatterns = [
    path("components/", views.components, name="components"),
]
