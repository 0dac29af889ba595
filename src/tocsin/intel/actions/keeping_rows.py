"""Rows of objects in bulk, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from tocsin.intel.models import Dependence, ObjectProvenance, ObjectSource, Source, StixObject
from tocsin.intel.rules.objects import Prepared

_CHUNK = 500

_REPEAT = """
INSERT INTO intel_objectprovenance (object_id, source_id, delivery_id, first_at, last_at, count) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (object_id, source_id) DO UPDATE SET count = intel_objectprovenance.count + excluded.count, last_at = excluded.last_at,
    delivery_id = COALESCE(excluded.delivery_id, intel_objectprovenance.delivery_id)
"""
_POSTING = "INSERT INTO intel_posting (key, object_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def object_source(name: str) -> ObjectSource:
    """The giver of this name, entered if it is new; tied to the source of that name, if there is one by now."""
    row, _ = ObjectSource.objects.select_related("source").get_or_create(name=name[:120])
    if row.source is None:
        row.source = Source.objects.filter(name=name).first()
        if row.source is not None:
            row.save(update_fields=["source"])
    return row


def object_row(one: Prepared, version_us: int, marking: str, subject_id: int, at: datetime) -> StixObject:
    """A version as a row, not yet written."""
    return StixObject(
        stix_id=one.stix_id,
        type=one.type,
        version_us=version_us,
        spec_version=one.spec_version,
        raw=one.raw,
        sha256=one.sha256,
        confidence=one.confidence,
        is_revoked=one.is_revoked,
        marking=marking,
        obtained_at=at,
        embargo_until=one.embargo_until,
        added_at=at,
        subject_id=subject_id,
    )


def insert_objects(objects: Sequence[StixObject]) -> list[StixObject]:
    """Write versions; their ids follow each other in this order."""
    return StixObject.objects.bulk_create(objects, batch_size=_CHUNK)


def raw_of(object_id: int) -> bytes:
    """The bytes of a stored version."""
    return bytes(StixObject.objects.values_list("raw", flat=True).get(pk=object_id))


def insert_provenances(object_ids: Sequence[int], source_id: int, delivery_id: int | None, at: datetime) -> None:
    """The first giver of each version."""
    ObjectProvenance.objects.bulk_create(
        [
            ObjectProvenance(object_id=number, source_id=source_id, delivery_id=delivery_id, first_at=at, last_at=at)
            for number in object_ids
        ],
        batch_size=_CHUNK,
    )


def repeat_provenances(counts: Mapping[int, int], source_id: int, delivery_id: int | None, at: datetime) -> set[int]:
    """Count ``source`` once more for each version (id -> times); gives the ids that it had not given before."""
    if not counts:
        return set()
    known: set[int] = set()
    numbers = list(counts)
    for start in range(0, len(numbers), _CHUNK):
        part = ObjectProvenance.objects.filter(source_id=source_id, object_id__in=numbers[start : start + _CHUNK])
        known.update(part.values_list("object_id", flat=True))
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.executemany(
            _REPEAT, [(number, source_id, delivery_id, moment, moment, times) for number, times in counts.items()]
        )
    return set(numbers) - known


def insert_postings(pairs: Sequence[tuple[bytes, int]]) -> None:
    """Keys of values (16 bytes) and the versions that speak of them."""
    if connection.vendor == "sqlite":
        # the driver itself: there is nothing to translate, and bulk_create costs five times as much
        connection.connection.executemany(_POSTING.replace("%s", "?"), pairs)
        return
    with connection.cursor() as cursor:
        cursor.executemany(_POSTING, [(key.hex(), number) for key, number in pairs])


def insert_dependences(pairs: Iterable[tuple[str, str]]) -> None:
    """(needed, dependent), each once."""
    Dependence.objects.bulk_create(
        [Dependence(needed=needed, dependent=dependent) for needed, dependent in dict.fromkeys(pairs)],
        ignore_conflicts=True,
        batch_size=_CHUNK,
    )
