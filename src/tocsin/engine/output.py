"""How hits are written: rows of tsv, objects of jsonl, bare values, counts. Bytes in, bytes out; nothing is decoded that need not be."""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import BinaryIO

from tocsin.engine.context import HitInContext
from tocsin.engine.sets import Hit
from tocsin.engine.tasks import Batch

#: Type and value of a row of the set.
Entry = Callable[[int], tuple[str, bytes]]

_REMEMBERED = 1 << 16


class OutputFormat(StrEnum):
    """How hits are written."""

    TSV = "tsv"
    JSONL = "jsonl"
    TEXT = "text"


class CountBy(StrEnum):
    """What hits are counted by."""

    INDICATOR = "indicator"
    TYPE = "type"
    FILE = "file"


def escaped(text: bytes) -> bytes:
    r"""Bytes for a cell of tsv: a backslash, a tab and a line feed are written ``\\``, ``\t`` and ``\n``."""
    return text.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\n", b"\\n")


def json_line(value: object) -> bytes:
    """A line of jsonl. Bytes that are no UTF-8 stand in it as lone surrogates, which are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode() + b"\n"


def text_of(value: bytes) -> str:
    """Text for JSON."""
    return value.decode("utf-8", "surrogateescape")


class Writer(ABC):
    """Takes batches of hits in order and writes them to ``out``; :meth:`end` writes what stands at the end."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.entry: Entry = lambda _: ("", b"")

    def use(self, entry: Entry) -> None:
        """Hits come from this set from now on."""
        self.entry = lru_cache(_REMEMBERED)(entry)

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Write a batch."""

    def end(self) -> None:  # noqa: B027  most writers have nothing left to say
        """There are no more hits."""


class TsvWriter(Writer):
    """``file, line, type, value``."""

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        self._out.write(b"".join(self._rows(batch)))

    def _rows(self, batch: Batch) -> Iterator[bytes]:
        file = escaped(batch.file.encode("utf-8", "surrogateescape"))
        for hit in batch.hits:
            kind, value = self.entry(hit.indicator)
            yield b"%s\t%d\t%s\t%s\n" % (file, hit.line + batch.offset, kind.encode(), escaped(value))


class JsonWriter(Writer):
    """An object a hit."""

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        self._out.write(b"".join(self._rows(batch)))

    def _rows(self, batch: Batch) -> Iterator[bytes]:
        for hit in batch.hits:
            kind, value = self.entry(hit.indicator)
            row: dict[str, object] = {
                "file": batch.file,
                "line": hit.line + batch.offset,
                "type": kind,
                "value": text_of(value),
            }
            if isinstance(hit, HitInContext):
                row["text"] = text_of(hit.text)
                row["before"] = [text_of(line) for line in hit.before]
                row["after"] = [text_of(line) for line in hit.after]
            yield json_line(row)


class TextWriter(Writer):
    """For people, as grep writes: ``file:line: [type value, ...] text``, lines around it ``file-line- text``, ``--`` between places.

    Bytes that would steer a terminal are written ``\\xNN``.
    """

    def __init__(self, out: BinaryIO) -> None:
        super().__init__(out)
        self._file, self._line = "", 0  # the last line written
        self._after: list[bytes] = []  # lines that follow it, not yet written

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        for line, group in groupby(batch.hits, lambda hit: hit.line):
            hits = list(group)
            self._write_line(batch.file, line + batch.offset, hits)

    def end(self) -> None:
        """Write the lines after the last hit."""
        self._write_after(None)

    def _write_line(self, file: str, line: int, hits: list[Hit | HitInContext]) -> None:
        hit = hits[0]
        before = hit.before if isinstance(hit, HitInContext) else []
        self._write_after(line if file == self._file else None)
        written = self._line if file == self._file else 0
        before = before[max(0, written - (line - len(before) - 1)) :]
        if (
            self._file
            and isinstance(hit, HitInContext)
            and not (file == self._file and line - len(before) == written + 1)
        ):
            self._out.write(b"--\n")
        for number, text in enumerate(before, line - len(before)):
            self._put(file, "-", number, "", text)
        found = ", ".join(f"{kind} {_shown(value)}" for kind, value in (self.entry(one.indicator) for one in hits))
        self._put(file, ":", line, f"[{found}] ", hit.text)
        self._file, self._line = file, line
        self._after = hit.after if isinstance(hit, HitInContext) else []

    def _write_after(self, until: int | None) -> None:
        for text in self._after:
            if until is not None and self._line + 1 >= until:
                break
            self._line += 1
            self._put(self._file, "-", self._line, "", text)
        self._after = []

    def _put(self, file: str, mark: str, line: int, what: str, text: bytes) -> None:
        name = _shown(file.encode("utf-8", "surrogateescape"))
        self._out.write(f"{name}{mark}{line}{mark} {what}{_shown(text)}\n".encode())


_STEERING = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}


def _shown(text: bytes) -> str:
    return text.removesuffix(b"\r").decode("utf-8", "backslashreplace").translate(_STEERING)


class ValueWriter(Writer):
    """The indicator's value alone, once a hit."""

    def __init__(self, out: BinaryIO, format: OutputFormat) -> None:
        super().__init__(out)
        self._row = _value_in_json if format is OutputFormat.JSONL else _value_in_tsv

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        self._out.write(b"".join([self._row(self.entry(hit.indicator)[1]) for hit in batch.hits]))


def _value_in_tsv(value: bytes) -> bytes:
    return escaped(value) + b"\n"


def _value_in_json(value: bytes) -> bytes:
    return json_line(text_of(value))


class CountWriter(Writer):
    """How many hits each indicator, type or file has, the most first; equal counts by name."""

    def __init__(self, out: BinaryIO, format: OutputFormat, by: CountBy) -> None:
        super().__init__(out)
        self._row = _count_in_json if format is OutputFormat.JSONL else _count_in_tsv
        self._by = by
        self._counts: Counter[tuple[bytes, ...]] = Counter()

    def write(self, batch: Batch) -> None:
        """Count a batch."""
        if self._by is CountBy.FILE:
            self._counts[(batch.file.encode("utf-8", "surrogateescape"),)] += len(batch.hits)
            return
        for hit in batch.hits:
            kind, value = self.entry(hit.indicator)
            self._counts[(kind.encode(), value) if self._by is CountBy.INDICATOR else (kind.encode(),)] += 1

    def end(self) -> None:
        """Write the counts."""
        names = {CountBy.INDICATOR: ("type", "value"), CountBy.TYPE: ("type",), CountBy.FILE: ("file",)}[self._by]
        rows = sorted(self._counts.items(), key=lambda row: (-row[1], row[0]))
        self._out.write(b"".join([self._row(count, names, cells) for cells, count in rows]))


def _count_in_tsv(count: int, _: Iterable[str], cells: Iterable[bytes]) -> bytes:
    return b"\t".join([b"%d" % count, *map(escaped, cells)]) + b"\n"


def _count_in_json(count: int, names: Iterable[str], cells: Iterable[bytes]) -> bytes:
    return json_line({"count": count} | dict(zip(names, map(text_of, cells), strict=True)))


class SilentWriter(Writer):
    """Nothing: only whether there are hits counts."""

    def write(self, batch: Batch) -> None:
        """Nothing."""


def writer_of(
    out: BinaryIO, format: OutputFormat, *, values_only: bool = False, count_by: CountBy | None = None
) -> Writer:
    """The writer for what was asked."""
    if count_by:
        return CountWriter(out, format, count_by)
    if values_only:
        return ValueWriter(out, format)
    if format is OutputFormat.TEXT:
        return TextWriter(out)
    return JsonWriter(out) if format is OutputFormat.JSONL else TsvWriter(out)
