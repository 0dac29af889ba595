"""Following logs that grow and rotate, like ``tail -F``, but nothing is lost and, where the output is a file, nothing is doubled.

A turn looks at each log once: whole lines that are new are searched; then, at the file's end, whether the name belongs to another file
by now (renamed: the old file is read on for a while, since its writer may still hold it open) or the file was emptied (copied and
truncated: the rest is in the copy). Then the hits are flushed, then the positions saved: a run that is killed between the two
searches some lines again. Where the output is a file, its length is part of the positions and the restart cuts off what came after.
"""

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from tocsin.engine import rotation
from tocsin.engine.headers import Columns, header, in_force_after
from tocsin.engine.keeping import Keeper, LiveSet
from tocsin.engine.positions import HEAD_BYTES, TAIL_BYTES, Place, beginning_and_end, digest
from tocsin.engine.reading import BLOCK_BYTES, MOST_LINE_BYTES, Buffers, blocks, given_back, unreadable
from tocsin.engine.sets import Scanner
from tocsin.engine.tasks import Batch, Failed, Outcome, Passed, Remark
from tocsin.text.streams import is_plain
from tocsin.vocab.errors import TocsinError, Unreadable

#: Seconds for which a file that was renamed is still read, after it last grew.
LINGER_SECONDS = 30.0
#: Seconds between two looks at logs that do not grow.
POLL_SECONDS = 0.2
#: Bytes of one log that a turn searches at most, so that one log's backlog does not hold up the others.
TURN_BYTES = 64 << 20
_HEAD = 512
_LINE_END = 10


class Tail:
    """An open file whose new lines are searched as they come."""

    def __init__(self, path: Path, place: Place | None = None) -> None:
        """Raises ``Unreadable`` where the file cannot be opened or is no plain text."""
        try:
            self._file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115
            about = os.fstat(self._file.fileno())
            if not is_plain(os.pread(self._file.fileno(), _HEAD, 0)):
                raise Unreadable(f"{path}: is packed; only plain text can be followed")
        except OSError as problem:
            raise unreadable(str(path), problem) from problem
        self.place = place or Place(about.st_dev, about.st_ino, modified=about.st_mtime_ns)
        self.place = replace(self.place, device=about.st_dev, inode=about.st_ino)
        self._begins, self._ends = beginning_and_end(self._file, self.place.offset)
        self._modified = self.place.modified
        self._rest = bytearray()
        self._grew_at = time.monotonic()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def about(self) -> os.stat_result:
        """What the file is now, whatever its name."""
        return os.fstat(self._file.fileno())

    @property
    def is_idle(self) -> bool:
        """Whether it has not grown for so long that nobody seems to write to it."""
        return time.monotonic() - self._grew_at > LINGER_SECONDS

    @property
    def is_behind(self) -> bool:
        """Whether there is more to read at once."""
        return self.about().st_size > self.place.offset + len(self._rest)

    def was_emptied(self) -> bool:
        """Whether the bytes before the place are not those that were read: the file was truncated, and perhaps filled again.

        Where nothing was read yet, nothing can tell: then it may have been, once it was written to.
        """
        about = self.about()
        if about.st_size < self.place.offset + len(self._rest):
            return True
        if self.place.offset:
            return not self.place.fits(self._file)
        return not self._rest and about.st_mtime_ns > self._modified

    def whole(self) -> Place:
        """The place at the end of the file as it is now: tells it from a compressed copy of itself."""
        about = self.about()
        head, tail = beginning_and_end(self._file, about.st_size)
        return Place(about.st_dev, about.st_ino, about.st_size, head=digest(head), tail=digest(tail))

    def restart(self) -> None:
        """Begin at the file's beginning again."""
        self._modified = self.about().st_mtime_ns
        self.place = Place(self.place.device, self.place.inode, modified=self._modified)
        self._begins = self._ends = b""
        self._rest = bytearray()

    def moved(self, block: memoryview, lines: int, columns: Columns) -> None:
        """A block behind the place was searched. What it says of the file is taken from the block: the file may be another by now."""
        if len(self._begins) < HEAD_BYTES:
            self._begins += bytes(block[: HEAD_BYTES - len(self._begins)])
        self._ends = (self._ends + bytes(block[-TAIL_BYTES:]))[-TAIL_BYTES:]
        place = self.place
        self.place = replace(
            place,
            offset=place.offset + len(block),
            lines=place.lines + lines,
            columns=columns,
            modified=self._modified,
            head=digest(self._begins),
            tail=digest(self._ends),
        )

    def blocks(self, buffer: bytearray) -> Iterator[memoryview]:
        """New whole lines, in blocks; :meth:`moved` must be told of each before the next is asked for."""
        room, taken = memoryview(buffer), 0
        while taken < TURN_BYTES:
            if len(self._rest) > MOST_LINE_BYTES:
                raise Unreadable(f"a line is longer than {MOST_LINE_BYTES} bytes; the log is not followed beyond it")
            self._modified = self.about().st_mtime_ns
            got = os.preadv(self._file.fileno(), [room], self.place.offset + len(self._rest))
            if not got:
                return
            taken += got
            self._grew_at = time.monotonic()
            cut = buffer.rfind(b"\n", 0, got) + 1
            self._rest += room[:cut] if cut else room[:got]
            if cut:
                yield memoryview(self._rest)
                self._rest = bytearray(room[cut:got])

    def last_line(self) -> Iterator[memoryview]:
        """The line without an end, when no more of it will come."""
        if self._rest:
            yield memoryview(self._rest)
            self._rest = bytearray()


def _failed(text: str) -> Outcome:
    return Failed(Unreadable(text))


@dataclass(slots=True)
class Followed:
    """A log: its name as given, the files that were it and may still grow, and the file that has its name now."""

    log: str
    retired: list[Tail]
    current: Tail | None = None

    @property
    def path(self) -> Path:
        """Where it is, whatever the working folder of another run."""
        return Path(os.path.abspath(self.log))

    @property
    def tails(self) -> list[Tail]:
        """All open files, oldest first."""
        return [*self.retired, *([self.current] if self.current else [])]


class Follower:
    """Searches what logs grow by. :meth:`turn` is one look at all of them."""

    def __init__(self, logs: list[str], places: dict[str, list[Place]], scanner: Callable[[], Scanner]) -> None:
        """``places`` are those of an earlier run, by absolute path; ``scanner`` gives the scanner to use now."""
        self._followed = [Followed(log, []) for log in logs]
        self._places = dict(places)
        self._scanner = scanner
        self._buffer = bytearray(BLOCK_BYTES)
        self._said: set[str] = set()

    def close(self) -> None:
        """Close all files."""
        for one in self._followed:
            for tail in one.tails:
                tail.close()

    def places(self) -> dict[str, list[Place]]:
        """Where a restart goes on."""
        return self._places | {str(one.path): [tail.place for tail in one.tails] for one in self._followed if one.tails}

    def turn(self) -> Iterator[Outcome]:
        """One look at every log. Take all of it: places and outcomes belong together only then."""
        for one in self._followed:
            try:
                yield from self._look(one)
            except Unreadable as problem:
                yield from self._say(str(problem))
            except OSError as problem:
                yield from self._say(str(unreadable(one.log, problem)))

    def _say(self, text: str, how: Callable[[str], Outcome] = _failed) -> Iterator[Outcome]:
        """Once: a turn comes five times a second."""
        if text not in self._said:
            self._said.add(text)
            yield how(text)

    # ---- one log

    def _look(self, one: Followed) -> Iterator[Outcome]:
        if one.current is None:
            yield from self._begin(one)
        for tail in list(one.retired):
            yield from self._search(one.log, tail)
            if tail.is_idle:
                yield from self._end(one, tail)
        if one.current is None:
            return
        if one.current.was_emptied():
            yield from self._follow_copy(one, one.current)
        yield from self._search(one.log, one.current)
        yield from self._follow_name(one, one.current)

    def _begin(self, one: Followed) -> Iterator[Outcome]:
        """Open a log, at the place of an earlier run if there is one; what was rotated away since then comes first."""
        places = self._places.pop(str(one.path), [])
        here = next((place for place in places if one.path.exists() and place.is_in(one.path.stat())), None)
        if here and not rotation.holds(one.path, here):
            here = None
        gone = [place for place in places if place is not here]
        modified = 0
        for place in gone:
            modified = yield from self._resume(one, place)
        known = [tail.place for tail in one.retired]
        if gone and not here:
            yield from self._search_generations(one, modified, known)
        elif (
            here and not here.offset
        ):  # nothing tells whether it was emptied since; then a copy is newer than the place
            yield from self._search_generations(one, here.modified, known, one.path.stat().st_mtime_ns)
        if one.path.exists():
            one.current = Tail(one.path, here)
        elif not places:
            yield from self._say(f"{one.log}: is waited for (there is no such file yet)", Remark)

    def _resume(self, one: Followed, place: Place) -> Generator[Outcome, None, int]:
        """Find the file that a place was in, and go on there. When it was last written, as far as is known."""
        if found := rotation.by_inode(one.path, place):
            tail = Tail(found, place)
            one.retired.append(tail)
            yield from self._search(one.log, tail)
            return tail.about().st_mtime_ns
        if found := rotation.by_content(one.path, place):
            yield from self._search_rest(one.log, found, place)
            return found.stat().st_mtime_ns
        if place.offset:
            yield from self._say(
                f"{one.log}: the file that it was is gone; what was written to it since the last look is lost"
            )
        return place.modified

    def _follow_copy(self, one: Followed, tail: Tail) -> Iterator[Outcome]:
        """The log was emptied: finish it in its copy, then begin anew."""
        place = tail.place
        copy = rotation.by_content(one.path, place)
        if copy:
            yield from self._search_rest(one.log, copy, place)
        elif place.offset:
            yield from self._say(
                f"{one.log}: was emptied, and no copy is beside it; what was written since the last look is lost"
            )
        than = copy.stat().st_mtime_ns if copy else place.modified
        yield from self._search_generations(one, than, [place, tail.whole()], tail.about().st_mtime_ns)
        tail.restart()

    def _follow_name(self, one: Followed, tail: Tail) -> Iterator[Outcome]:
        """If the log's name belongs to another file by now: what is in between, then that file."""
        if not one.path.exists() or tail.place.is_in(one.path.stat()):
            return
        yield from self._search(one.log, tail)
        if tail.is_behind:
            return
        now = Tail(one.path)
        yield from self._search_generations(one, tail.about().st_mtime_ns, [tail.place, now.place])
        one.retired.append(tail)
        one.current = now
        yield from self._search(one.log, now)

    def _end(self, one: Followed, tail: Tail) -> Iterator[Outcome]:
        """Nobody writes to a renamed file any more: its last line is what it is."""
        for block in tail.last_line():
            yield from self._scan(one.log, block, tail)
        one.retired.remove(tail)
        tail.close()

    # ---- searching

    def _search(self, name: str, tail: Tail) -> Iterator[Outcome]:
        for block in tail.blocks(self._buffer):
            yield from self._scan(name, block, tail)

    def _scan(self, name: str, block: memoryview, at: "Tail | _Rest") -> Iterator[Outcome]:
        """Search a block at the place of ``at``, which is moved behind it."""
        place, scanner = at.place, self._scanner()
        scanner.restart()
        scanner.scan(header(place.columns))
        before = scanner.lines
        hits = scanner.scan(block)
        is_open = len(block) and block[-1] != _LINE_END
        lines = scanner.lines - before + is_open
        columns = in_force_after(block, place.columns)
        at.moved(block, lines, columns)
        if hits:
            yield Batch(name, hits, place.lines - before)
        yield Passed(name, lines, len(block), columns, is_end=False)

    def _search_rest(self, name: str, file: Path, place: Place) -> Iterator[Outcome]:
        """A file that nobody writes to any more, from a place on; plain or compressed."""
        rest = _Rest(place)
        with rotation.unpacked(file) as stream:
            if stream is None or not (place.offset == 0 or place.fits(stream)):
                return
            if stream.seekable():
                stream.seek(place.offset)
            buffers = Buffers(2)
            for block in given_back(blocks(stream.readinto, buffers, name), buffers):  # type: ignore[attr-defined]
                yield from self._scan(name, block, rest)

    def _search_generations(
        self, one: Followed, than: int, known: list[Place], until: int | None = None
    ) -> Iterator[Outcome]:
        """Whole files that had the log's name, or were copied from it, while nobody looked."""
        for file in rotation.later(one.path, than, known, until):
            name = os.path.join(os.path.dirname(one.log), file.name)
            yield from self._search_rest(name, file, Place(0, 0))


@dataclass(slots=True)
class _Rest:
    """A place that is moved through a file that does not grow."""

    place: Place

    def moved(self, block: memoryview, lines: int, columns: Columns) -> None:
        """A block behind the place was searched."""
        place = self.place
        self.place = replace(place, offset=place.offset + len(block), lines=place.lines + lines, columns=columns)


def follow(
    follower: Follower,
    live: LiveSet,
    keeper: Keeper,
    take: Callable[[Outcome], None],
    flush: Callable[[], None],
    is_over: threading.Event,
) -> None:
    """Turn after turn until ``is_over``: ``take`` each outcome, ``flush`` the hits, save the positions, look for a new set."""
    is_saved, is_first = True, True
    while True:
        is_idle = True
        for outcome in follower.turn():
            take(outcome)
            is_idle = False
        if not is_idle:
            flush()
            is_saved = False
        if is_first or (not is_saved and (keeper.is_due or is_over.is_set())):
            keeper.save(follower.places())
            is_saved, is_first = True, False
        if is_over.is_set():
            return
        try:
            live.renew()
        except TocsinError as problem:
            take(Failed(problem))
        if is_idle:
            is_over.wait(POLL_SECONDS)
