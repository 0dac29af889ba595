"""A page of entries: what this caller may see of a feed, filtered before it is cut, in one query of one range of one index."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tocsin.constituency.access import Viewer
from tocsin.exchange.models import Entry, Rendition, Shape
from tocsin.exchange.rules.asking import Question, Versions
from tocsin.exchange.rules.terms import Terms

#: Up to this many types are each a range of their own; more are sought in the order of dates.
_RANGES = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("pk", "object_id", "subject_id", "stix_id", "version_us", "spec_version", "date_added_us", "ledger_number")


@dataclass(frozen=True, slots=True)
class View:
    """One feed in one shape as one partner may see it at ``at``. ``held`` are subjects of which only what was released is seen."""

    feed_id: int
    shape: str
    visible: Mapping[int, Terms]
    held: Sequence[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a page; ``raw`` is there where objects were asked for."""

    pk: int
    object_id: int
    subject_id: int
    stix_id: str
    version_us: int
    spec_version: str
    date_added_us: int
    ledger_number: int | None
    raw: bytes = b""


def page(viewer: Viewer, view: View, question: Question, after: int | None, *, with_raw: bool) -> list[Row]:  # noqa: ARG001 (the view is the viewer's)
    """The entries after the date ``after`` (microseconds since 1970) in the order of their dates: one more than the limit, if there are.

    Only what the view shows counts for versions too: of an object whose newest version is not for this caller, the newest that is.
    """
    found = _asked(_seen(Entry.objects.filter(feed_id=view.feed_id), view), view, question)
    # after a mark and after added_after alike: whichever is later
    floors = [floor for floor in (after, question.added_after) if floor is not None]
    found = found.filter(date_added_us__gt=max(floors)) if floors else found.filter(date_added_us__isnull=False)
    found = _of_types(found, question.types, question.limit + 1).order_by("date_added_us")[: question.limit + 1]
    columns = (*_FIELDS, "object__raw") if with_raw else _FIELDS
    return [_row(values) for values in found.values_list(*columns)]


def is_any(viewer: Viewer, view: View, stix_id: str) -> bool:  # noqa: ARG001 (the view is the viewer's)
    """Whether the view shows any version of this object."""
    return _seen(Entry.objects.filter(feed_id=view.feed_id, stix_id=stix_id), view).exists()


def renditions(viewer: Viewer, wanted: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], bytes]:  # noqa: ARG001
    """The kept renditions of objects, by recipe and object id; empty bytes stand for what cannot be given at all."""
    if not wanted:
        return {}
    ways = Q()
    for recipe, ids in wanted.items():
        ways |= Q(recipe=recipe, object_id__in=ids)
    return {
        (recipe, object_id): bytes(raw)
        for recipe, object_id, raw in Rendition.objects.filter(ways).values_list("recipe", "object_id", "raw")
    }


def _row(values: Sequence[Any]) -> Row:
    made: Callable[..., Row] = Row
    return made(*values[:-1], bytes(values[-1])) if len(values) > len(_FIELDS) else made(*values)


def _seen(entries: QuerySet[Entry], view: View) -> QuerySet[Entry]:
    """Those entries that the view shows. Subjects are compared as values, not looked up: the order of dates leads the search.

    The object is asked for its subject too: where its marking has changed a moment ago, its entry is not yet brought up to date.
    """
    found = entries.filter(date_added_us__isnull=False).alias(
        plain_subject=F("subject_id") + 0, object_subject=F("object__subject_id") + 0
    )
    if view.shape == Shape.INDICATORS:
        found = found.filter(is_indicator=True)
    elif view.shape == Shape.HIGH_CONFIDENCE:
        found = found.filter(is_high_confidence=True)
    return found.filter(_is_open(view))


def _is_open(view: View) -> Q:
    by_days: dict[tuple[int | None, bool], list[int]] = defaultdict(list)
    for subject, terms in view.visible.items():
        by_days[terms.days, terms.waits_for_embargo].append(subject)
    ways = Q(pk__in=[])
    for (days, waits), subjects in by_days.items():
        way = Q(plain_subject__in=subjects, object_subject__in=subjects)
        if days is not None:
            way &= Q(object__obtained_at__gt=view.at - timedelta(days=days))
        if waits:
            way &= Q(object__embargo_until__isnull=True) | Q(object__embargo_until__lte=view.at)
        ways |= way
    if view.held:
        ways |= Q(is_released=True, plain_subject__in=view.held, object_subject__in=view.held)
    return ways


def _of_types(found: QuerySet[Entry], types: Sequence[str], limit: int) -> QuerySet[Entry]:
    if not types:
        return found
    if len(types) == 1:
        return found.filter(type=types[0])
    if len(types) > _RANGES:
        return found.filter(type__in=types)
    ranges = Q()
    for kind in types:
        ranges |= Q(pk__in=found.filter(type=kind).order_by("date_added_us").values("pk")[:limit])
    return Entry.objects.filter(ranges)


def _asked(found: QuerySet[Entry], view: View, question: Question) -> QuerySet[Entry]:
    """The filters on ids, spec versions and versions, in the order that ``rules.asking`` documents."""
    if question.ids:
        found = found.filter(stix_id__in=question.ids)
    if question.spec_versions:
        found = found.filter(spec_version__in=question.spec_versions)
    others = _seen(Entry.objects.filter(feed_id=OuterRef("feed_id"), stix_id=OuterRef("stix_id")), view)
    return found.filter(_is_version(others, question.spec_versions, question.versions))


def _is_version(others: QuerySet[Entry], spec_versions: Sequence[str], versions: Versions) -> Q:
    """Whether no other version of the object stands in the way. Without a wish, only the newest spec version counts."""
    newer_spec = Q() if spec_versions else Q(spec_version__gt=OuterRef("spec_version"))
    if spec_versions:
        others = others.filter(spec_version__in=spec_versions)

    def unless(before: Q) -> Q:
        stands_before = before if spec_versions else newer_spec | (before & Q(spec_version=OuterRef("spec_version")))
        return Q(~Exists(others.filter(stands_before)))

    if versions.is_all:
        return Q() if spec_versions else Q(~Exists(others.filter(newer_spec)))
    ways = Q(pk__in=[])
    if versions.is_last:
        ways |= unless(Q(version_us__gt=OuterRef("version_us")))
    if versions.is_first:
        ways |= unless(Q(version_us__lt=OuterRef("version_us")))
    if versions.exact:
        exact = Q(version_us__in=versions.exact)
        ways |= exact if spec_versions else exact & Q(~Exists(others.filter(newer_spec)))
    return ways


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
