"""Commands of the exchange room: one module a noun, all below ``tocsin exchange``."""

from tocsin.exchange.commands import offering, partners
from tocsin.exchange.commands.group import app, exchange

__all__ = ["app", "exchange", "offering", "partners"]
