"""Lists of any length, one screen at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_SIZE = 50
#: Nobody pages further than this; a filter gets there faster. It also bounds what counting and skipping rows may cost.
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list. ``total`` is exact only if ``is_counted``; otherwise there are more than ``total``."""

    rows: Sequence[Any]
    number: int
    size: int
    total: int
    is_counted: bool

    @property
    def first(self) -> int:
        """The ordinal of the first row, from 1; 0 in an empty list."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The ordinal of the last row."""
        return (self.number - 1) * self.size + len(self.rows)

    @property
    def pages(self) -> int:
        """How many pages can be opened."""
        return max(1, -(-self.total // self.size))

    @property
    def previous(self) -> int | None:
        """The number of the page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the page after."""
        return self.number + 1 if self.number < self.pages else None

    @property
    def nearby(self) -> range:
        """The page numbers to show links for."""
        return range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1)


def page_of(
    rows: QuerySet[Any] | Sequence[Any], request: HttpRequest, size: int = PAGE_SIZE, parameter: str = "page"
) -> Page:
    """The page of ``rows`` that the address asks for (``?page=3``); the nearest possible page where it asks nonsense.

    ``rows`` is a queryset, read with two bounded queries, or a sequence already in memory.
    """
    known = rows[: MOST_ROWS + 1].count() if isinstance(rows, QuerySet) else len(rows)
    total = min(known, MOST_ROWS)
    number = min(max(_number(request.GET.get(parameter, "1")), 1), max(1, -(-total // size)))
    start = (number - 1) * size
    return Page(list(rows[start : start + size]), number, size, total, known <= MOST_ROWS)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows the address asks for: page ``number``, that is ``limit`` rows from ``offset`` on."""

    number: int
    offset: int
    limit: int


def window(request: HttpRequest, size: int = PAGE_SIZE, parameter: str = "page") -> Window:
    """For queries that cut their rows themselves; :func:`numbered` makes a page of what they give."""
    number = min(max(_number(request.GET.get(parameter, "1")), 1), MOST_ROWS // size)
    return Window(number, (number - 1) * size, size)


def numbered(rows: Sequence[Any], total: int, asked: Window) -> Page:
    """A page of rows that a query has cut out of ``total``."""
    return Page(rows, asked.number, asked.limit, min(total, MOST_ROWS), total <= MOST_ROWS)


@dataclass(frozen=True, slots=True)
class Walk:
    """Some rows of a list that can only be walked onward; ``onward`` is the mark of what follows, ``None`` at the end."""

    rows: Sequence[Any]
    onward: str | None
    is_first: bool


def walk(request: HttpRequest, rows: Sequence[Any], onward: str | None) -> Walk:
    """Rows that a query found after the mark in the address (``?after=…``)."""
    return Walk(rows, onward, is_first=not request.GET.get("after"))


def having(rows: Sequence[Any], text: str, *names: str) -> list[Any]:
    """The rows of a short list in which one of the named attributes contains ``text``, in any case."""
    sought = text.strip().casefold()
    return [row for row in rows if any(sought in str(getattr(row, name)).casefold() for name in names)]
