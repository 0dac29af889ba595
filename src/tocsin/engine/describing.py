"""What a set holds, and how two sets differ. Memory stays flat: rows are counted and compared where they lie."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tocsin.engine import native
from tocsin.engine.files import delta_of
from tocsin.engine.rows import find, listed
from tocsin.engine.sets import IndicatorSet, seconds
from tocsin.vocab import clock
from tocsin.vocab.errors import Unreadable

_STRETCH = 1 << 16


@dataclass(frozen=True, slots=True)
class DeltaInfo:
    """The delta of a set: rows that were added, when it was made, its size in bytes."""

    rows: int
    made_at: datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A set and its rows: ``rows`` = sum of ``types`` + ``refused`` (blank lines of the file among them) + ``removed``.

    ``expired`` rows are counted in ``types`` too. ``bytes`` is the size of the base and its delta. ``is_delta_strange``: a delta of
    another base lies beside the set and is passed over.
    """

    rows: int
    types: dict[str, int]
    refused: int
    removed: int
    expired: int
    made_at: datetime
    bytes: int
    delta: DeltaInfo | None
    is_delta_strange: bool

    @property
    def indicators(self) -> int:
        """How many can match, expired ones counted."""
        return sum(self.types.values())


def describe(path: Path, at: datetime | None = None) -> SetInfo:
    """Count the rows of the set at ``path``; ``at`` (default: now) says which have expired. Raises ``Unreadable`` as opening does."""
    with IndicatorSet.open(path, at) as opened:
        opened.checked()
        counts = (ctypes.c_uint64 * native.COUNTS)()
        if not native.core().tocsin_set_count(opened.handle, seconds(at or clock.now()), counts):
            raise Unreadable(f"{path}: the set is damaged: a record cannot be read")
        types = dict.fromkeys(native.TYPE_OF_KIND.values(), 0)
        for kind, name in native.TYPE_OF_KIND.items():
            types[name] += counts[kind if kind > 0 else native.CERTIFICATES]
        numbers = opened.numbers
        delta = None
        if numbers.has_delta:
            delta = DeltaInfo(numbers.delta_rows, _time(numbers.delta_made_at), opened.delta_bytes)
        return SetInfo(
            rows=opened.rows,
            types={name: count for name, count in types.items() if count},
            refused=counts[native.REFUSED],
            removed=counts[native.REMOVED],
            expired=counts[native.EXPIRED],
            made_at=_time(numbers.made_at),
            bytes=opened.base_bytes + opened.delta_bytes,
            delta=delta,
            is_delta_strange=delta is None and delta_of(path).exists(),
        )


def _time(seconds_: int) -> datetime:
    """A header's time; a hostile one may be no time at all."""
    return datetime.fromtimestamp(min(seconds_, 253_402_300_799), UTC)


class Difference(NamedTuple):
    """One row that only one of two sets holds; ``is_added``: only the second. ``until``: empty, or a time in RFC 3339."""

    is_added: bool
    type: str
    value: bytes
    until: str


def differences(first: IndicatorSet, second: IndicatorSet) -> Iterator[Difference]:
    """Rows that only ``first`` holds, in its order, then rows that only ``second`` holds. A row with another time is another row."""
    for is_added, one, other in ((False, first, second), (True, second, first)):
        for lines in _only_in(one.checked(), other.checked()):
            for line in lines[:-1].split(b"\n"):
                kind, value, *until = line.split(b"\t")
                yield Difference(is_added, kind.decode(), value, until[0].decode() if until else "")


def _only_in(one: IndicatorSet, other: IndicatorSet) -> Iterator[bytes]:
    said = ctypes.create_string_buffer(one.rows + 1)
    for first in range(0, one.rows, _STRETCH):
        end = min(first + _STRETCH, one.rows)
        find(one.handle, (first, end), other.handle, said)
        yield from listed(one.handle, first, end, said)
