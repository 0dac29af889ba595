"""Who wins when: overlays of claims in time.

A claim holds a place from a time until a time. Among the claims to one place the stronger reason wins, then the later
``valid_from``, then the organisation whose slug is lower; the order of the input changes nothing.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

#: Before and after every moment that 64 bits of microseconds can name.
ALWAYS = -(1 << 63)
FOREVER = (1 << 63) - 1


class Claim(NamedTuple):
    """One claim. ``rank`` orders claims to one place: the smallest wins. ``fact`` is an index that means nothing here."""

    begins: int
    ends: int
    rank: tuple[int, int, int, str, int]
    fact: int


#: (from this microsecond on, the winning claim or ``None``), in order of time, the first at :data:`ALWAYS`.
Timeline = tuple[tuple[int, Claim | None], ...]

EMPTY: Timeline = ((ALWAYS, None),)


def timeline(claims: Sequence[Claim]) -> Timeline:
    """The winner of every moment among claims to the same place. O(n log n)."""
    if len(claims) == 1:
        return _of_one(claims[0])
    moments = sorted({ALWAYS, *(claim.begins for claim in claims), *(c.ends for c in claims if c.ends != FOREVER)})
    waiting = sorted(claims, reverse=True)
    running: list[tuple[tuple[int, int, int, str, int], int, Claim]] = []
    entries: list[tuple[int, Claim | None]] = []
    for moment in moments:
        while waiting and waiting[-1].begins <= moment:
            claim = waiting.pop()
            heappush(running, (claim.rank, claim.fact, claim))
        while running and running[0][2].ends <= moment:
            heappop(running)
        winner = running[0][2] if running else None
        if not entries or entries[-1][1] != winner:
            entries.append((moment, winner))
    return tuple(entries)


def _of_one(claim: Claim) -> Timeline:
    entries: list[tuple[int, Claim | None]] = [] if claim.begins == ALWAYS else [(ALWAYS, None)]
    entries.append((claim.begins, claim))
    if claim.ends != FOREVER:
        entries.append((claim.ends, None))
    return tuple(entries)


def overlay(lower: Timeline, upper: Timeline) -> Timeline:
    """Two timelines as one: at every moment the claim of the smaller rank."""
    if lower == EMPTY or (
        len(upper) == 1 and upper[0][1] and not any(c and c.rank < upper[0][1].rank for _, c in lower)
    ):
        return upper
    entries: list[tuple[int, Claim | None]] = []
    low = high = 0
    for moment in sorted({at for at, _ in lower} | {at for at, _ in upper}):
        while low + 1 < len(lower) and lower[low + 1][0] <= moment:
            low += 1
        while high + 1 < len(upper) and upper[high + 1][0] <= moment:
            high += 1
        winner = _stronger(lower[low][1], upper[high][1])
        if not entries or entries[-1][1] != winner:
            entries.append((moment, winner))
    return tuple(entries)


def _stronger(one: Claim | None, other: Claim | None) -> Claim | None:
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda claim: claim.rank)
