"""Logs as blocks of whole lines in reused buffers: pieces of plain files, and streams that are unpacked beside the matching.

A plain file is cut into pieces of whole lines, which several threads read and search side by side. Whatever else there is
(compressed files, archives, pipes) comes as one stream: a thread of its own reads and unpacks ahead, bounded by the number of buffers.
"""

import fcntl
import os
import queue
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from tocsin.engine.headers import Columns, in_force_after
from tocsin.text.streams import files_below, is_plain, members
from tocsin.vocab.errors import TocsinError, Unreadable

#: Bytes read and matched at a time: what was read is still in the second-level cache when it is matched.
BLOCK_BYTES = 1 << 19
#: Bytes of a plain file that one thread takes at a time.
PIECE_BYTES = 1 << 23
#: A longer line makes its buffer grow, up to this.
MOST_LINE_BYTES = 1 << 30
#: Smaller compressed files are read by the thread that matches them: a thread costs more than it gains.
_SMALL = 1 << 20
_STEP = 1 << 16
#: Buffers that a stream's own thread fills ahead of the matching.
_AHEAD = 4

#: A part of a log (a file, or a member of an archive): the name it is shown under, and its blocks of whole lines.
Part = tuple[str, Iterator[memoryview]]
Fill = Callable[[memoryview], int]
Told = Callable[[int], None]


class Abandoned(Exception):
    """Nobody wants what is being read any more."""


class Buffers:
    """A fixed number of buffers that go round: who reads waits for who matches."""

    def __init__(self, count: int) -> None:
        self._free: queue.SimpleQueue[bytearray | None] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(bytearray())
        self._is_closed = False

    def take(self) -> bytearray:
        """A free buffer of at least BLOCK_BYTES. Raises ``Abandoned`` after :meth:`close`."""
        buffer = self._free.get()
        if buffer is None or self._is_closed:
            self._free.put(None)
            raise Abandoned
        return buffer or bytearray(BLOCK_BYTES)

    def give(self, block: memoryview) -> None:
        """Give a block's buffer back. One that a very long line made large is let go."""
        buffer: bytearray = block.obj  # type: ignore[assignment]
        block.release()
        self._free.put(buffer if len(buffer) <= 8 * BLOCK_BYTES else bytearray())

    def close(self) -> None:
        """Wake and turn away who waits."""
        self._is_closed = True
        self._free.put(None)


def blocks(fill: Fill, buffers: Buffers, name: str) -> Iterator[memoryview]:
    """What ``fill`` gives, as blocks of whole lines; each block is the taker's until it is given back to ``buffers``.

    Only the last block may lack its line end. Where ``fill`` fails, what came before is given first. Raises ``Unreadable`` for a line
    longer than MOST_LINE_BYTES.
    """
    buffer, filled = buffers.take(), 0
    try:
        while True:
            if filled == len(buffer):
                buffer = _grown(buffer, name)
            got, problem = _filled(fill, memoryview(buffer)[filled:])
            end = buffer.rfind(b"\n", filled, filled + got) + 1
            filled += got
            if not got:
                break
            if end:
                full, buffer = buffer, _with_rest(buffers, memoryview(buffer)[end:filled])
                yield memoryview(full)[:end]
                filled -= end
    except BaseException:
        buffers.give(memoryview(buffer))
        raise
    yield memoryview(buffer)[:filled]
    if problem:
        raise problem


def _filled(fill: Fill, room: memoryview) -> tuple[int, TocsinError | None]:
    try:
        return fill(room), None
    except TocsinError as problem:
        return 0, problem


def _with_rest(buffers: Buffers, rest: memoryview) -> bytearray:
    """A free buffer that begins with the line that is not whole yet, and has room for more of it."""
    buffer = buffers.take()
    if len(rest) > len(buffer) // 2:
        buffer = bytearray(2 * len(rest))
    buffer[: len(rest)] = rest
    return buffer


def _grown(buffer: bytearray, name: str) -> bytearray:
    if len(buffer) >= MOST_LINE_BYTES:
        raise Unreadable(f"{name}: a line is longer than {MOST_LINE_BYTES} bytes")
    return buffer + bytearray(len(buffer))


class PlainFile:
    """An open file of plain text, whose pieces are read side by side. ``name`` is what it is shown as."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.size = os.fstat(file.fileno()).st_size
        self._file = file

    @classmethod
    def open(cls, path: str, name: str) -> Self | None:
        """The file, or ``None`` where it is no regular file or not plain text (its first bytes say so).

        Raises ``Unreadable`` where it cannot be opened.
        """
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                return None
            file = open(path, "rb", buffering=0)  # noqa: SIM115
            head = os.pread(file.fileno(), 512, 0)
        except OSError as problem:
            raise unreadable(name, problem) from problem
        if is_plain(head):
            return cls(file, name)
        file.close()
        return None

    def close(self) -> None:
        """Close the file; no piece may be read afterwards."""
        self._file.close()

    def cuts(self, size: int = PIECE_BYTES) -> Iterator[tuple[int, int | None]]:
        """Start and end of pieces of whole lines of about ``size`` bytes, in order; the last has no end: it goes on to the file's."""
        start = 0
        while start + size < self.size:
            end = self._line_end(start + size)
            if end is None:
                break
            yield start, end
            start = end
        yield start, None

    def _line_end(self, at: int) -> int | None:
        """The first line end at or behind ``at``; ``None``: there is none."""
        while part := self._read(_STEP, at):
            found = part.find(b"\n")
            if found >= 0:
                return at + found + 1
            at += len(part)
        return None

    def _read(self, size: int, at: int) -> bytes:
        try:
            return os.pread(self._file.fileno(), size, at)
        except OSError as problem:
            raise unreadable(self.name, problem) from problem

    def columns(self) -> Columns:
        """Zeek's columns in force after the head of the file."""
        head = bytearray(self._read(_STEP, 0))
        return in_force_after(memoryview(head)[: head.rfind(b"\n") + 1], None)

    def fill(self, start: int, end: int | None, told: Told) -> Fill:
        """Reads on from ``start`` up to ``end`` (or the file's end) at each call; ``told`` hears how much."""
        at = start

        def fill(room: memoryview) -> int:
            nonlocal at
            if end is not None:
                room = room[: end - at]
            try:
                got = os.preadv(self._file.fileno(), [room], at) if len(room) else 0
            except OSError as problem:
                raise unreadable(self.name, problem) from problem
            at += got
            told(got)
            return got

        return fill


def unreadable(name: str, problem: OSError) -> Unreadable:
    """What the operating system said, in one sentence."""
    return Unreadable(f"{name}: cannot be read ({(problem.strerror or str(problem)).lower()})")


def stream_parts(path: str, name: str, buffers: Buffers, told: Told) -> Iterator[Part]:
    """The parts of a compressed file, an archive or a pipe (``-``: standard input), one after the other, read by the caller's thread.

    Raises ``Unreadable`` when reading comes to what cannot be read.
    """
    is_live = path == "-" or not os.path.isfile(path)
    if path == "-":
        _widen(sys.stdin.fileno())
    for member in members(path, None, told, ahead=False):
        shown = f"{name}/{member.name}" if member.is_inside else name
        yield shown, blocks(_fill(member.open(), is_live=is_live), buffers, shown)


def given_back(found: Iterator[memoryview], buffers: Buffers) -> Iterator[memoryview]:
    """The blocks, each valid until the next is asked for."""
    for block in found:
        try:
            yield block
        finally:
            buffers.give(block)


def _fill(stream: BinaryIO, *, is_live: bool) -> Fill:
    # A line that comes through a pipe is matched when it comes; from a file a block is full.
    return stream.readinto1 if is_live else stream.readinto  # type: ignore[attr-defined, no-any-return]


def _widen(pipe: int) -> None:
    """Ask for a pipe that holds more than 64 KB, so that fewer and larger blocks come through it."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, BLOCK_BYTES)


class Beside:
    """A stream's parts, read and unpacked by a thread of its own, at most some buffers ahead of the taker."""

    def __init__(self, path: str, name: str, told: Told) -> None:
        self._ready: queue.SimpleQueue[str | memoryview | BaseException | None] = queue.SimpleQueue()
        self._ahead: str | memoryview | None = None
        self._buffers = Buffers(_AHEAD)
        threading.Thread(target=self._run, args=(path, name, told), daemon=True).start()

    def _run(self, path: str, name: str, told: Told) -> None:
        try:
            for shown, found in stream_parts(path, name, self._buffers, told):
                self._ready.put(shown)
                for block in found:
                    self._ready.put(block)
        except BaseException as problem:  # handed over: the taker raises it
            self._ready.put(problem)
        self._ready.put(None)

    def close(self) -> None:
        """Nobody takes any more: wake both sides."""
        self._buffers.close()
        self._ready.put(Abandoned())

    def _next(self) -> str | memoryview | None:
        found = self._ready.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def parts(self) -> Iterator[Part]:
        """As :func:`stream_parts`; take a part's blocks to their end before the next part. A block is valid until the next is asked for."""
        name = self._next()
        while isinstance(name, str):
            yield name, given_back(self._blocks(), self._buffers)
            name = self._ahead

    def _blocks(self) -> Iterator[memoryview]:
        while isinstance(found := self._next(), memoryview):
            yield found
        self._ahead = found


def is_worth_a_thread(path: str) -> bool:
    """Whether a stream should be unpacked beside the matching."""
    with suppress(OSError):
        about = os.stat(path)
        return not stat.S_ISREG(about.st_mode) or about.st_size > _SMALL
    return True


def files_of(log: str) -> Iterator[tuple[str, str]]:
    """The files that an argument names, as (path, name shown): itself, or those of a folder, sorted."""
    if log == "-" or not os.path.isdir(log):
        yield log, log
        return
    for path, name in files_below(Path(log)):
        yield str(path), f"{log.rstrip('/')}/{name}"


def cores() -> int:
    """The processor's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
