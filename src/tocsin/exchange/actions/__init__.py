"""Every change that the exchange room makes."""

from tocsin.exchange.actions.offering import offer
from tocsin.exchange.actions.partners import (
    MadeClient,
    add_client,
    add_collection,
    add_feed,
    add_partner,
    change_partner,
    enable_client,
    grant,
    renew_password,
)
from tocsin.exchange.actions.receiving import forget_statuses, receive, remove
from tocsin.exchange.actions.serving import make_renditions, note_use, write_receipt
from tocsin.exchange.actions.standings import close as close_standings

__all__ = [
    "MadeClient",
    "add_client",
    "add_collection",
    "add_feed",
    "add_partner",
    "change_partner",
    "close_standings",
    "enable_client",
    "forget_statuses",
    "grant",
    "make_renditions",
    "note_use",
    "offer",
    "receive",
    "remove",
    "renew_password",
    "write_receipt",
]
