"""From logs to raw hits: the engine over each file, with the head of the file kept for the reader of its format."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tocsin.engine import Hit, IndicatorSet
from tocsin.engine.facts import ReadLog, reader_of
from tocsin.text.streams import Limits, members

_HEAD_BYTES = 64 << 10

#: Told after every stretch of a log: name, decompressed bytes so far, hits so far.
Progress = Callable[[str, int, int], None]


class CountedStream(io.RawIOBase):
    """Counts what passes: bytes and line ends (a last line without an end is a line too)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.bytes = 0
        self._line_ends = 0
        self._last = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """As much as the stream gives at once; 0 at its end. Raises ``Unreadable`` as the stream does."""
        view = memoryview(cast("bytearray", buffer))
        chunk = self._stream.read(len(view))
        view[: len(chunk)] = chunk
        self.bytes += len(chunk)
        self._line_ends += chunk.count(b"\n")
        self._last = chunk[-1:] or self._last
        return len(chunk)

    @property
    def lines(self) -> int:
        """Physical lines so far."""
        return self._line_ends + (self._last not in (b"", b"\n"))


@dataclass(slots=True)
class SearchedLog:
    """One log while it is searched. Exhaust ``hits`` before asking for the next log; then the counts are final."""

    name: str
    stream: CountedStream
    read_line: ReadLog
    hits: Iterator[Hit]


def search_logs(
    indicators: IndicatorSet, paths: Sequence[str | Path], limits: Limits, progress: Progress | None = None
) -> Iterator[SearchedLog]:
    """Search each log (file, archive or folder; ``-`` is standard input) in turn. Raises ``Unreadable``."""
    for path in paths:
        for member in members(path, limits):
            name = f"{str(path).rstrip('/')}/{member.name}" if member.is_inside else str(path)
            counted = CountedStream(member.open())
            buffered = io.BufferedReader(counted, _HEAD_BYTES)
            read_line = reader_of(buffered.peek(_HEAD_BYTES))
            found = indicators.scan(cast("BinaryIO", buffered))
            yield SearchedLog(name, counted, read_line, _telling(found, name, counted, progress))


def _telling(found: Iterator[Hit], name: str, counted: CountedStream, progress: Progress | None) -> Iterator[Hit]:
    count = 0
    for hit in found:
        count += 1
        if progress is not None and count % 100 == 0:
            progress(name, counted.bytes, count)
        yield hit
    if progress is not None:
        progress(name, counted.bytes, count)
