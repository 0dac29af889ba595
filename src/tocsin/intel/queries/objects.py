"""Reads of STIX objects: lists, one object with everything said about it, its bytes, what the exchange and the agreements need.

No read counts or sorts the table; each walks an index from where the last page ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import orjson
from django.db.models import Exists, F, OuterRef, QuerySet

from tocsin.agreements.rules.subject import Subject
from tocsin.constituency.access import Permission, Viewer, require
from tocsin.formats.stix.writing import moment_of
from tocsin.intel.models import ObjectProvenance, PolicySubject, Posting, StixObject
from tocsin.intel.queries.object_views import ObjectRow, StoredVersion
from tocsin.intel.queries.searching import readings
from tocsin.intel.queries.views import PAGE_SIZE, Page
from tocsin.intel.rules.subjects import read_subject
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id

#: The most rows that one call gives.
_MOST = 1_000
_NAME = 200
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ObjectSearch:
    """What to look for; everything given must hold. ``value`` is an observable in any spelling, ``source`` a giver's name,
    ``marking`` a TLP label, ``unknown`` or ``none``."""

    stix_id: str = ""
    type: str = ""
    value: str = ""
    source: str = ""
    marking: str = ""


def objects(
    viewer: Viewer, search: ObjectSearch | None = None, *, after: str | None = None, size: int = PAGE_SIZE
) -> Page[ObjectRow]:
    """Objects by their newest version, what was kept last first. Raises ``NotFound`` on an ``after`` that was never given."""
    require(viewer, Permission.INTEL_READ)
    search, size, before = search or ObjectSearch(), min(size, _MOST), _number(after) if after else None
    if search.value.strip():
        ids = _by_value(search, before, size + 1)
        return Page(_newest_rows(ids[:size]), str(ids[size - 1]) if len(ids) > size else None)
    newer = StixObject.objects.filter(stix_id=OuterRef("stix_id"), version_us__gt=OuterRef("version_us"))
    rows = _narrowed(StixObject.objects.filter(~Exists(newer)), search)
    if before:
        rows = rows.filter(id__lt=before)
    ids = list(rows.order_by("-id").values_list("id", flat=True)[: size + 1])
    return Page(object_rows(ids[:size]), str(ids[size - 1]) if len(ids) > size else None)


def raw_object(viewer: Viewer, stix_id: str, version_us: int | None = None) -> bytes:
    """The bytes of an object as they came: of its newest version, or of this one. Raises ``NotFound``."""
    require(viewer, Permission.INTEL_READ)
    rows = StixObject.objects.filter(stix_id=stix_id)
    if version_us is not None:
        rows = rows.filter(version_us=version_us)
    found = rows.order_by("-version_us").values_list("raw", flat=True).first()
    if found is None:
        raise NotFound(f"There is no object {stix_id!r}.")
    return bytes(found)


def objects_since(
    viewer: Viewer, after_id: int, limit: int = _MOST, *, types: Sequence[str] = ()
) -> list[StoredVersion]:
    """Versions kept after the one with this id, oldest first. Ids grow in the order in which they can be seen: none is missed."""
    require(viewer, Permission.INTEL_READ)
    rows = StixObject.objects.filter(id__gt=after_id)
    if types:
        rows = rows.filter(type__in=types)
    return _stored(rows.order_by("id")[:limit])


def stored_versions(viewer: Viewer, ids: Iterable[int]) -> dict[int, StoredVersion]:
    """These versions by database id, as far as they exist."""
    require(viewer, Permission.INTEL_READ)
    return {
        row.id: row for part in _chunks(ids) for row in _stored(StixObject.objects.filter(id__in=part).order_by("id"))
    }


def policy_subjects(viewer: Viewer, ids: Iterable[int]) -> dict[int, Subject]:
    """Subjects by the ids of their rows, without the times that are an object's own: what one decision for many objects asks."""
    require(viewer, Permission.INTEL_READ)
    found: dict[int, Subject] = {}
    for part in _chunks(ids):
        for number, text in PolicySubject.objects.filter(id__in=part).values_list("id", "text"):
            found[number] = Subject.of(orjson.loads(text))
    return found


def subjects_of(viewer: Viewer, ids: Iterable[int]) -> dict[int, Subject]:
    """The subject of each version (by database id), with its own times: what a decision about that one object asks."""
    require(viewer, Permission.INTEL_READ)
    found: dict[int, Subject] = {}
    known: dict[int, Subject] = {}
    for part in _chunks(ids):
        rows = list(
            StixObject.objects.filter(id__in=part).values_list("id", "subject_id", "obtained_at", "embargo_until")
        )
        known |= policy_subjects(viewer, {subject for _, subject, _, _ in rows} - known.keys())
        for number, subject, obtained_at, embargo_until in rows:
            found[number] = replace(known[subject], obtained_at=obtained_at, embargo_until=embargo_until)
    return found


def object_rows(ids: Sequence[int]) -> tuple[ObjectRow, ...]:
    """Rows of these versions, in this order."""
    rows = {
        row.pk: row for part in _chunks(ids) for row in StixObject.objects.filter(pk__in=part).select_related("subject")
    }
    givers: dict[int, list[str]] = {}
    for part in _chunks(ids):
        given = ObjectProvenance.objects.filter(object_id__in=part).order_by("source__name")
        for number, name in given.values_list("object_id", "source__name"):
            givers.setdefault(number, []).append(name)
    return tuple(_row(rows[number], givers.get(number, [])) for number in ids if number in rows)


def _row(row: StixObject, givers: Sequence[str]) -> ObjectRow:
    content = orjson.loads(bytes(row.raw))
    return ObjectRow(
        stix_id=row.stix_id,
        type=row.type,
        name=str(content.get("name") or content.get("value") or content.get("relationship_type") or "")[:_NAME],
        modified_at=moment_of(row.version_us),
        spec_version=row.spec_version,
        confidence=row.confidence,
        is_revoked=row.is_revoked,
        marking=row.marking,
        derived_marking=row.derived_marking,
        originator=str(read_subject(row.subject.text).get("originator") or ""),
        sources=tuple(givers),
        added_at=row.added_at,
    )


def _narrowed(rows: QuerySet[StixObject], search: ObjectSearch) -> QuerySet[StixObject]:
    """Those that fit, the value apart."""
    if search.stix_id:
        rows = rows.filter(stix_id=search.stix_id)
    if search.type:
        rows = rows.filter(type=search.type)
    if search.marking:
        rows = rows.filter(marking="" if search.marking == "none" else search.marking)
    if search.source:
        rows = rows.filter(Exists(ObjectProvenance.objects.filter(object=OuterRef("pk"), source__name=search.source)))
    return rows


def _by_value(search: ObjectSearch, before: int | None, size: int) -> list[int]:
    """Ids of the last version of each object that speaks of the value, walking its postings from the newest: what an object once
    said is still found, and of a value that a million objects speak of only a page is read."""
    keys = [indicator_id(kind.value, value) for kind, value in readings(search.value, None)]
    said_later = Posting.objects.filter(
        key__in=keys, object__stix_id=OuterRef("stix_id"), object__version_us__gt=OuterRef("version_us")
    )
    found: list[int] = []
    while len(found) < size and keys:
        postings = Posting.objects.filter(key__in=keys)
        if before:
            postings = postings.filter(object_id__lt=before)
        part = list(postings.order_by("-object_id").values_list("object_id", flat=True)[: 2 * size])
        rows = _narrowed(StixObject.objects.filter(~Exists(said_later), id__in=part), search)
        found += rows.order_by("-id").values_list("id", flat=True)
        if len(part) < 2 * size:
            break
        before = part[-1]
    return found[:size]


def _newest_rows(ids: Sequence[int]) -> tuple[ObjectRow, ...]:
    """Rows of the newest versions of the objects that these are versions of, in this order."""
    names = dict(StixObject.objects.filter(id__in=ids).values_list("id", "stix_id"))
    newest: dict[str, int] = {}
    for stix_id, number in (
        StixObject.objects.filter(stix_id__in=set(names.values())).order_by("version_us").values_list("stix_id", "id")
    ):
        newest[stix_id] = number
    return object_rows([newest[names[number]] for number in ids])


def _stored(rows: QuerySet[StixObject]) -> list[StoredVersion]:
    columns = [name for name in StoredVersion.__dataclass_fields__ if name != "subject_id"]
    return [StoredVersion(**row) for row in rows.values(*columns, subject_id=F("subject"))]


def _number(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise NotFound("There is no such page.")
    return int(after)


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    every = list(ids)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
