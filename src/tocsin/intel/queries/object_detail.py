"""One object with everything that is said about it, read as one with whatever it is merged with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.formats.stix.values import values_of
from tocsin.formats.stix.writing import moment_of
from tocsin.formats.times import iso_time
from tocsin.intel.models import (
    FalsePositiveReport,
    Merge,
    MergeMember,
    ObjectProvenance,
    Posting,
    Retraction,
    Sighting,
    StixObject,
)
from tocsin.intel.queries.object_views import (
    GiverView,
    MergeView,
    ObjectDetail,
    RemarkView,
    Seen,
    SightingView,
    ValueView,
    VersionView,
)
from tocsin.intel.queries.objects import object_rows
from tocsin.intel.rules.standing import Standing, summed
from tocsin.intel.rules.subjects import read_subject
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id

#: Others that speak of the same value are counted so far and no further: of a public resolver there may be a million.
_COUNTED = 1_000
_SHOWN = 10
_MOST_VALUES = 50
_MOST_VERSIONS = 200
_MOST_REMARKS = 500


def stix_object(viewer: Viewer, stix_id: str) -> ObjectDetail:
    """One object. Raises ``NotFound``."""
    require(viewer, Permission.INTEL_READ)
    newest = StixObject.objects.filter(stix_id=stix_id).order_by("-version_us").first()
    if newest is None:
        raise NotFound(f"There is no object {stix_id!r}.")
    made = _merge_of(stix_id)
    members = made.members if made else (stix_id,)
    (row,) = object_rows([newest.pk])
    content = orjson.loads(bytes(newest.raw))
    return ObjectDetail(
        object=row,
        standing=summed(_standings(members)),
        content=content,
        versions=_versions(stix_id),
        values=_values(content, stix_id),
        seen=seen(viewer, stix_id),
        false_positives=_remarks(FalsePositiveReport, members),
        retractions=_remarks(Retraction, members),
        merge=made,
        merged=object_rows([number for number in _newest_ids(members) if number != newest.pk]),
    )


def seen(viewer: Viewer, stix_id: str) -> Seen:
    """All sightings of an object and of what it is merged with."""
    require(viewer, Permission.INTEL_READ)
    made = _merge_of(stix_id)
    found = Sighting.objects.filter(about__in=made.members if made else [stix_id], is_revoked=False)
    rows = list(found.select_related("source").order_by("-said_at", "-id")[:_MOST_REMARKS])
    if not rows:
        return Seen()
    cells = [row.hosts for row in rows]
    begins = [row.first_seen_at for row in rows if row.first_seen_at]
    ends = [row.last_seen_at for row in rows if row.last_seen_at]
    return Seen(
        count=sum(row.count for row in rows),
        ours=sum(row.count for row in rows if row.is_ours),
        sources=len({row.source_id for row in rows}),
        hosts=None if None in cells else min(cell for cell in cells if cell is not None),
        first_seen_at=min(begins, default=None),
        last_seen_at=max(ends, default=None),
        rows=tuple(_sighting(row) for row in rows),
    )


def false_positives(viewer: Viewer, uid: UUID) -> tuple[RemarkView, ...]:
    """Who says that the indicator of this uid accuses something harmless, and why; ours and partners'."""
    require(viewer, Permission.INTEL_READ)
    rows = (
        FalsePositiveReport.objects.filter(key=uid, is_revoked=False)
        .select_related("source")
        .order_by("-said_at", "-id")
    )
    unique = {row.stix_id: row for row in reversed(rows[:_MOST_REMARKS])}
    return tuple(_remark(row) for row in reversed(unique.values()))


def merges(viewer: Viewer, stix_id: str) -> tuple[MergeView, ...]:
    """Every merge that the object is or was in, the newest first."""
    require(viewer, Permission.INTEL_READ)
    rows = Merge.objects.filter(members__stix_id=stix_id).order_by("-made_at", "-id")
    return tuple(_merge(row) for row in rows)


def _merge_of(stix_id: str) -> MergeView | None:
    member = MergeMember.objects.filter(stix_id=stix_id, is_standing=True).select_related("merge").first()
    return _merge(member.merge) if member else None


def _merge(row: Merge) -> MergeView:
    return MergeView(
        uid=row.uid,
        canonical=row.canonical,
        members=tuple(row.members.values_list("stix_id", flat=True)),
        reason=row.reason,
        made_by=row.made_by,
        made_at=row.made_at,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
        undone_because=row.undone_because,
    )


def _newest_ids(stix_ids: Sequence[str]) -> list[int]:
    newest: dict[str, int] = {}
    rows = StixObject.objects.filter(stix_id__in=stix_ids).order_by("version_us")
    for stix_id, number in rows.values_list("stix_id", "id"):
        newest[stix_id] = number
    return [newest[stix_id] for stix_id in stix_ids if stix_id in newest]


def _standings(stix_ids: Sequence[str]) -> list[Standing]:
    """What each giver of the newest version of each of these says, the source's own defaults where the object is silent."""
    given = ObjectProvenance.objects.filter(object_id__in=_newest_ids(stix_ids)).select_related(
        "object", "source__source"
    )
    return [_standing(row) for row in given.order_by("id")]


def _standing(row: ObjectProvenance) -> Standing:
    content = orjson.loads(bytes(row.object.raw))
    confidence, source = row.object.confidence, row.source.source
    until = _time(content.get("valid_until"))
    if source is not None:
        confidence = source.confidence if confidence is None else confidence
        if until is None and source.valid_for and row.object.type == "indicator":
            until = row.last_at + timedelta(days=source.valid_for)
    return Standing(
        confidence=confidence,
        valid_from=_time(content.get("valid_from")),
        valid_until=until,
        is_revoked=row.object.is_revoked,
        marking=row.object.marking,
    )


def _time(text: Any) -> datetime | None:
    try:
        return iso_time(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _versions(stix_id: str) -> tuple[VersionView, ...]:
    rows = list(
        StixObject.objects.filter(stix_id=stix_id).select_related("subject").order_by("-version_us")[:_MOST_VERSIONS]
    )
    givers: dict[int, list[GiverView]] = {}
    given = ObjectProvenance.objects.filter(object_id__in=[row.pk for row in rows]).order_by("id")
    for one in given.select_related("source", "delivery"):
        uid = one.delivery.uid if one.delivery else None
        view = GiverView(one.source.name, one.first_at, one.last_at, one.count, uid)
        givers.setdefault(one.object_id, []).append(view)
    return tuple(
        VersionView(
            modified_at=moment_of(row.version_us),
            sha256=row.sha256,
            size=len(row.raw),
            is_revoked=row.is_revoked,
            marking=row.marking,
            added_at=row.added_at,
            givers=tuple(givers.get(row.pk, ())),
            subject=read_subject(row.subject.text),
        )
        for row in rows
    )


def _values(content: Any, stix_id: str) -> tuple[ValueView, ...]:
    """The values of an object with their neighbours: one walk along the index a value."""
    views = []
    for kind, value in values_of(content)[:_MOST_VALUES]:
        key = indicator_id(kind.value, value)
        found = Posting.objects.filter(key=key).order_by("-object_id").values_list("object_id", flat=True)
        ids = list(found[: _COUNTED + 1])
        names = dict(StixObject.objects.filter(pk__in=ids[: _SHOWN * 4]).values_list("id", "stix_id"))
        others = dict.fromkeys(names[number] for number in ids if number in names and names[number] != stix_id)
        if len(ids) > len(names):
            count = (
                StixObject.objects.filter(pk__in=ids[:_COUNTED])
                .exclude(stix_id=stix_id)
                .values("stix_id")
                .distinct()
                .count()
            )
        else:
            count = len(others)
        views.append(ValueView(kind.value, value, count, len(ids) > _COUNTED, tuple(others)[:_SHOWN]))
    return tuple(views)


def _sighting(row: Sighting) -> SightingView:
    return SightingView(
        stix_id=row.stix_id,
        source=row.source.name,
        is_ours=row.is_ours,
        count=row.count,
        hosts=row.hosts,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        said_at=row.said_at,
        said_by=row.said_by,
    )


def _remarks(model: type[FalsePositiveReport] | type[Retraction], abouts: Sequence[str]) -> tuple[RemarkView, ...]:
    rows = model._default_manager.filter(about__in=abouts, is_revoked=False).select_related("source")
    return tuple(_remark(row) for row in rows.order_by("-said_at", "-id")[:_MOST_REMARKS])


def _remark(row: FalsePositiveReport | Retraction) -> RemarkView:
    return RemarkView(row.stix_id, row.source.name, row.is_ours, row.reason, row.said_at, row.said_by)
