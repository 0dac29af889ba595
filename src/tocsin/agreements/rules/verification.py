"""Whether a ledger is as it was written: every entry's hash, every link, every number, and every checkpoint that somebody kept.

A chain alone shows that entries fit each other: whoever can write to the database can write a whole new one. Only a checkpoint, best one
that a partner keeps, shows that it is still the old one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from tocsin.agreements.rules.chain import BEGINNING, Entry
from tocsin.agreements.rules.checkpoints import Checkpoint


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry with the hash that stands beside it."""

    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``first_bad`` is the number of the first entry that is not as it was written, or of the first that may not be,
    where all that is known is that something between it and ``last_bad`` was rewritten.
    """

    entries: int
    head: str
    anchored: int
    checkpoints: int
    problem: str = ""
    first_bad: int | None = None
    last_bad: int | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.first_bad is None

    @property
    def said(self) -> str:
        """One sentence."""
        if not self.is_sound:
            return self.problem
        if not self.checkpoints:
            return f"{self.entries:,} entries: consistent, not anchored: no checkpoint says that it is still the same chain."
        return f"{self.entries:,} entries: sound; {self.checkpoints:,} checkpoints hold, the last at entry {self.anchored:,}."


class Verification:
    """Goes through a ledger once, in order, in constant memory.

    ``checkpoints`` are in the order of their entries, and their signatures have been looked at.
    """

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self._checkpoints = iter(checkpoints)
        self._next = next(self._checkpoints, None)
        self._head, self._number, self._anchored, self._held = BEGINNING, 0, 0, 0

    def verdict(self, entries: Iterable[Stored], advance: Callable[[int], None] = lambda _count: None) -> Verdict:
        """Reads until the first thing that is wrong."""
        for stored in entries:
            bad = self._link(stored) or self._anchor(stored)
            if bad is not None:
                return bad
            advance(1)
        if self._next is not None:
            missing, last = self._number + 1, self._next.entry
            return self._bad(
                missing,
                last,
                f"Entries {missing:,} to {last:,} are missing: a checkpoint of entry {last:,} was signed.",
            )
        return Verdict(self._number, self._head, self._anchored, self._held)

    def _link(self, stored: Stored) -> Verdict | None:
        entry, due = stored.entry, self._number + 1
        if entry.number != due:
            return self._bad(due, due, f"Entry {due:,} is missing: entry {entry.number:,} stands in its place.")
        try:
            is_same = entry.digest() == stored.hash
        except (ValueError, TypeError):
            is_same = False
        if not is_same:
            return self._bad(
                due, due, f"Entry {due:,} was changed: it does not have the hash that it was written with."
            )
        if entry.previous != self._head:
            # the entry before is what it seems only if a checkpoint vouches for it
            first = due if self._anchored == self._number else self._number
            return self._bad(
                first,
                due,
                f"Entry {due:,} does not follow entry {self._number:,}: the first that was changed is {first:,}.",
            )
        self._number, self._head = due, stored.hash
        return None

    def _anchor(self, stored: Stored) -> Verdict | None:
        while self._next is not None and self._next.entry <= self._number:
            if self._next.hash != stored.hash:
                return self._rewritten()
            self._anchored, self._held = self._number, self._held + 1
            self._next = next(self._checkpoints, None)
        return None

    def _rewritten(self) -> Verdict:
        first, last = self._anchored + 1, self._number
        where = f"between entries {first:,} and {last:,}" if first < last else f"at entry {last:,}"
        still = f", entry {self._anchored:,} still is" if self._anchored else ""
        return self._bad(
            first,
            last,
            f"The ledger was rewritten {where}: entry {last:,} is not the one that a checkpoint was signed for{still}.",
        )

    def _bad(self, first: int, last: int, problem: str) -> Verdict:
        return Verdict(self._number, self._head, self._anchored, self._held, problem, first, last)


def in_order(*sources: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
    """Several sources of checkpoints, each in the order of its entries, as one."""
    yield from merge(*sources, key=lambda one: one.entry)
