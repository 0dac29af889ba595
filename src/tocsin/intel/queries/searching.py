"""Search for indicators: which they are and in what order, page by page, fast at a million rows.

No search counts or sorts the table. Each walks an index from where the last page ended: the beginning of the value
(``indicator_type_value``), the feeds of a source (``provenance_feed``), a family or tag (``provenance_statement``), or the newest.
"""

import heapq
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from tocsin.intel.models import Indicator, Provenance, SourceFeed, Statement
from tocsin.intel.models.indicators import INDEXED_CHARACTERS
from tocsin.text import normal
from tocsin.vocab.errors import NotFound
from tocsin.vocab.observables import ObservableType

#: Beyond every character that a value can hold: ``prefix <= value < prefix + _LAST`` is what begins with the prefix.
_LAST = "\U0010ffff"
#: From so many provenances on, asking each value in turn is faster than collecting them.
_MANY = 200_000


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


def find_ids(search: IndicatorSearch, after: str | None, size: int) -> tuple[list[int], str | None]:
    """Database keys of a page of the indicators that fit, and where the next page begins. Raises ``NotFound`` on an ``after``
    that this search never gave."""
    limits = _limits(search)
    if limits is None:
        return [], None
    if search.text.strip() or (search.type and limits.is_open):
        return _by_value(search, limits, after, size)
    if limits.is_open:
        return _newest(after, size)
    return _by_provenance(search.type, limits, after, size)


@dataclass(frozen=True, slots=True)
class _Limits:
    """The feeds and statements that provenances must be of; ``None`` where any will do."""

    feeds: tuple[int, ...] | None
    statements: QuerySet[Statement] | None

    @property
    def is_open(self) -> bool:
        """Whether any will do."""
        return self.feeds is None and self.statements is None

    def provenances(self) -> QuerySet[Provenance]:
        """Those that fit."""
        rows = Provenance.objects.order_by()
        if self.feeds is not None:
            rows = rows.filter(feed_id__in=self.feeds)
        if self.statements is not None:
            rows = rows.filter(statement__in=self.statements.values("id"))
        return rows

    def are_wide(self) -> bool:
        """Whether so many fit that collecting them takes longer than asking."""
        return self.provenances()[:_MANY].count() >= _MANY


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
    """Values that begin with the text, type by type."""
    ranges = [_Range(number, kind, prefix) for number, (kind, prefix) in enumerate(_prefixes(search))]
    start, head, last = _place(after, len(ranges))
    ranges = ranges[start:]
    if limits.is_open or limits.are_wide():
        found = _walk_each(ranges, limits, head, last, size + 1)
    else:
        found = _pick(ranges, limits, head, last, size + 1)
    keys = [key for _, _, key in found[:size]]
    return keys, _token(*found[size - 1]) if len(found) > size else None


@dataclass(frozen=True, slots=True)
class _Range:
    """Values of one type that begin with a text: a range of the index. ``number`` is its place in the order of types."""

    number: int
    kind: ObservableType
    prefix: str

    def where(self, head: str, last: int) -> tuple[str, list[Any]]:
        """The range in SQL, after the value with this head (what is indexed of it) and key."""
        column, cut = _head_sql(), self.prefix[:INDEXED_CHARACTERS]
        parts = [f"{column} >= %s", f"{column} < %s"]
        parameters: list[Any] = [max(cut, head), cut + _LAST]
        if head:
            parts.append(f"({column} > %s OR ({column} = %s AND intel_indicator.id > %s))")
            parameters += [head, head, last]
        if len(self.prefix) > INDEXED_CHARACTERS:
            parts += ["intel_indicator.value >= %s", "intel_indicator.value < %s"]
            parameters += [self.prefix, self.prefix + _LAST]
        return " AND ".join(parts), parameters


#: Place of the type, head of the value, key of the indicator: what a page ends with.
_Found = list[tuple[int, str, int]]


def _walk_each(ranges: list[_Range], limits: _Limits, head: str, last: int, size: int) -> _Found:
    """Range after range along the index until the page is full; of each value it is asked who vouches for it."""
    found: _Found = []
    for each in ranges:
        where, parameters = each.where(head, last)
        rows = Indicator.objects.filter(type=each.kind.value).extra(where=[where], params=parameters)  # noqa: S610
        if not limits.is_open:
            rows = rows.filter(Exists(limits.provenances().filter(indicator_id=OuterRef("pk"))))
        rows = rows.extra(select={"head": _head_sql()}, order_by=["type", "head", "id"])  # noqa: S610
        found += [(each.number, text, key) for text, key in rows.values_list("head", "id")[: size - len(found)]]
        head, last = "", 0
        if len(found) >= size:
            break
    return found


def _pick(ranges: list[_Range], limits: _Limits, head: str, last: int, size: int) -> _Found:
    """All ranges at once out of the few indicators that are vouched for: those are collected once, not once a range."""
    parts, parameters, ranks = [], [], []
    for number, each in enumerate(ranges):
        where, more = each.where("" if number else head, last)
        parts.append(f"({_unindexed_type()} = '{each.kind.value}' AND {where})")
        parameters += more
        ranks.append(f"WHEN '{each.kind.value}' THEN {each.number}")
    place = f"CASE {_unindexed_type()} {' '.join(ranks)} END"
    rows = Indicator.objects.filter(pk__in=limits.provenances().values("indicator_id"))
    rows = rows.extra(where=[f"({' OR '.join(parts)})"], params=parameters)  # noqa: S610 (types of our own)
    rows = rows.extra(select={"place": place, "head": _head_sql()}, order_by=["place", "head", "id"])  # noqa: S610
    return list(rows.values_list("place", "head", "id")[:size])  # type: ignore[misc]  # columns of extra() are not known to it


def _unindexed_type() -> str:
    """The type, so written that SQLite's planner does not walk the index of values for it."""
    return ("+" if connection.vendor == "sqlite" else "") + '"intel_indicator"."type"'


def _prefixes(search: IndicatorSearch) -> list[tuple[ObservableType, str]]:
    """Each type to be walked with the prefix in that type's own spelling, the likeliest type first."""
    text = search.text.strip()
    if not text:
        return [(search.type, "")] if search.type else []
    as_typed = normal.refang(text)
    bare = as_typed.partition("://")[2] if "://" in as_typed else as_typed
    spelled = dict.fromkeys(ObservableType, bare.lower())
    spelled |= {ObservableType.PATTERN: text, ObservableType.OTHER: text, ObservableType.VULNERABILITY: text.upper()}
    likeliest = readings(text, search.type)
    spelled |= dict(likeliest)
    order = [kind for kind, _ in likeliest] + [kind for kind in ObservableType if kind not in dict(likeliest)]
    return [(kind, spelled[kind]) for kind in order if search.type in (None, kind)]


def readings(text: str, kind: ObservableType | None) -> list[tuple[ObservableType, str]]:
    """The text as a canonical observable, as far as it is one."""
    refanged = normal.refang(text.strip())
    try:
        return [normal.typed(kind, refanged) if kind else normal.observable(refanged)]
    except ValueError:
        return []


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
