"""The room's entry in Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Background work."""

    name = "tocsin.jobs"
    label = "jobs"
    verbose_name = "Background work"
