"""What left, to whom, when: receipts, and the exact answer to who has collected an object."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tocsin.agreements.queries import last_checkpoint
from tocsin.constituency.access import SYSTEM, Permission, Viewer, require
from tocsin.exchange.models import Receipt
from tocsin.exchange.rules.packing import unpack
from tocsin.intel.models import StixObject


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt without its objects."""

    uid: UUID
    partner: str
    client: str
    collection: UUID
    at: datetime
    question: Mapping[str, Any]
    count: int
    first_added_us: int
    last_added_us: int
    digest: str
    clauses: Mapping[str, int]
    ledger_number: int | None


@dataclass(frozen=True, slots=True)
class ServedObject:
    """An object on a receipt: id, version (microseconds since 1970) and the SHA-256 of its stored bytes."""

    stix_id: str
    version_us: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Collected:
    """That a partner has collected a version of an object: first and last time, how often, and the first receipt."""

    partner: str
    stix_id: str
    version_us: int
    first_at: datetime
    last_at: datetime
    times: int
    first_receipt: UUID


def receipts_of(viewer: Viewer, partner_id: int, *, before: int | None, limit: int) -> list[tuple[int, ReceiptRow]]:  # noqa: ARG001 (asked by the partner itself)
    """A partner's own receipts, newest first, each with the number to go on from."""
    found = Receipt.objects.filter(partner_id=partner_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = found.select_related("partner", "client", "collection").defer("objects_packed").order_by("-pk")[:limit]
    return [(row.pk, _row(row)) for row in rows]


def receipt_of(viewer: Viewer, partner_id: int, uid: UUID) -> tuple[ReceiptRow, list[ServedObject]] | None:  # noqa: ARG001 (asked by the partner itself)
    """One of a partner's own receipts with the objects on it."""
    row = (
        Receipt.objects.select_related("partner", "client", "collection").filter(partner_id=partner_id, uid=uid).first()
    )
    if row is None:
        return None
    ids = unpack(bytes(row.objects_packed))
    found = StixObject.objects.filter(pk__in=ids).order_by("pk").values_list("stix_id", "version_us", "sha256")
    return _row(row), [ServedObject(*one) for one in found]


def receipts(viewer: Viewer, *, partner: str | None = None, limit: int = 100) -> list[ReceiptRow]:
    """The newest receipts of one partner or of all, for our own people."""
    require(viewer, Permission.EXCHANGE_READ)
    found = Receipt.objects.select_related("partner", "client", "collection").defer("objects_packed").order_by("-pk")
    if partner is not None:
        found = found.filter(partner__slug=partner)
    return [_row(row) for row in found[:limit]]


def collected_by(viewer: Viewer, stix_id: str) -> list[Collected]:
    """Who has collected which version of an object: exactly, from the receipts."""
    require(viewer, Permission.EXCHANGE_READ)
    told: list[Collected] = []
    for pk, version in (
        StixObject.objects.filter(stix_id=stix_id).order_by("version_us").values_list("pk", "version_us")
    ):
        rows = (
            Receipt.objects.filter(first_object__lte=pk, last_object__gte=pk).select_related("partner").order_by("pk")
        )
        told += _collected(rows.iterator(chunk_size=200), stix_id, pk, version)
    return told


def _collected(rows: Any, stix_id: str, pk: int, version: int) -> list[Collected]:
    found: dict[str, list[Receipt]] = {}
    for row in rows:
        if pk in set(unpack(bytes(row.objects_packed))):
            found.setdefault(row.partner.slug, []).append(row)
    return [
        Collected(partner, stix_id, version, seen[0].at, seen[-1].at, len(seen), seen[0].uid)
        for partner, seen in sorted(found.items())
    ]


def _row(row: Receipt) -> ReceiptRow:
    return ReceiptRow(
        uid=row.uid,
        partner=row.partner.slug,
        client=row.client.name,
        collection=row.collection.uid,
        at=row.at,
        question=row.question,
        count=row.count,
        first_added_us=row.first_added_us,
        last_added_us=row.last_added_us,
        digest=row.digest,
        clauses=row.clauses,
        ledger_number=row.ledger_number,
    )


def checkpoint(viewer: Viewer) -> Mapping[str, Any] | None:  # noqa: ARG001 (partners hold these: that is what they are for)
    """The newest signed checkpoint of the ledger as a mapping; ``None`` before the first."""
    newest = last_checkpoint(SYSTEM)
    found: Mapping[str, Any] | None = None if newest is None else orjson.loads(newest.written())
    return found
