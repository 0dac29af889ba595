"""The detection room as a Django application."""

from django.apps import AppConfig


class DetectionConfig(AppConfig):
    """What we find: runs over logs, hits with their evidence."""

    name = "tocsin.detection"
    label = "detection"
    verbose_name = "Detection"
