"""Compiling indicators into a set: one file, written beside its place and renamed into it, so that readers never see half a set."""

import ctypes
import os
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from tocsin.engine import native
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError, TocsinError

_BATCH_ROWS = 20_000
_BATCH_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class CompileReport:
    """What became of the rows: how many can be matched, and (row number from 0, sentence with value and reason) of each that cannot."""

    compiled: int
    rejected: list[tuple[int, str]] = field(default_factory=list)


class _Builder:
    """The core's builder: rows go in as lines ``type<TAB>value``; memory is about that of the finished set."""

    def __init__(self) -> None:
        self._core = native.core()
        self._rejected: list[tuple[int, str]] = []
        self._handle = self._core.tocsin_builder_new(int.from_bytes(os.urandom(8)))
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
            self._rejected += [(row, f"{_shown(lines[row - first])} {reason}") for row, reason in refusals]

    def write(self, path: Path) -> CompileReport:
        """Finish and put the set at ``path``, atomically and durably."""
        header = ctypes.create_string_buffer(native.HEADER_BYTES)
        starts = (ctypes.c_void_p * native.SECTIONS)()
        sizes = (ctypes.c_uint64 * native.SECTIONS)()
        made_at = int(clock.now().timestamp())
        if not self._core.tocsin_builder_end(self._handle, header, starts, sizes, made_at):
            raise TocsinError("there is not enough memory to compile a set")
        with _replacing(path) as file:
            file.write(header.raw)
            for start, size in zip(starts, sizes, strict=True):
                if size:
                    file.write((ctypes.c_char * size).from_address(start or 0))
                file.write(bytes(-size % native.HEADER_BYTES))
        return CompileReport(self._core.tocsin_builder_compiled(self._handle), self._rejected)

    def _refusals(self) -> list[tuple[int, str]]:
        """Rows refused since the last call, with the reason."""
        start = ctypes.c_void_p()
        count = self._core.tocsin_builder_refusals(self._handle, ctypes.byref(start))
        known = len(self._rejected)
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


class _replacing:  # noqa: N801
    """A file that takes its place only when it is complete and on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> BinaryIO:
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        except OSError as problem:
            raise InputError(f"{self._path}: cannot be written ({problem.strerror})") from problem
        self._temporary = Path(name)
        self._file = os.fdopen(handle, "wb")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
            if kind is None:
                mask = os.umask(0)
                os.umask(mask)
                self._temporary.chmod(0o666 & ~mask)
                self._temporary.replace(self._path)
            else:
                self._temporary.unlink()


def compile_set(rows: Iterable[tuple[str, str]], path: str | Path) -> CompileReport:
    """Compile (type, value) rows into the set at ``path``. A row's number is its place in ``rows``, from 0.

    Rows that cannot be matched are listed in the report, the rest is compiled. Raises ``InputError`` where the file cannot be written.
    """
    source = iter(rows)
    with _Builder() as builder:
        while batch := list(islice(source, _BATCH_ROWS)):
            builder.add(_as_lines(batch), is_file=False)
        return builder.write(Path(path))


def _as_lines(batch: list[tuple[str, str]]) -> bytes:
    text = "".join([f"{kind}\t{value}\n" for kind, value in batch])
    if text.count("\n") != len(batch) or text.count("\t") != len(batch):
        # A value with a line end or a tab cannot be matched; without its tab the row is refused and shown.
        pairs = (f"{kind}\t{value}" for kind, value in batch)
        text = "".join(f"{pair if pair.count(chr(9)) == 1 and chr(10) not in pair else repr(pair)}\n" for pair in pairs)
    return text.encode("utf-8", "surrogateescape")


def compile_stream(stream: BinaryIO, path: str | Path) -> CompileReport:
    """Compile a TSV file ``type<TAB>value``. A row's number is its physical line, from 0.

    Blank lines and lines that begin with ``#`` are no rows; what follows a second tab is ignored.
    """
    with _Builder() as builder:
        rest = b""
        while block := stream.read(_BATCH_BYTES):
            block = rest + block
            end = block.rfind(b"\n") + 1
            builder.add(block[:end], is_file=True)
            rest = block[end:]
        builder.add(rest, is_file=True)
        return builder.write(Path(path))
