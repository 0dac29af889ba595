"""The intel room as a Django application."""

from django.apps import AppConfig


class IntelConfig(AppConfig):
    """What we are told: sources, deliveries, indicators with every provenance, warning lists."""

    name = "tocsin.intel"
    label = "intel"
    verbose_name = "Intel"
