"""What a search says about itself on standard error: a bar on a terminal while it runs, one line of account at its end."""

import os
import sys
import threading
import time
from collections.abc import Iterable
from typing import TextIO

from tocsin.engine.reading import files_of
from tocsin.engine.tasks import Batch, Failed, Outcome, Passed

#: Seconds before the bar is first shown, and between two of its states.
_FIRST, _EVERY = 0.5, 0.1
_BAR = 20


class Account:
    """The sums of a search: files, unpacked bytes, lines, hits."""

    def __init__(self) -> None:
        self.files = self.lines = self.size = self.hits = self.unreadable = 0
        self._began = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Add what came of a part of the search."""
        if isinstance(outcome, Batch):
            self.hits += len(outcome.hits)
        elif isinstance(outcome, Passed):
            self.files += outcome.is_end
            self.lines += outcome.lines
            self.size += outcome.size
        elif isinstance(outcome, Failed):
            self.unreadable += 1

    def __str__(self) -> str:
        seconds = time.monotonic() - self._began
        unreadable = f", {self.unreadable} unreadable" if self.unreadable else ""
        return (
            f"{counted(self.files, 'file')} searched{unreadable}, {size_of(self.size)}, {counted(self.lines, 'line')},"
            f" {counted(self.hits, 'hit')} in {seconds:.1f} s ({size_of(self.size / max(seconds, 1e-6))}/s)"
        )


def counted(count: int, noun: str) -> str:
    """``1 file``, ``1,234 files``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size_of(size: float) -> str:
    """Bytes as people read them, in steps of 1,000."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def total_size(logs: Iterable[str]) -> int | None:
    """Bytes of all files together as they lie on disk; ``None`` where somebody's size is not known before its end."""
    total = 0
    for log in logs:
        for path, _ in files_of(log):
            try:
                size = os.stat(path).st_size if path != "-" and os.path.isfile(path) else None
            except OSError:
                size = 0
            if size is None:
                return None
            total += size
    return total


class Progress:
    """A line on a terminal: bytes done and in all, speed, hits, time left. Does nothing where ``terminal`` is ``None``."""

    def __init__(self, account: Account, logs: Iterable[str], terminal: TextIO | None) -> None:
        self._account = account
        self._total = total_size(logs) if terminal else None
        self._terminal = terminal
        self._done = 0
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._next = self._began + _FIRST
        self._is_shown = False

    def told(self, count: int) -> None:
        """So many more bytes of the files were read. From any thread."""
        if self._terminal:
            with self._lock:
                self._done += count

    def show(self) -> None:
        """Show how far it is, if it is time."""
        now = time.monotonic()
        if self._terminal and now >= self._next:
            self._next = now + _EVERY
            self._is_shown = True
            self._terminal.write(f"\r\x1b[K{self._line(now - self._began)}")
            self._terminal.flush()

    def hide(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._terminal and self._is_shown:
            self._terminal.write("\r\x1b[K")
            self._terminal.flush()
            self._is_shown = False

    def _line(self, seconds: float) -> str:
        speed = self._done / max(seconds, 1e-6)
        rest = f"{size_of(speed)}/s  {counted(self._account.hits, 'hit')}"
        if not self._total:
            return f"{size_of(self._done)}  {rest}"
        share = min(self._done / self._total, 1.0)
        left = (self._total - self._done) / speed if speed else 0
        bar = "#" * int(share * _BAR)
        return (
            f"{share:4.0%} [{bar:<{_BAR}}] {size_of(self._done)} of {size_of(self._total)}  {rest}  {_clock(left)} left"
        )


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def terminal_for_progress(is_wanted: bool) -> TextIO | None:
    """Standard error, where that is a terminal and a bar is wanted."""
    return sys.stderr if is_wanted and sys.stderr.isatty() else None
