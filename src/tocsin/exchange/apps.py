"""The exchange room as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tocsin.web.navigation import Entry, Panel


class ExchangeConfig(AppConfig):
    """The doors that partners use, and ours to theirs."""

    name = "tocsin.exchange"
    label = "exchange"
    verbose_name = "Exchange"
    navigation = (
        Entry(_("Partners"), "exchange:partners", "globe", "exchange:read", order=54, group=_("Exchange")),
        Entry(_("Receipts"), "exchange:receipts", "check2-circle", "exchange:read", order=55, group=_("Exchange")),
    )
    panels = (
        Panel(_("Who has collected it"), "intel:object", "exchange:collected", "object", "exchange:read", order=10),
    )
