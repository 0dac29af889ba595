"""Reads of indicators: pages of a search, one in full, many for detection."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.intel.models import Indicator, Provenance
from tocsin.intel.queries.object_detail import false_positives
from tocsin.intel.queries.searching import IndicatorSearch, find_ids, readings
from tocsin.intel.queries.views import (
    PAGE_SIZE,
    IndicatorDetail,
    IndicatorView,
    KnownIndicator,
    Page,
    ProvenanceView,
)
from tocsin.intel.queries.warning_lists import warning_matcher
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType

#: Keys in one SQL statement; both databases allow more, but not every build of SQLite.
_CHUNK = 900
_DOWNLOAD = 5_000
#: The databases disagree about where nothing stands.
_BY_FAMILY = F("statement__malware").asc(nulls_first=True)


def indicators(
    viewer: Viewer, search: IndicatorSearch, *, after: str | None = None, size: int = PAGE_SIZE
) -> Page[IndicatorView]:
    """A page of the indicators that fit. With a text or a type in the order of values, the likeliest type first; else newest first.

    Raises ``NotFound`` on an ``after`` that this search never gave.
    """
    require(viewer, Permission.INTEL_READ)
    ids, following = find_ids(search, after, size)
    return Page(_views(ids), following)


def all_indicators(viewer: Viewer, search: IndicatorSearch) -> Iterator[IndicatorView]:
    """Everything that fits, page after page in flat memory, for downloads."""
    require(viewer, Permission.INTEL_READ)
    page = indicators(viewer, search, size=_DOWNLOAD)
    yield from page.rows
    while page.next:
        page = indicators(viewer, search, after=page.next, size=_DOWNLOAD)
        yield from page.rows


def indicator(viewer: Viewer, uid: UUID) -> IndicatorDetail:
    """One indicator with every provenance, the most confident first. Raises ``NotFound``."""
    require(viewer, Permission.INTEL_READ)
    key = Indicator.objects.filter(uid=uid).values_list("pk", flat=True).first()
    if key is None:
        raise NotFound(f"There is no indicator {uid}.")
    (view,) = _views([key])
    known_good = warning_matcher(viewer).known_good(view.type, view.value)
    return IndicatorDetail(view, tuple(_provenances(key)), known_good, false_positives(viewer, uid))


def find_indicator(viewer: Viewer, text: str, kind: ObservableType | None = None) -> IndicatorDetail | None:
    """The indicator of exactly this value in any spelling, or ``None`` where it is not known or the text is no observable."""
    require(viewer, Permission.INTEL_READ)
    for found_kind, value in readings(text, kind):
        uid = indicator_id(found_kind.value, value)
        if Indicator.objects.filter(uid=uid).exists():
            return indicator(viewer, uid)
    return None


def known_indicators(viewer: Viewer, ids: Iterable[int]) -> dict[int, KnownIndicator]:
    """Many indicators by database key, for detection. Keys that do not exist are left out."""
    require(viewer, Permission.INTEL_READ)
    found: dict[int, KnownIndicator] = {}
    for chunk in _chunks(sorted(set(ids))):
        words = _words(chunk)
        for row in Indicator.objects.filter(pk__in=chunk):
            found[row.pk] = _known(row, words.get(row.pk, []))
    return found


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _words(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """By indicator, what its provenances say in short, the most confident word that still stands first."""
    rows = (
        Provenance.objects.filter(indicator_id__in=ids)
        .order_by("indicator_id", "is_revoked", "-statement__confidence", _BY_FAMILY, "id")
        .values("indicator_id", "feed__source__name", "statement__malware", "statement__classification")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["indicator_id"], []).append(dict(row))
    return found


def _sorted(words: Iterable[dict[str, Any]], column: str) -> tuple[str, ...]:
    return tuple(sorted({word[column] for word in words if word[column]}))


def _views(ids: Sequence[int]) -> tuple[IndicatorView, ...]:
    words = {key: word for chunk in _chunks(ids) for key, word in _words(chunk).items()}
    rows = {row.pk: row for chunk in _chunks(ids) for row in Indicator.objects.filter(pk__in=chunk)}
    return tuple(_view(rows[key], words.get(key, [])) for key in ids)


def _view(row: Indicator, words: list[dict[str, Any]]) -> IndicatorView:
    return IndicatorView(
        uid=row.uid,
        type=ObservableType(row.type),
        value=row.value,
        is_matchable=row.is_matchable,
        tlp=Tlp(row.tlp),
        pap=Pap(row.pap),
        confidence=row.confidence,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        is_revoked=row.is_revoked,
        to_ids=row.to_ids,
        version=row.version,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        malware=_sorted(words, "statement__malware"),
        sources=_sorted(words, "feed__source__name"),
    )


def _known(row: Indicator, words: list[dict[str, Any]]) -> KnownIndicator:
    return KnownIndicator(
        id=row.pk,
        uid=row.uid,
        type=ObservableType(row.type),
        value=row.value,
        version=row.version,
        tlp=Tlp(row.tlp),
        pap=Pap(row.pap),
        confidence=row.confidence,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        is_revoked=row.is_revoked,
        to_ids=row.to_ids,
        classification=words[0]["statement__classification"],
        malware=words[0]["statement__malware"],
        sources=_sorted(words, "feed__source__name"),
        all_malware=_sorted(words, "statement__malware"),
    )


def _provenances(key: int) -> Iterator[ProvenanceView]:
    rows = (
        Provenance.objects.filter(indicator_id=key)
        .select_related("feed__source", "statement", "first_delivery", "last_delivery", "member")
        .order_by("is_revoked", "-statement__confidence", "feed__source__name", _BY_FAMILY, "id")
    )
    for row in rows:
        said = row.statement
        yield ProvenanceView(
            source=row.feed.source.name,
            source_title=row.feed.source.title,
            feed=row.feed.name,
            malware=said.malware,
            classification=said.classification,
            external_id=row.external_id,
            given=row.given,
            confidence=said.confidence,
            tlp=Tlp(said.tlp),
            pap=Pap(said.pap),
            to_ids=said.to_ids,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            is_revoked=row.is_revoked,
            description=said.description,
            references=tuple(said.references),
            tags=tuple(said.tags),
            details=said.details,
            first_delivery=row.first_delivery.uid,
            first_delivery_at=row.first_delivery.received_at,
            last_delivery=row.last_delivery.uid,
            last_delivery_at=row.last_delivery.received_at,
            member=row.member.name,
            line=row.line,
            count=row.count,
        )
