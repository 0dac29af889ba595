"""Changing a set without compiling it anew: rows are added or removed in a delta beside the base, under readers that go on undisturbed.

The delta is small and written wholly each time, beside its place and renamed into it. Rows keep their numbers until the set is compiled
anew; added rows count on from those that are there. An indicator is the same however it is spelt: ``EVIL.example`` removes what
``evil.example`` added.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tocsin.engine import native, rows
from tocsin.engine.compiling import Builder, add_stream
from tocsin.engine.files import delta_of, locked, replacing
from tocsin.engine.sets import IndicatorSet
from tocsin.vocab.errors import Unreadable

#: A delta beyond this part of its base, and beyond this many rows, fills the base's filter and costs speed.
WORTH_COMPILING, FEW_ROWS = 0.1, 10_000


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """What became of the rows of a change: ``received`` = ``changed`` + ``unchanged`` + ``rejected``.

    ``changed``: added or removed. ``unchanged``: already there, or not there. ``rejected``: (line from 0, sentence). ``is_large``: so much
    was added that compiling anew is due.
    """

    received: int
    changed: int
    unchanged: int
    rejected: list[tuple[int, str]] = field(default_factory=list)
    is_large: bool = False


def add_rows(path: str | Path, stream: BinaryIO) -> ChangeReport:
    """Add the rows of a TSV file (as :func:`~tocsin.engine.compiling.compile_stream` reads it) to the set at ``path``.

    What was removed before comes back. A row with another time until which it is valid takes the place of the one that is there; of
    several rows of the file that are the same indicator the first counts. Raises ``Unreadable`` where the set is damaged or missing,
    ``Conflict`` while another process changes it.
    """
    return _change(Path(path), stream, native.ADD)


def remove_rows(path: str | Path, stream: BinaryIO) -> ChangeReport:
    """Remove the indicators of a TSV file ``type<TAB>value`` from the set at ``path``, with every row that spells one of them.

    A third column plays no part. Raises as :func:`add_rows`.
    """
    return _change(Path(path), stream, native.REMOVE)


def _change(path: Path, stream: BinaryIO, change: int) -> ChangeReport:
    with _opened_for_change(path) as opened, Builder(opened.seed) as given:
        add_stream(given, stream)
        said = ctypes.create_string_buffer(given.rows + 1)
        view = given.view()
        removed = opened.removals()
        rows.find(view, (0, given.rows), opened.handle, said, change, removed)
        answers = said.raw[: given.rows]
        fresh = answers.count(native.ABSENT) if change == native.ADD else 0
        changed = fresh + answers.count(native.RETURNED if change == native.ADD else native.PRESENT)
        if changed:
            _write(path, opened, removed, rows.listed(view, 0, given.rows, said) if fresh else iter(()))
        numbers = opened.numbers
        received = len(answers) - answers.count(native.NO_ROW) + len(given.rejected)
        return ChangeReport(
            received,
            changed,
            received - changed - len(given.rejected),
            given.rejected,
            numbers.delta_rows + fresh > max(FEW_ROWS, numbers.rows * WORTH_COMPILING),
        )


@contextmanager
def _opened_for_change(path: Path) -> Iterator[IndicatorSet]:
    """The set, with the writer's lock on it, all of it checked."""
    with locked(path, is_patient=False), IndicatorSet.open(path) as opened:
        yield opened.checked()


def _write(path: Path, opened: IndicatorSet, removed: "ctypes.Array[ctypes.c_char]", fresh: Iterator[bytes]) -> None:
    """Write the delta: its old rows with their numbers, then the fresh ones."""
    numbers = opened.numbers
    with Builder(opened.seed) as builder:
        every = bytes([native.ABSENT]) * opened.rows
        for lines in rows.listed(opened.handle, numbers.rows, opened.rows, every):
            builder.add(lines, is_file=False)
        if builder.rows != numbers.delta_rows:
            raise Unreadable(f"{delta_of(path)}: the set is damaged: its rows cannot be read again")
        for lines in fresh:
            builder.add(lines, is_file=False)
        bits = removed.raw[: _bits_bytes(opened.rows)].ljust(_bits_bytes(numbers.rows + builder.rows), b"\0")
        with replacing(delta_of(path)) as file:
            builder.write(file, opened.handle, bits)


def _bits_bytes(count: int) -> int:
    """Bytes of a bit for each row, in words of 64."""
    return (count + 63) // 64 * 8
