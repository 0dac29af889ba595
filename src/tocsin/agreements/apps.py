"""The agreements room as a Django application."""

from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    """Who may receive what, for which purpose, how widely, for how long."""

    name = "tocsin.agreements"
    label = "agreements"
    verbose_name = "Agreements"
