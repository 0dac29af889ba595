"""The exchange room as a Django application."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The doors that partners use, and ours to theirs."""

    name = "tocsin.exchange"
    label = "exchange"
    verbose_name = "Exchange"
