"""Rows of objects in bulk, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from tocsin.intel.models import Dependence, ObjectProvenance, ObjectSource, Source, StixObject
from tocsin.intel.rules.objects import Prepared

_CHUNK = 500

_REPEAT = """
INSERT INTO intel_objectprovenance (object_id, source_id, delivery_id, first_at, last_at, count) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (object_id, source_id) DO UPDATE SET count = intel_objectprovenance.count + excluded.count, last_at = excluded.last_at,
    delivery_id = COALESCE(excluded.delivery_id, intel_objectprovenance.delivery_id)
"""
_OBJECT = (
    "id",
    "stix_id",
    "type",
    "version_us",
    "spec_version",
    "raw",
    "sha256",
    "confidence",
    "is_revoked",
    "marking",
    "derived_marking",
    "obtained_at",
    "embargo_until",
    "added_at",
    "subject_id",
)


def object_source(name: str) -> ObjectSource:
    """The giver of this name, entered if it is new; tied to the source of that name, if there is one by now."""
    row, _ = ObjectSource.objects.select_related("source").get_or_create(name=name[:120])
    if row.source is None:
        row.source = Source.objects.filter(name=name).first()
        if row.source is not None:
            row.save(update_fields=["source"])
    return row


def insert_objects(objects: Sequence[tuple[Prepared, int, str, int]], at: datetime) -> list[int]:
    """Write versions (object, its version, marking, subject); gives their ids, which follow each other in this order."""
    numbers = _draw_ids(len(objects))
    moment = _moment(at)
    _insert(
        "intel_stixobject",
        _OBJECT,
        [
            (
                number,
                one.stix_id,
                one.type,
                version_us,
                one.spec_version,
                one.raw,
                one.sha256,
                one.confidence,
                one.is_revoked,
                marking,
                "",
                moment,
                _moment(one.embargo_until),
                moment,
                subject_id,
            )
            for number, (one, version_us, marking, subject_id) in zip(numbers, objects, strict=True)
        ],
    )
    return numbers


def _draw_ids(count: int) -> list[int]:
    """Ids of the rows to come. Writers of objects take turns, so nobody else draws in between."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'intel_stixobject'")
            last = cursor.fetchone()[0]
            return list(range(last + 1, last + 1 + count))
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('intel_stixobject', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [number for (number,) in cursor.fetchall()]


def _insert(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows by the database's own fastest way: there is nothing to translate, and the ORM would cost as much as all the rest."""
    names = ", ".join(columns)
    if connection.vendor == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 (our own names)
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _moment(at: datetime | None) -> Any:
    """A time as the driver wants it."""
    return connection.ops.adapt_datetimefield_value(at) if at else None


def raw_of(object_id: int) -> bytes:
    """The bytes of a stored version."""
    return bytes(StixObject.objects.values_list("raw", flat=True).get(pk=object_id))


def insert_provenances(object_ids: Sequence[int], source_id: int, delivery_id: int | None, at: datetime) -> None:
    """The first giver of each version."""
    moment = _moment(at)
    _insert(
        "intel_objectprovenance",
        ("object_id", "source_id", "delivery_id", "first_at", "last_at", "count"),
        [(number, source_id, delivery_id, moment, moment, 1) for number in object_ids],
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
    moment = _moment(at)
    with connection.cursor() as cursor:
        cursor.executemany(
            _REPEAT, [(number, source_id, delivery_id, moment, moment, times) for number, times in counts.items()]
        )
    return set(numbers) - known


def insert_postings(pairs: Sequence[tuple[bytes, int]]) -> None:
    """Keys of values (16 bytes) and the versions that speak of them."""
    is_sqlite = connection.vendor == "sqlite"
    unique = dict.fromkeys(pairs)
    _insert(
        "intel_posting", ("key", "object_id"), [(key if is_sqlite else key.hex(), number) for key, number in unique]
    )


def insert_dependences(pairs: Iterable[tuple[str, str]]) -> None:
    """(needed, dependent), each once."""
    Dependence.objects.bulk_create(
        [Dependence(needed=needed, dependent=dependent) for needed, dependent in dict.fromkeys(pairs)],
        ignore_conflicts=True,
        batch_size=_CHUNK,
    )
