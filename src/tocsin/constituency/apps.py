"""The constituency room as a Django application."""

from django.apps import AppConfig


class ConstituencyConfig(AppConfig):
    """Whom we serve: organisations, sectors, networks over time, contacts, people, roles, access, audit."""

    name = "tocsin.constituency"
    label = "constituency"
    verbose_name = "Constituency"
