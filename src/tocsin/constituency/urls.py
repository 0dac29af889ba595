"""Addresses of the constituency pages."""

from django.urls import URLPattern

app_name = "constituency"
urlpatterns: list[URLPattern] = []
