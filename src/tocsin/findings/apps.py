"""The findings room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry, Panel


class FindingsConfig(AppConfig):
    """What is to be done: one open problem of one constituent, made of observations."""

    name = "tocsin.findings"
    label = "findings"
    verbose_name = "Findings"
    navigation = (
        Entry(_("Situation"), "findings:situation", "activity", order=0),
        Entry(_("Findings"), "findings:findings", "list-check", "findings:read", order=10),
    )
    panels = (
        Panel(
            _("Open findings"),
            "constituency:organisation",
            "findings:findings",
            "organisation",
            "findings:read",
            order=10,
        ),
    )
