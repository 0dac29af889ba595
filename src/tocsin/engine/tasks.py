"""What a search is cut into: pieces of plain files, whole streams, each with the results that one worker finds in it."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.engine.context import HitInContext, weight
from tocsin.engine.headers import Columns
from tocsin.engine.reading import (
    PIECE_BYTES,
    Abandoned,
    Beside,
    Buffers,
    Part,
    PlainFile,
    Told,
    blocks,
    files_of,
    given_back,
    is_worth_a_thread,
    stream_parts,
)
from tocsin.engine.sets import Hit
from tocsin.vocab.errors import TocsinError

#: What one task's results may weigh, in bytes, before its worker waits for the taker.
WAITING_BYTES = 4 << 20
#: Seconds of waiting after which the taker is told that it still waits.
WAKE_EVERY = 0.1


class Batch(NamedTuple):
    """The hits of a block of one file, ordered by line, then by row. ``offset`` is to be added to their lines."""

    file: str
    hits: Sequence[Hit | HitInContext]
    offset: int = 0


class Passed(NamedTuple):
    """What was searched: lines, unpacked bytes, Zeek's columns in force at its end. ``is_end``: the file or member ends here."""

    file: str
    lines: int
    size: int
    columns: Columns = None
    is_end: bool = True


class Failed(NamedTuple):
    """What could not be read. What came before it was searched."""

    problem: TocsinError


class Remark(NamedTuple):
    """What people should know and is no failure."""

    text: str


Outcome = Batch | Passed | Failed | Remark


def _weight(outcome: object) -> int:
    return weight(outcome.hits) if isinstance(outcome, Batch) else 0


class Results:
    """What one worker finds in one task, on its way to the taker."""

    def __init__(self) -> None:
        self._found: deque[Outcome | BaseException | None] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self.is_abandoned = False

    def put(self, outcome: Outcome | BaseException | None) -> None:
        """Add to the results; ``None`` ends them. Waits while too much is waiting. Raises ``Abandoned`` if nobody wants them."""
        added = _weight(outcome)
        with self._changed:
            while self._weight > WAITING_BYTES and added and not self.is_abandoned:
                self._changed.wait()
            if self.is_abandoned:
                raise Abandoned
            self._weight += added
            self._found.append(outcome)
            self._changed.notify()

    def abandon(self) -> None:
        """Nobody will take these results: whoever works on them may stop."""
        with self._changed:
            self.is_abandoned = True
            self._changed.notify()

    def take(self, wake: Callable[[], None]) -> Iterator[Outcome]:
        """The results as they come; ``wake`` is called now and then while waiting. Raises what the worker could not foresee."""
        while True:
            with self._changed:
                while not self._found:
                    if not self._changed.wait(WAKE_EVERY):
                        wake()
                outcome = self._found.popleft()
                self._weight -= _weight(outcome)
                self._changed.notify()
            if outcome is None:
                return
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome


@dataclass(slots=True, eq=False)
class Piece:
    """A piece of a plain file. ``columns`` are those thought to be in force at its start."""

    file: PlainFile
    start: int
    end: int | None
    columns: Columns
    results: Results = field(default_factory=Results)

    def parts(self, buffers: Buffers, told: Told) -> Iterator[Part]:
        """Itself."""
        found = blocks(self.file.fill(self.start, self.end, told), buffers, self.file.name)
        yield self.file.name, given_back(found, buffers)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its file."""
        return self.start == 0 and self.end is None

    def abandon(self) -> None:
        """Nobody wants its results."""
        self.results.abandon()


@dataclass(slots=True, eq=False)
class Stream:
    """A compressed file, an archive or a pipe."""

    path: str
    name: str
    results: Results = field(default_factory=Results)
    beside: Beside | None = None

    def parts(self, buffers: Buffers, told: Told) -> Iterator[Part]:
        """Its members, unpacked beside the matching where that is worth it; ``buffers`` are for where it is not."""
        if is_worth_a_thread(self.path):
            self.beside = Beside(self.path, self.name, told)
            if self.results.is_abandoned:
                self.beside.close()
            return self.beside.parts()
        parts = stream_parts(self.path, self.name, buffers, told)
        return ((name, given_back(found, buffers)) for name, found in parts)

    def abandon(self) -> None:
        """Nobody wants its results: wake whoever works on it."""
        self.results.abandon()
        if self.beside:
            self.beside.close()


@dataclass(slots=True, eq=False)
class Missing:
    """A file that cannot be opened."""

    problem: TocsinError

    def abandon(self) -> None:
        """Nobody works on it."""


Task = Piece | Stream | Missing


def tasks_of(logs: Iterable[str], piece_bytes: int | None = PIECE_BYTES) -> Iterator[Task]:
    """What is to be searched, in order: pieces of plain files (``None``: uncut), other files whole. Files are opened in their turn."""
    for log in logs:
        for path, name in files_of(log):
            try:
                yield from _tasks_of_file(path, name, piece_bytes)
            except TocsinError as problem:
                yield Missing(problem)


def _tasks_of_file(path: str, name: str, piece_bytes: int | None) -> Iterator[Task]:
    file = None if path == "-" else PlainFile.open(path, name)
    if file is None:
        yield Stream(path, name)
        return
    size = piece_bytes or file.size + 1
    columns = file.columns() if file.size > size else None
    for start, end in file.cuts(size):
        yield Piece(file, start, end, columns if start else None)
