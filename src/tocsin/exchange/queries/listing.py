"""Partners, clients and collections for our own people."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.exchange.models import Client, Collection, Partner, Standing


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner, with how many clients it has and when it last collected anything."""

    slug: str
    party: str
    title: str
    circle: str
    is_enabled: bool
    clients: int
    last_receipt_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client: which credentials it has, never what they are."""

    name: str
    partner: str
    kinds: tuple[str, ...]
    is_enabled: bool
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection with who may read and who may write it."""

    uid: UUID
    partner: str
    feed: str
    alias: str
    title: str
    shape: str
    readers: tuple[str, ...]
    writers: tuple[str, ...]


def partners(viewer: Viewer) -> list[PartnerRow]:
    """All partners by slug."""
    require(viewer, Permission.EXCHANGE_READ)
    rows = Partner.objects.annotate(count=Count("clients", distinct=True), last=Max("receipts__at"))
    return [PartnerRow(row.slug, row.party, row.title, row.circle, row.is_enabled, row.count, row.last) for row in rows]


def clients(viewer: Viewer, partner: str | None = None) -> list[ClientRow]:
    """Clients by name, of one partner or of all."""
    require(viewer, Permission.EXCHANGE_READ)
    rows = Client.objects.select_related("partner")
    if partner is not None:
        rows = rows.filter(partner__slug=partner)
    return [
        ClientRow(row.name, row.partner.slug, _kinds(row), row.is_enabled, row.expires_at, row.last_used_at)
        for row in rows
    ]


def collections(viewer: Viewer, partner: str | None = None) -> list[CollectionRow]:
    """Collections with their rights, of one partner or of all."""
    require(viewer, Permission.EXCHANGE_READ)
    rows = Collection.objects.select_related("partner", "feed").prefetch_related("rights__client")
    if partner is not None:
        rows = rows.filter(partner__slug=partner)
    return [
        CollectionRow(
            uid=row.uid,
            partner=row.partner.slug,
            feed=row.feed.name,
            alias=row.alias,
            title=row.title,
            shape=row.shape,
            readers=tuple(sorted(right.client.name for right in row.rights.all() if right.can_read)),
            writers=tuple(sorted(right.client.name for right in row.rights.all() if right.can_write)),
        )
        for row in rows
    ]


def standing_counts(viewer: Viewer, partner: str) -> dict[str, int]:
    """How many subjects stand how with a partner: state and result, such as ``open allow``."""
    require(viewer, Permission.EXCHANGE_READ)
    rows = Standing.objects.filter(partner__slug=partner).values_list("state", "result")
    return dict(Counter(f"{state} {result}" for state, result in rows))


def _kinds(row: Client) -> tuple[str, ...]:
    kinds = {
        "password": bool(row.password_hash),
        "token": bool(row.token_hash),
        "certificate": bool(row.certificate_fingerprint or row.certificate_subject),
    }
    return tuple(kind for kind, is_set in kinds.items() if is_set)
