"""The findings room as a Django application."""

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    """What is to be done: one open problem of one constituent, made of observations."""

    name = "tocsin.findings"
    label = "findings"
    verbose_name = "Findings"
