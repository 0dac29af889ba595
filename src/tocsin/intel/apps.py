"""The intel room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry, Panel


class IntelConfig(AppConfig):
    """What we are told: sources, deliveries, indicators with every provenance, warning lists."""

    name = "tocsin.intel"
    label = "intel"
    verbose_name = "Intel"
    navigation = (
        Entry(_("Indicators"), "intel:indicators", "bullseye", "intel:read", order=40, group=_("Intelligence")),
        Entry(_("Objects"), "intel:objects", "layers", "intel:read", order=40, group=_("Intelligence")),
        Entry(_("Deliveries"), "intel:deliveries", "inbox", "intel:read", order=41, group=_("Intelligence")),
        Entry(_("Sources"), "intel:sources", "broadcast", "intel:read", order=42, group=_("Intelligence")),
        Entry(
            _("Warning lists"), "intel:warning-lists", "shield-check", "intel:read", order=43, group=_("Intelligence")
        ),
    )
    panels = (Panel(_("The object"), "agreements:hold", "intel:objects", "q", "intel:read", order=10),)
