"""Compiling indicators into a set: one file, written beside its place and renamed into it, so that readers never see half a set."""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self, cast

from tocsin.engine import native
from tocsin.engine.files import replacing_base
from tocsin.text.streams import Member, members
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError, TocsinError

_BATCH_ROWS = 20_000
_BATCH_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class CompileReport:
    """What became of the rows: how many can be matched, and (row number from 0, sentence with value and reason) of each that cannot."""

    compiled: int
    rejected: list[tuple[int, str]] = field(default_factory=list)


Row = tuple[str, str] | tuple[str, str, datetime | str | None]
"""Type, value, and the moment from which the row no longer counts, in RFC 3339 or as an aware ``datetime``; none or "": never."""


class Builder:
    """The core's builder: rows go in as lines ``type<TAB>value[<TAB>valid until]``; memory is about that of the finished set."""

    def __init__(self, seed: int | None = None) -> None:
        """``seed``: that of the base, for a delta."""
        self._core = native.core()
        self.rejected: list[tuple[int, str]] = []
        self._handle = self._core.tocsin_builder_new(int.from_bytes(os.urandom(8)) if seed is None else seed)
        if not self._handle:
            raise TocsinError("there is not enough memory to compile a set")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._core.tocsin_builder_free(self._handle)

    def add(self, rows: bytes, *, is_file: bool) -> None:
        """Whole rows. A file's blank lines and lines beginning with ``#`` keep their number but are no rows."""
        first = self._core.tocsin_builder_rows(self._handle)
        if not self._core.tocsin_builder_add(self._handle, rows, len(rows), is_file):
            raise InputError("the indicators do not fit into one set (4 GB of text, 4 billion rows); split them")
        refusals = self._refusals()
        if refusals:
            lines = rows.split(b"\n")
            self.rejected += [(row, f"{_shown(lines[row - first])} {reason}") for row, reason in refusals]

    @property
    def rows(self) -> int:
        """How many rows went in, refused ones counted."""
        return int(self._core.tocsin_builder_rows(self._handle))

    def view(self) -> "ctypes.Array[ctypes.c_char]":
        """Finish, and give the rows as a set to compare with others, for as long as the builder lives."""
        viewed = ctypes.create_string_buffer(self._core.tocsin_set_size())
        if not self._core.tocsin_builder_view(self._handle, viewed):
            raise TocsinError("there is not enough memory to read the indicators")
        return viewed

    def write(self, file: BinaryIO, base: "ctypes.Array[ctypes.c_char] | None" = None, removed: bytes = b"") -> int:
        """Finish into a file, as a delta where there is a ``base``: then ``removed`` has a bit for each row of both, in words of 64.

        Returns how many rows can be matched.
        """
        header = ctypes.create_string_buffer(native.HEADER_BYTES)
        starts = (ctypes.c_void_p * native.SECTIONS)()
        sizes = (ctypes.c_uint64 * native.SECTIONS)()
        made_at = int(clock.now().timestamp())
        if not self._core.tocsin_builder_end(self._handle, header, starts, sizes, made_at, base, removed or None):
            raise TocsinError("there is not enough memory to compile a set")
        file.write(header.raw)
        for start, size in zip(starts, sizes, strict=True):
            if size:
                file.write((ctypes.c_char * size).from_address(start or 0))
            file.write(bytes(-size % native.HEADER_BYTES))
        return int(self._core.tocsin_builder_compiled(self._handle))

    def _refusals(self) -> list[tuple[int, str]]:
        """Rows refused since the last call, with the reason."""
        start = ctypes.c_void_p()
        count = self._core.tocsin_builder_refusals(self._handle, ctypes.byref(start))
        known = len(self.rejected)
        if count == known:
            return []
        fresh = ctypes.string_at(
            (start.value or 0) + known * native.REFUSAL_BYTES, (count - known) * native.REFUSAL_BYTES
        )
        return [
            (row, self._core.tocsin_reason(why).decode())
            for row, why in struct.iter_unpack(native.REFUSAL_FORMAT, fresh)
        ]


def _shown(row: bytes) -> str:
    """The value of a row for a message, or the whole row where it has no tab; cut to 100 characters."""
    text = (row.partition(b"\t")[2] or row).decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 100 else f"{text[:100]}…")


def compile_set(rows: Iterable[Row], path: str | Path) -> CompileReport:
    """Compile rows into the set at ``path``. A row's number is its place in ``rows``, from 0. A delta beside an older set goes.

    Rows that cannot be matched are listed in the report, the rest is compiled. Raises ``InputError`` where the file cannot be written.
    """
    source = iter(rows)
    with Builder() as builder:
        while batch := list(islice(source, _BATCH_ROWS)):
            builder.add(_as_lines(batch), is_file=False)
        with replacing_base(Path(path)) as file:
            compiled = builder.write(file)
        return CompileReport(compiled, builder.rejected)


def _as_lines(batch: list[Row]) -> bytes:
    text = "".join([f"{row[0]}\t{row[1]}\n" if len(row) == 2 else _with_time(row) for row in batch])
    if text.count("\n") != len(batch) or text.count("\t") != sum(map(len, batch)) - len(batch):
        # A value with a line end or a tab cannot be matched; without its tab the row is refused and shown.
        text = "".join(map(_sound, batch))
    return text.encode("utf-8", "surrogateescape")


def _with_time(row: Row) -> str:
    until = row[2] if len(row) == 3 else None
    if isinstance(until, datetime):
        until = until.astimezone(UTC).isoformat()
    return f"{row[0]}\t{row[1]}\t{until or ''}\n"


def _sound(row: Row) -> str:
    line = _with_time(row)
    is_sound = line.count("\n") == 1 and line.count("\t") == 2
    return line if is_sound else f"{line[:-1].rstrip(chr(9))!r}\n"


def compile_stream(stream: BinaryIO, path: str | Path) -> CompileReport:
    """Compile a TSV file ``type<TAB>value[<TAB>valid until]``. A row's number is its physical line, from 0.

    Blank lines and lines that begin with ``#`` are no rows. A third column is empty or a time in RFC 3339; a date is valid to its end
    (UTC). What follows a third tab is ignored. A delta beside an older set goes.
    """
    with Builder() as builder:
        add_stream(builder, stream)
        with replacing_base(Path(path)) as file:
            compiled = builder.write(file)
        return CompileReport(compiled, builder.rejected)


@contextmanager
def opened_rows(name: str) -> Iterator[BinaryIO]:
    """A TSV file of indicators, compressed or not, ``-`` for standard input. Raises ``Unreadable`` where it cannot be read, and
    ``InputError`` at its end where more files follow (a folder, an archive): before anything is made of them."""
    found = members(name)
    with next(found).open() as stream:
        yield cast("BinaryIO", _Only(stream, found, name))


@dataclass(frozen=True, slots=True)
class _Only:
    """A stream that must be the only one."""

    stream: BinaryIO
    others: Iterator[Member]
    name: str

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        if not data and next(self.others, None) is not None:
            raise InputError(f"{self.name}: holds several files; give one at a time")
        return data


def add_stream(builder: Builder, stream: BinaryIO) -> None:
    """Put all rows of a TSV file into a builder."""
    rest = b""
    while block := stream.read(_BATCH_BYTES):
        block = rest + block
        end = block.rfind(b"\n") + 1
        builder.add(block[:end], is_file=True)
        rest = block[end:]
    builder.add(rest, is_file=True)
