"""The web room as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The frame of every page."""

    name = "tocsin.web"
    label = "web"
    verbose_name = "Web"
