"""What is written down when something leaves: the receipt of a page, and renditions that were made for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from tocsin.constituency.access import Actor
from tocsin.exchange.models import Client, Entry, Partner, Receipt, Rendition
from tocsin.exchange.queries.callers import Caller
from tocsin.exchange.queries.pages import Row
from tocsin.exchange.queries.pseudonyms import veil
from tocsin.exchange.rules.packing import pack
from tocsin.exchange.rules.renditions import Recipe, render
from tocsin.exchange.rules.terms import Terms
from tocsin.formats.stix.check import check_object

_FULL = "PRAGMA synchronous = FULL"
#: How stale "last used" may be: one write a minute and client, however many requests.
_LAST_USED_STEP = timedelta(minutes=1)


def write_receipt(
    *,
    actor: Actor,  # noqa: ARG001 (an action names its actor)
    caller: Caller,
    collection_id: int,
    question: Mapping[str, Any],
    rows: Sequence[Row],
    terms: Mapping[int, Terms],
    body: bytes,
    at: datetime,
) -> UUID:
    """Write down what is about to leave; gives the receipt's id. One statement, on the disk before the page goes."""
    _wait_for_disk()
    ids = [row.object_id for row in rows]
    clauses = Counter(
        " ".join(terms[row.subject_id].clauses) if row.subject_id in terms else "hold-released" for row in rows
    )
    numbers = [row.ledger_number for row in rows if row.ledger_number is not None]
    uid = uuid4()
    Receipt.objects.create(
        uid=uid,
        partner_id=caller.partner_id,
        client_id=caller.client_id,
        collection_id=collection_id,
        at=at,
        question=dict(question),
        count=len(rows),
        first_added_us=rows[0].date_added_us,
        last_added_us=rows[-1].date_added_us,
        first_object=min(ids),
        last_object=max(ids),
        objects_packed=pack(ids),
        digest=sha256(body).hexdigest(),
        clauses=dict(clauses),
        ledger_number=max(numbers, default=None),
    )
    return uid


def make_renditions(
    *,
    actor: Actor,
    partner_id: int,
    recipes: Mapping[str, Recipe],
    wanted: Mapping[str, Sequence[Row]],
) -> dict[tuple[str, int], bytes]:
    """Make and keep renditions of rows by recipe key. What would be no object any more is kept as empty: it is never given."""
    partner = Partner.objects.get(pk=partner_id)
    made: dict[tuple[str, int], bytes] = {}
    for key, rows in wanted.items():
        recipe = recipes[key]
        hidden = veil(actor, partner.party, recipe.circle)
        for row in rows:
            made[key, row.object_id] = _rendered(row.raw, recipe, hidden.by_id, hidden.by_name)
    Rendition.objects.bulk_create(
        [Rendition(object_id=object_id, recipe=key, raw=raw) for (key, object_id), raw in made.items()],
        batch_size=500,
        ignore_conflicts=True,
    )
    broken = [object_id for (_, object_id), raw in made.items() if not raw]
    if broken:
        # what cannot be given is not listed either
        Entry.objects.filter(feed__partner=partner, object_id__in=broken).update(date_added_us=None, due_us=None)
    return made


def _rendered(raw: bytes, recipe: Recipe, by_id: Mapping[str, Any], by_name: Mapping[str, Any]) -> bytes:
    try:
        made = render(raw, recipe, by_id, by_name)
    except ValueError:
        return b""
    return made if check_object(made).valid else b""


def _wait_for_disk() -> None:
    """SQLite is told once a connection that what it commits here must outlive a power cut; PostgreSQL does so by itself."""
    connection.ensure_connection()
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    if getattr(connection, "_exchange_waits", None) is connection.connection:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FULL)
    connection._exchange_waits = connection.connection  # type: ignore[attr-defined]  # lives as long as the connection


def note_use(*, actor: Actor, caller: Caller, at: datetime) -> None:  # noqa: ARG001 (an action names its actor)
    """Remember that a client called, to the minute."""
    if caller.last_used_at is None or at - caller.last_used_at >= _LAST_USED_STEP:
        Client.objects.filter(pk=caller.client_id).update(last_used_at=at)
