"""Every read of the exchange room; who looks comes first."""

from tocsin.exchange.queries.callers import Caller, OpenCollection, caller, caller_at, collections_of
from tocsin.exchange.queries.deciding import Outlook, kept_outlook, outlook
from tocsin.exchange.queries.listing import clients, collections, partners, standing_counts
from tocsin.exchange.queries.pages import Row, View, is_any, page, renditions
from tocsin.exchange.queries.pseudonyms import hidden_identities, rendition_key
from tocsin.exchange.queries.receipts import checkpoint, collected_by, receipt_of, receipts, receipts_of
from tocsin.exchange.queries.statuses import status_of

__all__ = [
    "Caller",
    "OpenCollection",
    "Outlook",
    "Row",
    "View",
    "caller",
    "caller_at",
    "checkpoint",
    "clients",
    "collected_by",
    "collections",
    "collections_of",
    "hidden_identities",
    "is_any",
    "kept_outlook",
    "outlook",
    "page",
    "partners",
    "receipt_of",
    "receipts",
    "receipts_of",
    "rendition_key",
    "renditions",
    "standing_counts",
    "status_of",
]
