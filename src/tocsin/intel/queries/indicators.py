"""Reads of indicators: search that stays fast at a million rows, one in full, many for detection.

No search counts or sorts the table. Each walks an index from where the last page ended: the beginning of the value
(``indicator_type_value``), the feeds of a source (``provenance_feed``), a family or tag (``provenance_statement``), or the newest.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.intel.models import Indicator, Provenance, SourceFeed, Statement
from tocsin.intel.models.indicators import INDEXED_CHARACTERS
from tocsin.intel.queries.views import (
    PAGE_SIZE,
    IndicatorDetail,
    IndicatorView,
    KnownIndicator,
    Page,
    ProvenanceView,
)
from tocsin.intel.queries.warning_lists import warning_matcher
from tocsin.text import normal
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType

#: Keys in one SQL statement; both databases allow more, but not every build of SQLite.
_CHUNK = 900
_DOWNLOAD = 5_000
#: The databases disagree about where nothing stands.
_BY_FAMILY = F("statement__malware").asc(nulls_first=True)
#: Beyond every character that a value can hold: ``prefix <= value < prefix + _LAST`` is what begins with the prefix.
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class IndicatorSearch:
    """What to look for; everything given must hold.

    ``text`` is a value or its beginning in any spelling (``hxxp://Evil[.]example``); ``source`` a source's slug; ``malware`` a
    family's name and ``tag`` a tag, both in any case.
    """

    text: str = ""
    type: ObservableType | None = None
    source: str = ""
    malware: str = ""
    tag: str = ""


def indicators(
    viewer: Viewer, search: IndicatorSearch, *, after: str | None = None, size: int = PAGE_SIZE
) -> Page[IndicatorView]:
    """A page of the indicators that fit. With a text or a type in the order of values, the likeliest type first; else newest first.

    Raises ``NotFound`` on an ``after`` that this search never gave.
    """
    require(viewer, Permission.INTEL_READ)
    limits = _limits(search)
    if limits is None:
        return Page(())
    if search.text.strip() or (search.type and limits.is_open):
        ids, following = _by_value(search, limits, after, size)
    elif limits.is_open:
        ids, following = _newest(after, size)
    else:
        ids, following = _by_provenance(search.type, limits, after, size)
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
    return IndicatorDetail(view, tuple(_provenances(key)), known_good)


def find_indicator(viewer: Viewer, text: str, kind: ObservableType | None = None) -> IndicatorDetail | None:
    """The indicator of exactly this value in any spelling, or ``None`` where it is not known or the text is no observable."""
    require(viewer, Permission.INTEL_READ)
    for found_kind, value in _readings(text, kind):
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


# --- search ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Limits:
    """The feeds and statements that provenances must be of; ``None`` where any will do."""

    feeds: tuple[int, ...] | None
    statements: QuerySet[Statement] | None

    @property
    def is_open(self) -> bool:
        return self.feeds is None and self.statements is None


def _limits(search: IndicatorSearch) -> _Limits | None:
    """What the search asks of provenances; ``None`` if nothing can fit."""
    feeds = None
    if search.source:
        feeds = tuple(SourceFeed.objects.filter(source__name=search.source).order_by("id").values_list("id", flat=True))
        if not feeds:
            return None
    statements = None
    if search.malware or search.tag:
        statements = _statements(search.malware.strip(), search.tag.strip())
        if not statements.exists():
            return None
    return _Limits(feeds, statements)


def _statements(malware: str, tag: str) -> QuerySet[Statement]:
    rows = Statement.objects.all()
    if malware:
        exact = rows.filter(malware=malware)
        rows = exact if exact.exists() else rows.filter(malware__iexact=malware)
    if tag:
        # the tag as JSON writes it, quotes and all, so that "rat" does not find "pirate"
        rows = rows.filter(tags__icontains=orjson.dumps(tag).decode())
    return rows


def _newest(after: str | None, size: int) -> tuple[list[int], str | None]:
    rows = Indicator.objects.order_by("-id").values_list("id", flat=True)
    if after:
        rows = rows.filter(id__lt=_number(after))
    return _cut(list(rows[: size + 1]), size)


def _by_provenance(
    kind: ObservableType | None, limits: _Limits, after: str | None, size: int
) -> tuple[list[int], str | None]:
    """Newest indicators first among those that have a fitting provenance. Each feed is walked on its own along its index."""
    rows = Provenance.objects.order_by("-indicator_id").values_list("indicator_id", flat=True).distinct()
    if after:
        rows = rows.filter(indicator_id__lt=_number(after))
    if kind:
        rows = rows.filter(indicator__type=kind.value)
    if limits.statements is not None:
        rows = rows.filter(statement__in=limits.statements.values("id"))
    if limits.feeds is None:
        return _cut(list(rows[: size + 1]), size)
    walks = [list(rows.filter(feed_id=feed)[: size + 1]) for feed in limits.feeds]
    merged = list(dict.fromkeys(heapq.merge(*walks, reverse=True)))
    return _cut(merged, size)


def _by_value(search: IndicatorSearch, limits: _Limits, after: str | None, size: int) -> tuple[list[int], str | None]:
    """Values that begin with the text, type by type: each is one range of the index."""
    ranges = _ranges(search)
    start, head, last = _place(after, len(ranges))
    found: list[tuple[int, str, int]] = []
    for number in range(start, len(ranges)):
        kind, prefix = ranges[number]
        found += [(number, text, key) for text, key in _walk(kind, prefix, limits, head, last, size + 1 - len(found))]
        head, last = "", 0
        if len(found) > size:
            break
    keys = [key for _, _, key in found[:size]]
    return keys, _token(*found[size - 1]) if len(found) > size else None


def _ranges(search: IndicatorSearch) -> list[tuple[ObservableType, str]]:
    """Each type to be walked with the prefix in that type's own spelling, the likeliest type first."""
    text = search.text.strip()
    if not text:
        return [(search.type, "")] if search.type else []
    as_typed = normal.refang(text)
    bare = as_typed.partition("://")[2] if "://" in as_typed else as_typed
    spelled = dict.fromkeys(ObservableType, bare.lower())
    spelled |= {ObservableType.PATTERN: text, ObservableType.OTHER: text, ObservableType.VULNERABILITY: text.upper()}
    likeliest = _readings(text, search.type)
    spelled |= dict(likeliest)
    order = [kind for kind, _ in likeliest] + [kind for kind in ObservableType if kind not in dict(likeliest)]
    return [(kind, spelled[kind]) for kind in order if search.type in (None, kind)]


def _readings(text: str, kind: ObservableType | None) -> list[tuple[ObservableType, str]]:
    """The text as a canonical observable, as far as it is one."""
    refanged = normal.refang(text.strip())
    try:
        return [normal.typed(kind, refanged) if kind else normal.observable(refanged)]
    except ValueError:
        return []


def _walk(kind: ObservableType, prefix: str, limits: _Limits, head: str, last: int, size: int) -> list[tuple[str, int]]:
    """Heads (what is indexed of a value) and keys of one type's values that begin with ``prefix``, after the given place."""
    column = _head_sql()
    lower, upper = prefix[:INDEXED_CHARACTERS], prefix[:INDEXED_CHARACTERS] + _LAST
    where = [f"{column} >= %s", f"{column} < %s"]
    parameters: list[Any] = [max(lower, head), upper]
    if head:
        where.append(f"({column} > %s OR ({column} = %s AND intel_indicator.id > %s))")
        parameters += [head, head, last]
    rows = Indicator.objects.filter(type=kind.value).extra(where=where, params=parameters)  # noqa: S610 (our own column)
    if len(prefix) > INDEXED_CHARACTERS:
        rows = rows.filter(value__gte=prefix, value__lt=prefix + _LAST)
    if not limits.is_open:
        rows = rows.filter(_vouched(limits))
    rows = rows.extra(select={"head": column}, order_by=["type", "head", "id"])  # noqa: S610
    return list(rows.values_list("head", "id")[:size])


def _vouched(limits: _Limits) -> Exists:
    """Asked of each value in turn: collecting what a large source vouches for would take longer than the page."""
    fitting = Provenance.objects.filter(indicator_id=OuterRef("pk"))
    if limits.feeds is not None:
        fitting = fitting.filter(feed_id__in=limits.feeds)
    if limits.statements is not None:
        fitting = fitting.filter(statement__in=limits.statements.values("id"))
    return Exists(fitting)


def _head_sql() -> str:
    """The indexed expression, letter for letter as the migration wrote it: the planner compares text, not meaning."""
    function = "SUBSTR" if connection.vendor == "sqlite" else "SUBSTRING"
    return f'{function}("intel_indicator"."value", 1, {INDEXED_CHARACTERS})'


def _token(number: int, head: str, key: int) -> str:
    return f"{number}.{key}.{head}"


def _place(after: str | None, ranges: int) -> tuple[int, str, int]:
    if not after:
        return 0, "", 0
    number, _, rest = after.partition(".")
    key, _, head = rest.partition(".")
    if not head or _number(number) >= ranges:
        raise NotFound("There is no such page.")
    return _number(number), head, _number(key)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound("There is no such page.")
    return int(text)


def _cut(ids: list[int], size: int) -> tuple[list[int], str | None]:
    return ids[:size], str(ids[size - 1]) if len(ids) > size else None


# --- rows to records ---------------------------------------------------------------------------------------------------------


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
