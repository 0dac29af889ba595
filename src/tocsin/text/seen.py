"""Exact duplicate detection over any number of 16-byte keys in flat memory.

The newest keys are a set in memory. When it is full they go to a temporary file as a *run*: sorted, 16 bytes each. Eight runs of one
size are merged into one of the next, so there are few. A Bloom filter over all runs answers nearly every question about a key;
what it cannot exclude is looked up in the runs, each of which keeps every 256th key in memory and so reads one page of 4 KiB.

About 30 MB of set and at most 128 MiB of filter, which then errs in 3 % of look-ups at 130 million keys and in more beyond:
slower, never wrong. Keys are hashes: were they not, the filter would err more often, and the answers would still be exact.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import numpy as np
import numpy.typing as npt

_KEY = 16
_PAGE_KEYS = 256
_PAGE = _KEY * _PAGE_KEYS
_YOUNG = 250_000
_RUNS_TO_MERGE = 8
_CHUNK = 1 << 20
_HASHES = 3
_FIRST_BITS, _MOST_BITS, _GROWTH, _BITS_PER_KEY = 1 << 25, 1 << 30, 4, 8

_Keys = npt.NDArray[np.bytes_]


class _Filter:
    """A Bloom filter: ``might_hold`` is never wrong about a key that was added."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self._bytes = np.zeros(bits >> 3, dtype=np.uint8)

    def _places(self, packed: bytes) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        halves = np.frombuffer(packed, dtype=np.uint64).reshape(-1, 2)
        place, step = halves[:, 0].copy(), halves[:, 1] | np.uint64(1)
        for _ in range(_HASHES):
            bit = place & np.uint64(self.bits - 1)
            yield bit >> np.uint64(3), np.left_shift(np.uint8(1), (bit & np.uint64(7)).astype(np.uint8))
            place += step

    def add(self, packed: bytes) -> None:
        for place, mask in self._places(packed):
            np.bitwise_or.at(self._bytes, place, mask)

    def might_hold(self, packed: bytes) -> npt.NDArray[np.bool_]:
        found = np.ones(len(packed) // _KEY, dtype=np.bool_)
        for place, mask in self._places(packed):
            found &= (self._bytes[place] & mask) != 0
        return found


class _Run:
    """Sorted keys in a file of their own that has no name."""

    def __init__(self, pieces: Iterator[bytes], folder: str | None, level: int) -> None:
        self.level = level
        self._file = cast("BinaryIO", tempfile.TemporaryFile(dir=folder, buffering=0))  # noqa: SIM115
        marks = []
        self.count = 0
        for piece in pieces:
            self._file.write(piece)
            first = -self.count % _PAGE_KEYS * _KEY
            marks.append(b"".join(piece[start : start + _KEY] for start in range(first, len(piece), _PAGE)))
            self.count += len(piece) // _KEY
        self._marks: _Keys = _as_keys(b"".join(marks))

    def holds(self, key: bytes) -> bool:
        page = int(np.searchsorted(self._marks, np.bytes_(key), side="right")) - 1
        if page < 0:
            return False
        content = os.pread(self._file.fileno(), _PAGE, page * _PAGE)
        at = content.find(key)
        while at > 0 and at % _KEY:
            at = content.find(key, at + 1)
        return at >= 0

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, self.count * _KEY, _CHUNK):
            yield os.pread(self._file.fileno(), _CHUNK, start)

    def close(self) -> None:
        self._file.close()


class Seen:
    """Which keys came before. A context manager: its temporary files go with it."""

    def __init__(self, folder: str | Path | None = None, *, in_memory: int = _YOUNG) -> None:
        """``folder`` is where temporary files go (the system's choice by default); ``in_memory`` how many keys stay a set."""
        self._folder = None if folder is None else str(folder)
        self._in_memory = in_memory
        self._young: set[bytes] = set()
        self._runs: list[_Run] = []
        self._filter = _Filter(_FIRST_BITS)

    def add(self, key: bytes) -> bool:
        """Remember a key of 16 bytes; whether it is new."""
        return self.add_many((key,))[0]

    def add_many(self, keys: Sequence[bytes]) -> list[bool]:
        """:meth:`add` of each key in turn, some thirty times faster once keys have gone to the file."""
        young = self._young
        old = self._older(keys) if self._runs else None
        answers = []
        for key in keys:
            is_new = key not in young and not (old and key in old)
            if is_new:
                young.add(key)
            answers.append(is_new)
        if len(young) >= self._in_memory:
            self._spill()
        return answers

    def close(self) -> None:
        """Give memory and files back."""
        for run in self._runs:
            run.close()
        self._runs, self._young = [], set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _older(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of ``keys`` that are in a run."""
        doubtful = self._filter.might_hold(b"".join(keys)).nonzero()[0].tolist()
        return {keys[at] for at in doubtful if any(run.holds(keys[at]) for run in reversed(self._runs))}

    def _spill(self) -> None:
        packed = _as_keys(b"".join(self._young))
        self._young = set()
        packed.sort()
        self._runs.append(_Run(_cut(packed.tobytes()), self._folder, level=0))
        while self._merge_if_many():
            pass
        self._remember(packed.tobytes())

    def _merge_if_many(self) -> bool:
        level = self._runs[-1].level
        same = [run for run in self._runs if run.level == level]
        if len(same) < _RUNS_TO_MERGE:
            return False
        merged = _Run(_merged(same), self._folder, level + 1)
        for run in same:
            run.close()
        self._runs = [run for run in self._runs if run.level != level] + [merged]
        return True

    def _remember(self, packed: bytes) -> None:
        """Put the newest run into the filter, or all into a larger one if it has become too full."""
        bits, count = self._filter.bits, sum(run.count for run in self._runs)
        while bits < _MOST_BITS and bits < count * _BITS_PER_KEY:
            bits *= _GROWTH
        bits = min(bits, _MOST_BITS)
        if bits == self._filter.bits:
            for piece in _cut(packed):
                self._filter.add(piece)
            return
        del self._filter  # before the larger one, not beside it
        self._filter = _Filter(bits)
        for run in self._runs:
            for piece in run.pieces():
                self._filter.add(piece)


def _as_keys(packed: bytes) -> _Keys:
    # numpy compares S16 over all 16 bytes as unsigned, so the order is that of the bytes.
    return np.frombuffer(packed, dtype=f"S{_KEY}").copy()


def _cut(packed: bytes) -> Iterator[bytes]:
    edges = [*range(0, len(packed), _CHUNK), len(packed)]
    yield from (packed[start:end] for start, end in pairwise(edges))


def _merged(runs: Sequence[_Run]) -> Iterator[bytes]:
    """The keys of disjoint sorted runs in one order: as far as every run has been read, the least part is settled."""
    sources = [run.pieces() for run in runs]
    heads = [_as_keys(next(source, b"")) for source in sources]
    while any(len(head) for head in heads):
        limit = min(head[-1] for head in heads if len(head))
        cuts = [int(np.searchsorted(head, limit, side="right")) for head in heads]
        settled = np.concatenate([head[:cut] for head, cut in zip(heads, cuts, strict=True)])
        settled.sort()
        yield settled.tobytes()
        for at, cut in enumerate(cuts):
            heads[at] = heads[at][cut:]
            if not len(heads[at]):
                heads[at] = _as_keys(next(sources[at], b""))
