"""What a follower keeps between runs: its positions, the file it writes to, and the set that may be replaced while it follows."""

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from tocsin.engine.positions import Place, Positions, Written
from tocsin.engine.sets import IndicatorSet, Scanner
from tocsin.vocab.errors import Conflict, InputError, TocsinError

_SAVE_EVERY = 1.0
_LOOK_EVERY = 1.0


class OutputFile:
    """The file that hits are appended to, for one process at a time."""

    def __init__(self, path: Path) -> None:
        """Raises ``InputError`` where it cannot be written, ``Conflict`` where another process writes to it."""
        try:
            self.stream: BinaryIO = path.open("ab")
        except OSError as problem:
            raise InputError(f"{path}: cannot be written ({problem.strerror})") from problem
        try:
            fcntl.flock(self.stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            self.stream.close()
            raise Conflict(f"{path}: another process writes to it; wait for its end or name another file") from problem

    def cut(self, written: Written | None) -> None:
        """Cut off what a killed run wrote and did not live to note. A file that was exchanged or shortened since is left alone."""
        now = self.written()
        if written and (written.device, written.inode) == (now.device, now.inode) and written.length < now.length:
            self.stream.truncate(written.length)

    def written(self) -> Written:
        """How long it is now; everything up to there is on disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        about = os.fstat(self.stream.fileno())
        return Written(about.st_dev, about.st_ino, about.st_size)


class Keeper:
    """Saves positions after the hits that belong to them were written. Does nothing where no state is kept."""

    def __init__(self, state: Path | None, output: OutputFile | None) -> None:
        """Raises ``Unreadable`` where the state is damaged."""
        self._state = state
        self._output = output
        self._saved_at = 0.0
        self.positions = Positions.load(state) if state else Positions()
        if output and state:
            output.cut(self.positions.written)
            # A run that is killed before it saves for the first time must be cut off as well.
            self.save(self.positions.logs)

    @property
    def is_due(self) -> bool:
        """Whether it is time to save."""
        return self._state is not None and time.monotonic() - self._saved_at >= _SAVE_EVERY

    def save(self, places: dict[str, list[Place]]) -> None:
        """Save; the hits must be flushed."""
        if self._state:
            Positions(places, self._output.written() if self._output else None).save(self._state)
            self._saved_at = time.monotonic()


class LiveSet:
    """A set and a scanner of it, opened anew when the set's file, or one beside it that belongs to it, is replaced."""

    def __init__(self, path: Path, use: Callable[[IndicatorSet], None], *, defanged: bool) -> None:
        """``use`` is told the set, and each that replaces it. Raises ``Unreadable`` where the set cannot be opened."""
        self._path = path
        self._use = use
        self._defanged = defanged
        self._seen = self._state()
        self._looked_at = time.monotonic()
        self._stack, self._scanner = self._open()

    def close(self) -> None:
        """Close the set."""
        self._stack.close()

    def scanner(self) -> Scanner:
        """The scanner of the set as it is now."""
        return self._scanner

    def renew(self) -> None:
        """Look, now and then, whether the set was replaced, and open the new one.

        Raises ``TocsinError`` where the new one is unsound; the old one is used on, and no more is said until the file changes again.
        """
        if time.monotonic() - self._looked_at < _LOOK_EVERY:
            return
        self._looked_at = time.monotonic()
        state = self._state()
        if state != self._seen:
            self._seen = state
            before = self._stack
            self._stack, self._scanner = self._open()
            before.close()

    def _open(self) -> tuple[ExitStack, Scanner]:
        stack = ExitStack()
        try:
            opened = stack.enter_context(IndicatorSet.open(self._path))
            scanner = stack.enter_context(Scanner(opened, defanged=self._defanged))
        except TocsinError:
            stack.close()
            raise
        self._use(opened)
        return stack, scanner

    def _state(self) -> list[tuple[str, int, int, int]]:
        found = []
        try:
            for entry in os.scandir(self._path.absolute().parent):
                if entry.name.startswith(self._path.name):
                    about = entry.stat()
                    found.append((entry.name, about.st_ino, about.st_size, about.st_mtime_ns))
        except OSError:
            return []
        return sorted(found)
