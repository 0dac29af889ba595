"""The lines around a hit, for people who must judge it: taken from the blocks as they pass, across their borders."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from tocsin.engine.sets import Hit


class Span(NamedTuple):
    """How many lines before and after a hit are wanted."""

    before: int = 0
    after: int = 0


class HitInContext(NamedTuple):
    """A hit as :class:`Hit`, with the lines before and after it, without their line ends; fewer at a file's beginning and end."""

    line: int
    indicator: int
    text: bytes
    before: list[bytes]
    after: list[bytes]


class Surroundings:
    """Finds the lines around the hits of one file: give it every block with its hits, in order."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._last: deque[bytes] = deque(maxlen=span.before)
        self._open: deque[HitInContext] = deque()

    def add(self, block: memoryview, first: int, hits: list[Hit]) -> list[HitInContext]:
        """Hits whose lines are all known by now, in order. ``first``: the number of the block's first line, as the hits count."""
        if not hits and not self._open and not self._span.before:
            return []
        lines = bytes(block).split(b"\n")
        if not lines[-1]:
            lines.pop()
        for waiting in self._open:
            waiting.after.extend(lines[: self._span.after - len(waiting.after)])
        for hit in hits:
            self._open.append(self._located(hit, hit.line - first, lines))
        self._last.extend(lines)
        return self._complete()

    def end(self) -> list[HitInContext]:
        """The hits that still wait for lines, when no more come."""
        found = list(self._open)
        self._open.clear()
        return found

    def _located(self, hit: Hit, at: int, lines: list[bytes]) -> HitInContext:
        before = lines[max(0, at - self._span.before) : at]
        missing = self._span.before - len(before)
        if missing and self._last:
            before = [*self._last][-missing:] + before
        return HitInContext(*hit, before, lines[at + 1 : at + 1 + self._span.after])

    def _complete(self) -> list[HitInContext]:
        found = []
        while self._open and len(self._open[0].after) >= self._span.after:
            found.append(self._open.popleft())
        return found


def weight(hits: Iterable[Hit | HitInContext]) -> int:
    """About how many bytes of memory hits hold."""
    total = 0
    for hit in hits:
        total += 300 + len(hit.text)
        if isinstance(hit, HitInContext):
            total += sum(100 + len(line) for line in (*hit.before, *hit.after))
    return total
