"""Compiled sets: opened in milliseconds, shared by all processes through the page cache, scanned without the interpreter's lock."""

import ctypes
import mmap
import struct
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import BinaryIO, NamedTuple, Self

from tocsin.engine import native
from tocsin.engine.files import delta_of, opened_pair
from tocsin.engine.rows import Handle, listed
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError, TocsinError, Unreadable

#: Bytes read at a time; a longer line makes the buffer grow, up to MOST_LINE_BYTES.
BLOCK_BYTES = 1 << 20
MOST_LINE_BYTES = 1 << 30
#: Sets up to this size are checked before ``open`` returns, larger ones in a thread of their own.
CHECKED_AT_ONCE_BYTES = 1 << 22


class Hit(NamedTuple):
    """One indicator found in one line.

    ``line`` is the physical line of the stream, from 1. ``indicator`` is the row of the indicator, from 0, as it was compiled.
    ``text`` is the line as it stands in the stream, without its line end.
    """

    line: int
    indicator: int
    text: bytes


class SetNumbers(NamedTuple):
    """What the headers of a set say: rows and those of them that were not refused, of base and delta; times in seconds since 1970."""

    rows: int
    delta_rows: int
    compiled: int
    delta_compiled: int
    removed: int
    made_at: int
    delta_made_at: int
    rows_with_time: int
    has_delta: int


class IndicatorSet:
    """A compiled set of indicators, with its delta if it has one, mapped into memory.

    Safe to share between threads; each scan has a scanner of its own. What is open stays as it is, whatever happens to the files.
    """

    def __init__(self, base: BinaryIO, delta: BinaryIO | None, path: Path, at: datetime | None = None) -> None:
        """Use :meth:`open`."""
        self._core = native.core()
        self.path = path
        self.at = at
        self._check: Thread | None = None
        self._verdict: str | None = None
        self._mapped: list[mmap.mmap] = []
        self._views: list[ctypes.Array[ctypes.c_char]] = []
        self._file = base
        self._set = ctypes.create_string_buffer(self._core.tocsin_set_size())
        try:
            self._open(delta)
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: str | Path, at: datetime | None = None) -> Self:
        """Map a set, and the delta beside it. Rows that expire count until their time has come as of ``at``, by default the present moment.

        Raises ``Unreadable`` where the file is missing, truncated, of another version or no set. The checksums of a large set are still
        being computed when this returns: nothing that is read from the set is handed out before they are known to be right, and where they
        are not, the first use raises ``Unreadable``. :meth:`checked` waits for them.
        """
        path = Path(path)
        base, delta = opened_pair(path)
        try:
            return cls(base, delta, path, at)
        finally:
            if delta:
                delta.close()

    def _open(self, delta: BinaryIO | None) -> None:
        start, size = self._map(self._file, self.path)
        self._refuse(self.path, self._core.tocsin_set_open(self._set, start, size))
        if delta:
            place = delta_of(self.path)
            start, delta_size = self._map(delta, place)
            empty = mmap.mmap(-1, native.MAP_BYTES)
            self._refuse(place, self._core.tocsin_set_join(self._set, start, delta_size, self._view(empty)))
        if size <= CHECKED_AT_ONCE_BYTES:
            self.checked()
        else:
            self._check = Thread(target=self._sum_up, name="tocsin-set-check")
            self._check.start()

    def _map(self, file: BinaryIO, path: Path) -> tuple[int, int]:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is empty"
            raise Unreadable(f"{path}: the set cannot be opened ({reason})") from problem
        return self._view(mapped), len(mapped)

    def _view(self, mapped: mmap.mmap) -> int:
        self._mapped.append(mapped)
        self._views.append((ctypes.c_char * len(mapped)).from_buffer(mapped))
        return ctypes.addressof(self._views[-1])

    def _refuse(self, path: Path, problem: bytes | None) -> None:
        if problem:
            raise Unreadable(f"{path}: the set {problem.decode()}")

    def _sum_up(self) -> None:
        self._verdict = (self._core.tocsin_set_check(self._set, self._file.fileno()) or b"").decode()

    def checked(self) -> Self:
        """Wait until the checksums of all sections have been compared. Raises ``Unreadable`` where one is not right."""
        if check := self._check:
            check.join()
        if self._verdict is None:  # a small set, or a process that was forked while the thread ran
            self._sum_up()
        self._check = None
        if self._verdict:
            raise Unreadable(f"{self.path}: the set {self._verdict}")
        return self

    def verify(self) -> None:
        """Check everything: checksums, every record, and that filter, table, index and twins find each row. Seconds for millions of rows.

        Raises ``Unreadable`` where something is wrong.
        """
        self.checked()
        self._refuse(self.path, self._core.tocsin_set_verify(self._set))

    def close(self) -> None:
        """Unmap the files. Nothing may be asked of the set afterwards."""
        if self._check:
            self._check.join()
        self._set = None  # type: ignore[assignment]
        self._views.clear()
        for mapped in self._mapped:
            mapped.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """How many indicators can match: rows less those that were refused or removed. Expired ones are counted."""
        numbers = self.numbers
        return numbers.compiled + numbers.delta_compiled - numbers.removed

    @property
    def numbers(self) -> SetNumbers:
        """What the headers say."""
        out = (ctypes.c_uint64 * len(SetNumbers._fields))()
        self._core.tocsin_set_numbers(self._set, out)
        return SetNumbers(*out)

    @property
    def rows(self) -> int:
        """How many rows were compiled or added, refused and removed ones counted."""
        numbers = self.numbers
        return numbers.rows + numbers.delta_rows

    @property
    def base_bytes(self) -> int:
        """Size of the base."""
        return len(self._mapped[0])

    @property
    def delta_bytes(self) -> int:
        """Size of the delta, 0 without one."""
        return len(self._mapped[1]) if self.numbers.has_delta else 0

    @property
    def handle(self) -> Handle:
        """The set as the core knows it, for :mod:`tocsin.engine.rows`."""
        return self._set

    @property
    def seed(self) -> int:
        """What its hashes are mixed with; a delta has its base's."""
        return int(self._core.tocsin_set_seed(self._set))

    def removals(self) -> "ctypes.Array[ctypes.c_char]":
        """A copy of the removals: a bit for each row, in words of 64."""
        bits = ctypes.create_string_buffer((self.rows + 63) // 64 * 8 + 8)
        self._core.tocsin_set_removed(self._set, bits)
        return bits

    def entry(self, indicator: int) -> tuple[str, str]:
        """Type and value of a row, as given when the set was compiled (bytes that are not UTF-8 as surrogate escapes).

        Raises ``InputError`` where there is no such row or it was refused or removed.
        """
        kind, value = self.entry_bytes(indicator)
        return kind, value.decode("utf-8", "surrogateescape")

    def entry_bytes(self, indicator: int) -> tuple[str, bytes]:
        """As :meth:`entry`, the value byte for byte."""
        self.checked()
        out = ctypes.create_string_buffer(native.LONGEST_VALUE)
        length = ctypes.c_int()
        kind = self._core.tocsin_set_row(self._set, indicator, out, ctypes.byref(length)) if indicator >= 0 else -100
        if kind not in native.TYPE_OF_KIND:
            raise InputError(f"{self.path}: the set has no indicator in row {indicator}")
        return native.TYPE_OF_KIND[kind], out.raw[: length.value]

    def listed(self) -> Iterator[bytes]:
        """The rows that can match, some megabytes at a time, as ``tocsin compile`` reads them: ``type<TAB>value[<TAB>valid until]``."""
        self.checked()
        return listed(self._set, 0, self.rows)

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
        """``instructions``: "avx512", "avx2", "sse2", "portable", or "" for the best that the processor has.

        Rows that expire are judged at the set's ``at``; where it has none, at the moment of each :meth:`scan`.
        """
        self._core = of._core
        self._of = of  # keeps the map alive
        flags = (native.DEFANGED if defanged else 0) | {None: 0, False: native.JSON_NEVER, True: native.JSON_ALWAYS}[
            json
        ]
        self._expires = of.numbers.rows_with_time > 0
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
        if self._expires:
            self._core.tocsin_scanner_at(self._handle, seconds(self._of.at or clock.now()))
        hits: list[Hit] = []
        done = 0
        while done < len(view):
            scanned = self._core.tocsin_scan(self._handle, start + done, len(view) - done)
            if scanned < 0:
                self._of.checked()
                raise Unreadable(f"{self._of.path}: {self._core.tocsin_scanner_error(self._handle).decode()}")
            count = self._core.tocsin_scanner_hit_count(self._handle)
            if count:
                packed = ctypes.string_at(self._core.tocsin_scanner_hits(self._handle), count * native.HIT_BYTES)
                for line, row, at, length in struct.iter_unpack(native.HIT_FORMAT, packed):
                    hits.append(Hit(line, row, bytes(view[done + at : done + at + length])))
            done += scanned
        self._of.checked()
        return hits


def seconds(at: datetime) -> int:
    """A moment as the core counts it: whole seconds since 1970 in 32 bits."""
    return max(1, min(int(at.timestamp()), (1 << 32) - 1))


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
