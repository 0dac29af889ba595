"""Compiled sets: opened in milliseconds, shared by all processes through the page cache, scanned without the interpreter's lock."""

import ctypes
import mmap
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from tocsin.engine import native
from tocsin.vocab.errors import InputError, TocsinError, Unreadable

#: Bytes read at a time; a longer line makes the buffer grow, up to MOST_LINE_BYTES.
BLOCK_BYTES = 1 << 20
MOST_LINE_BYTES = 1 << 30


class Hit(NamedTuple):
    """One indicator found in one line.

    ``line`` is the physical line of the stream, from 1. ``indicator`` is the row of the indicator, from 0, as it was compiled.
    ``text`` is the line as it stands in the stream, without its line end.
    """

    line: int
    indicator: int
    text: bytes


class IndicatorSet:
    """A compiled set of indicators, mapped into memory. Safe to share between threads; each scan has a scanner of its own."""

    def __init__(self, mapped: mmap.mmap, path: Path) -> None:
        """Use :meth:`open`. Raises ``Unreadable`` where the bytes are not a sound set."""
        self._core = native.core()
        self.path = path
        self._mapped = mapped
        self._view = (ctypes.c_char * len(mapped)).from_buffer(mapped)
        self._set = ctypes.create_string_buffer(self._core.tocsin_set_size())
        problem = self._core.tocsin_set_open(self._set, ctypes.addressof(self._view), len(mapped))
        if problem:
            self.close()
            raise Unreadable(f"{path}: the set {problem.decode()}")

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Map a set and check all of it. Raises ``Unreadable`` where it is missing, truncated, damaged or of another version."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is empty"
            raise Unreadable(f"{path}: the set cannot be opened ({reason})") from problem
        return cls(mapped, path)

    def close(self) -> None:
        """Unmap the file. Nothing may be asked of the set afterwards."""
        self._set = None  # type: ignore[assignment]
        del self._view
        self._mapped.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """How many indicators can match: rows less those that were refused."""
        return int(self._core.tocsin_set_compiled(self._set))

    @property
    def rows(self) -> int:
        """How many rows were compiled, refused ones counted."""
        return int(self._core.tocsin_set_rows(self._set))

    def entry(self, indicator: int) -> tuple[str, str]:
        """Type and value of a row, as given when the set was compiled (bytes that are not UTF-8 as surrogate escapes).

        Raises ``InputError`` where there is no such row or it was refused.
        """
        kind, value = self.entry_bytes(indicator)
        return kind, value.decode("utf-8", "surrogateescape")

    def entry_bytes(self, indicator: int) -> tuple[str, bytes]:
        """As :meth:`entry`, the value byte for byte."""
        out = ctypes.create_string_buffer(native.LONGEST_VALUE)
        length = ctypes.c_int()
        kind = self._core.tocsin_set_row(self._set, indicator, out, ctypes.byref(length)) if indicator >= 0 else -100
        if kind not in native.TYPE_OF_KIND:
            raise InputError(f"{self.path}: the set has no indicator in row {indicator}")
        return native.TYPE_OF_KIND[kind], out.raw[: length.value]

    def scan(self, stream: BinaryIO, json: bool | None = None, *, defanged: bool = False) -> Iterator[Hit]:
        """Hits of a log, ordered by line, then by row; each pair once. The stream is read to its end, in blocks.

        ``json``: whether lines are JSON, whose escapes are undone; ``None`` tells it by each line's first characters.
        ``defanged``: also undo ``hxxp`` and ``[.]``. Raises ``Unreadable`` where a line is over 1 GiB or the set turns out damaged.
        """
        for batch in self.scan_batches(stream, json, defanged=defanged):
            yield from batch

    def scan_batches(
        self, stream: BinaryIO, json: bool | None = None, *, defanged: bool = False
    ) -> Iterator[list[Hit]]:
        """As :meth:`scan`, the hits of about a megabyte of log at a time; blocks without hits give no list."""
        with Scanner(self, json, defanged=defanged) as scanner:
            for block in _blocks(stream):
                if hits := scanner.scan(block):
                    yield hits

    def match_lines(self, lines: Sequence[bytes], json: bool | None = None, *, defanged: bool = False) -> list[Hit]:
        """Hits of lines that are in memory already, for pipelines; ``line`` is the place in ``lines``, from 1.

        A line must hold no line feed; give batches of some hundred lines or more, the call itself costs microseconds.
        """
        with Scanner(self, json, defanged=defanged) as scanner:
            return scanner.scan(b"\n".join(lines))


class Scanner:
    """One stream's scan of a set: feed it blocks of whole lines in order. Not to be shared between threads."""

    def __init__(
        self, of: IndicatorSet, json: bool | None = None, *, defanged: bool = False, instructions: str = ""
    ) -> None:
        """``instructions``: "avx512", "avx2", "sse2", "portable", or "" for the best that the processor has."""
        self._core = of._core
        self._of = of  # keeps the map alive
        flags = (native.DEFANGED if defanged else 0) | {None: 0, False: native.JSON_NEVER, True: native.JSON_ALWAYS}[
            json
        ]
        self._handle = self._core.tocsin_scanner_new(of._set, flags, instructions.encode())
        if not self._handle:
            raise TocsinError(
                f"no scanner for {instructions or 'this processor'}: unknown instructions or too little memory"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the scanner's buffers back."""
        self._core.tocsin_scanner_free(self._handle)
        self._handle = None

    @property
    def instructions(self) -> str:
        """Which instruction set this scanner uses."""
        return str(self._core.tocsin_scanner_instructions(self._handle).decode())

    @property
    def lines(self) -> int:
        """Line ends passed so far."""
        return int(self._core.tocsin_scanner_lines(self._handle))

    def restart(self) -> None:
        """Begin another stream: lines count from 1 again."""
        self._core.tocsin_scanner_restart(self._handle)

    def scan(self, block: bytes | bytearray | memoryview) -> list[Hit]:
        """Hits of a block of whole lines, at most 2 GB; only the stream's last line may lack its line end."""
        view = memoryview(block if not isinstance(block, memoryview) or not block.readonly else bytes(block))
        start = _address(view)
        hits: list[Hit] = []
        done = 0
        while done < len(view):
            scanned = self._core.tocsin_scan(self._handle, start + done, len(view) - done)
            if scanned < 0:
                raise Unreadable(f"{self._of.path}: {self._core.tocsin_scanner_error(self._handle).decode()}")
            count = self._core.tocsin_scanner_hit_count(self._handle)
            if count:
                packed = ctypes.string_at(self._core.tocsin_scanner_hits(self._handle), count * native.HIT_BYTES)
                for line, row, at, length in struct.iter_unpack(native.HIT_FORMAT, packed):
                    hits.append(Hit(line, row, bytes(view[done + at : done + at + length])))
            done += scanned
        return hits


def _address(view: memoryview) -> int:
    """The address of a buffer's first byte; the caller keeps the buffer alive."""
    if not view.nbytes:
        return 0
    if view.readonly:
        return ctypes.cast(ctypes.c_char_p(view.obj), ctypes.c_void_p).value or 0  # type: ignore[arg-type]
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _blocks(stream: BinaryIO) -> Iterator[memoryview]:
    """A stream as blocks of whole lines. A block is valid until the next is asked for."""
    buffer = bytearray(BLOCK_BYTES)
    filled = 0
    while True:
        if filled == len(buffer):
            if filled >= MOST_LINE_BYTES:
                raise Unreadable(f"a line is longer than {MOST_LINE_BYTES} bytes")
            buffer = buffer + bytearray(len(buffer))
        got = _read_into(stream, memoryview(buffer)[filled:])
        if not got:
            break
        end = buffer.rfind(b"\n", filled, filled + got) + 1
        filled += got
        if end:
            yield memoryview(buffer)[:end]
            buffer[: filled - end] = buffer[end:filled]
            filled -= end
    if filled:
        yield memoryview(buffer)[:filled]


def _read_into(stream: BinaryIO, room: memoryview) -> int:
    if hasattr(stream, "readinto"):
        return stream.readinto(room) or 0
    data = stream.read(len(room))
    room[: len(data)] = data
    return len(data)
