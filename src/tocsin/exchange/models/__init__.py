"""Tables of the exchange room."""

from tocsin.exchange.models.collections import Collection, CollectionRight, Feed, Shape
from tocsin.exchange.models.entries import Entry, Rendition, Standing, State
from tocsin.exchange.models.partners import Client, Partner
from tocsin.exchange.models.served import Receipt, WriteStatus

__all__ = [
    "Client",
    "Collection",
    "CollectionRight",
    "Entry",
    "Feed",
    "Partner",
    "Receipt",
    "Rendition",
    "Shape",
    "Standing",
    "State",
    "WriteStatus",
]
