"""A page of a long list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
Table = TypeVar("Table", bound=Model)

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """``rows`` from ``offset`` on, of ``total``."""

    rows: Sequence[Row]
    total: int
    offset: int
    limit: int

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins, if there is one."""
        after = self.offset + len(self.rows)
        return after if after < self.total and self.rows else None

    @property
    def previous_offset(self) -> int | None:
        """Where the page before begins, if there is one."""
        return max(0, self.offset - self.limit) if self.offset else None


def page(table: QuerySet[Table], shown: Callable[[Table], Row], offset: int, limit: int) -> Page[Row]:
    """A page of at most ``limit`` (1 to 1000) rows, each as ``shown`` makes it."""
    offset, limit = max(0, offset), min(max(1, limit), LARGEST_PAGE)
    return Page(tuple(shown(row) for row in table[offset : offset + limit]), table.count(), offset, limit)
