"""The agreements room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry


class AgreementsConfig(AppConfig):
    """Who may receive what, for which purpose, how widely, for how long."""

    name = "tocsin.agreements"
    label = "agreements"
    verbose_name = "Agreements"
    navigation = (
        Entry(_("Holds"), "agreements:holds", "clock", "ledger:read", order=50, group=_("Exchange")),
        Entry(
            _("Agreements"),
            "agreements:agreements",
            "file-earmark-text",
            "agreements:read",
            order=51,
            group=_("Exchange"),
        ),
        Entry(_("Ledger"), "agreements:ledger", "journal-text", "ledger:read", order=52, group=_("Exchange")),
        Entry(_("What if?"), "agreements:what-if", "question-circle", "ledger:read", order=53, group=_("Exchange")),
    )
