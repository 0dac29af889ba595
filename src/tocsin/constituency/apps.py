"""The constituency room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry

_WHOM = _("Constituency")
_TEAM = _("Team")


class ConstituencyConfig(AppConfig):
    """Whom we serve: organisations, sectors, networks over time, contacts, people, roles, access, audit."""

    name = "tocsin.constituency"
    label = "constituency"
    verbose_name = "Constituency"
    navigation = (
        Entry(_("Organisations"), "constituency:organisations", "building", "constituency:read", order=60, group=_WHOM),
        Entry(_("Sectors"), "constituency:sectors", "diagram-3", "constituency:read", order=61, group=_WHOM),
        Entry(_("Whose is it?"), "constituency:whose", "question-circle", "constituency:read", order=62, group=_WHOM),
        Entry(_("People"), "constituency:people", "people", "people:read", order=80, group=_TEAM),
        Entry(_("Audit log"), "constituency:audit", "journal-text", "audit:read", order=81, group=_TEAM),
    )
