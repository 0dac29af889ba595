"""The detection room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry, Panel


class DetectionConfig(AppConfig):
    """What we find: runs over logs, hits with their evidence."""

    name = "tocsin.detection"
    label = "detection"
    verbose_name = "Detection"
    navigation = (
        Entry(_("Hits"), "detection:hits", "crosshair", "runs:read", order=20, group=_("Detection")),
        Entry(_("Runs"), "detection:runs", "play-circle", "runs:read", order=21, group=_("Detection")),
    )
    panels = (
        Panel(_("Where it was seen"), "intel:indicator", "detection:hits", "indicator", "runs:read", order=10),
        Panel(_("Hits"), "constituency:organisation", "detection:hits", "organisation", "runs:read", order=20),
    )
