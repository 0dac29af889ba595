"""Whose address, whose name, at that time: for columns of millions and for one with an explanation.

The networks become disjoint stretches of address space, each with a timeline of winners, once; after that an address is one binary
search among the stretches and, only where ownership ever changed, a second one in time. Among the networks that cover an address at a
moment the stronger reason wins (declared before registry before national space), then the longest prefix, then the later
``valid_from``, then the lower slug. What nothing covers stays nobody's: -1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tocsin.constituency.rules.explanation import Explanation, explain
from tocsin.constituency.rules.holdings import (
    ADDRESS_BITS,
    V4_BITS,
    V4_MAPPED,
    DomainFact,
    NetworkFact,
    Owner,
    Reason,
    microseconds,
)
from tocsin.constituency.rules.timeline import ALWAYS, EMPTY, FOREVER, Claim, Timeline, overlay, timeline

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[Any]

#: In place of a fact: it depends on the time.
_CHANGING = -2
_FIRST_V4_LENGTH = ADDRESS_BITS - V4_BITS


@dataclass(frozen=True, slots=True)
class AttributionColumns:
    """The answers, one a row: ``owner`` and ``fact`` are indexes (int32) or -1, ``reason`` a :class:`Reason` (uint8)."""

    owner: npt.NDArray[np.int32]
    fact: npt.NDArray[np.int32]
    reason: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.owner)


class _Segments:
    """Timelines laid end to end, so that (timeline, moment) is found for a whole column at once."""

    def __init__(self, timelines: Sequence[Timeline]) -> None:
        counts = np.fromiter((len(line) for line in timelines), np.int64, len(timelines))
        begins = np.fromiter((at for line in timelines for at, _ in line), np.int64, int(counts.sum()))
        self.fact = np.fromiter(
            (claim.fact if claim else -1 for line in timelines for _, claim in line), np.int32, len(begins)
        )
        self.offset = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
        self.is_changing = counts > 1
        self.moments = np.unique(begins)
        self.width = len(self.moments) + 1
        rank = np.searchsorted(self.moments, begins, side="right")
        self.place = np.repeat(np.arange(len(timelines)), counts) * self.width + rank

    def facts(self, line: Ints, moments: Ints) -> npt.NDArray[np.int32]:
        """The winning fact of each row's timeline at each row's moment, or -1."""
        segment = self.offset[line]
        changing = np.flatnonzero(self.is_changing[line])
        if len(changing):
            at = moments if len(moments) == 1 else moments[changing]
            rank = np.searchsorted(self.moments, at, side="right")
            segment[changing] = np.searchsorted(self.place, line[changing] * self.width + rank, side="right") - 1
        return self.fact[segment]


class _Stretches:
    """Disjoint stretches of one address space, each with the number of its timeline."""

    def __init__(self, claims: dict[tuple[int, int], list[Claim]], bits: int) -> None:
        self.starts: list[int] = [0]
        self.lines: list[int] = [0]
        self.timelines: list[Timeline] = [EMPTY]
        self._sweep(claims, (1 << bits) - 1)

    def _sweep(self, claims: dict[tuple[int, int], list[Claim]], end: int) -> None:
        """Prefixes are nested or apart, so a stack of the open ones is all that a sweep needs."""
        opened: list[tuple[int, int]] = [(end, 0)]
        for first, length in sorted(claims):
            while opened[-1][0] < first:
                closed = opened.pop()[0]
                self._begin(closed + 1, opened[-1][1])
            merged = overlay(self.timelines[opened[-1][1]], timeline(claims[first, length]))
            self.timelines.append(merged)
            opened.append((first | ((1 << (ADDRESS_BITS - length)) - 1), len(self.timelines) - 1))
            self._begin(first, opened[-1][1])
        while len(opened) > 1:
            closed = opened.pop()[0]
            if closed < end:
                self._begin(closed + 1, opened[-1][1])

    def _begin(self, start: int, line: int) -> None:
        if self.starts[-1] == start:
            self.lines[-1] = line
        else:
            self.starts.append(start)
            self.lines.append(line)


class _V4Table:
    """IPv4: one search among 32-bit starts."""

    def __init__(self, claims: dict[tuple[int, int], list[Claim]]) -> None:
        stretches = _Stretches(
            {(first & 0xFFFFFFFF, length): rows for (first, length), rows in claims.items()}, V4_BITS
        )
        self.starts = np.array(stretches.starts, np.uint32)
        self.lines = np.array(stretches.lines, np.int64)
        self.segments = _Segments(stretches.timelines)

    def facts(self, keys: npt.NDArray[np.uint32], moments: Ints) -> npt.NDArray[np.int32]:
        line = self.lines[np.searchsorted(self.starts, keys, side="right") - 1]
        return self.segments.facts(line, moments)


class _V6Table:
    """IPv6: one search among the distinct upper halves; the lower halves matter only where the upper one is met exactly."""

    def __init__(self, claims: dict[tuple[int, int], list[Claim]]) -> None:
        stretches = _Stretches(claims, ADDRESS_BITS)
        mask = (1 << 64) - 1
        upper = np.array([start >> 64 for start in stretches.starts], np.uint64)
        self.lower = np.array([start & mask for start in stretches.starts], np.uint64)
        self.upper, begins, counts = np.unique(upper, return_index=True, return_counts=True)
        self.begin = begins.astype(np.int64)
        self.end = self.begin + counts
        self.steps = int(counts.max()).bit_length()
        self.lines = np.array(stretches.lines, np.int64)
        self.segments = _Segments(stretches.timelines)

    def facts(
        self, upper: npt.NDArray[np.uint64], lower: npt.NDArray[np.uint64], moments: Ints
    ) -> npt.NDArray[np.int32]:
        group = np.searchsorted(self.upper, upper, side="right") - 1
        place = self.end[group] - 1
        exact = np.flatnonzero(self.upper[group] == upper)
        if len(exact):
            place[exact] = self._within(group[exact], lower[exact])
        return self.segments.facts(self.lines[place], moments)

    def _within(self, group: Ints, lower: npt.NDArray[np.uint64]) -> Ints:
        """The last start of the group that is not beyond ``lower``, or the start before the group (bisection by columns)."""
        low, high = self.begin[group], self.end[group]
        for _ in range(self.steps):
            middle = (low + high) >> 1
            inside = low < high
            beyond = self.lower[np.minimum(middle, len(self.lower) - 1)] > lower
            high = np.where(inside & beyond, middle, high)
            low = np.where(inside & ~beyond, middle + 1, low)
        return low - 1


class Attributor:
    """Answers whose an address or a name is. Immutable; built once for a revision of the constituency."""

    def __init__(
        self, owners: Sequence[Owner], networks: Sequence[NetworkFact], domains: Sequence[DomainFact], revision: int
    ) -> None:
        self.owners = tuple(owners)
        self.revision = revision
        self.networks = tuple(sorted(networks, key=self._network_order))
        self.domains = tuple(sorted(domains, key=self._domain_order))
        claims = self._network_claims()
        self._v4 = _V4Table({key: rows for key, rows in claims.items() if _is_v4(*key)})
        self._v6 = _V6Table({key: rows for key, rows in claims.items() if not _is_v4(*key)})
        self._network_owner = np.array([*(fact.owner for fact in self.networks), -1], np.int32)
        self._network_reason = np.array([*(fact.reason for fact in self.networks), Reason.NOBODY], np.uint8)
        self._names = self._name_timelines()
        self._domain_owner = np.array([*(fact.owner for fact in self.domains), -1], np.int32)

    @classmethod
    def build(
        cls,
        owners: Sequence[Owner],
        networks: Iterable[NetworkFact],
        domains: Iterable[DomainFact] = (),
        revision: int = 0,
    ) -> Self:
        """An attributor over these facts, whose ``owner`` is an index into ``owners``. Facts that never hold are left out."""
        return cls(owners, [f for f in networks if _ever_holds(f)], [f for f in domains if _ever_holds(f)], revision)

    def attribute_addresses(self, keys: Keys, times: npt.ArrayLike) -> AttributionColumns:
        """Whose the addresses were.

        ``keys``: shape (n,), dtype ``S16`` (16 bytes in network order, IPv4 as ``::ffff:a.b.c.d``) or ``uint32`` (IPv4).
        ``times``: shape (n,) or one value, ``datetime64`` in UTC. ``fact`` indexes :attr:`networks`. Raises ``TypeError`` on other dtypes.
        """
        moments = _moments(times, len(keys))
        if keys.dtype == np.uint32:
            facts = self._v4.facts(keys, moments)
        elif keys.dtype.itemsize == 16 and keys.dtype.kind in "SV":
            facts = self._both(keys, moments)
        else:
            raise TypeError(f"Addresses are given as S16 or uint32, not as {keys.dtype}.")
        return AttributionColumns(self._network_owner[facts], facts, self._network_reason[facts])

    def _both(self, keys: Keys, moments: Ints) -> npt.NDArray[np.int32]:
        halves = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2).astype(np.uint64)
        upper, lower = halves[:, 0], halves[:, 1]
        is_v4 = (upper == 0) & ((lower >> np.uint64(V4_BITS)) == np.uint64(0xFFFF))
        facts = np.empty(len(keys), np.int32)
        v4, v6 = np.flatnonzero(is_v4), np.flatnonzero(~is_v4)
        if len(v4):
            facts[v4] = self._v4.facts(lower[v4].astype(np.uint32), _picked(moments, v4))
        if len(v6):
            facts[v6] = self._v6.facts(upper[v6], lower[v6], _picked(moments, v6))
        return facts

    def attribute_names(self, names: Sequence[str], times: npt.ArrayLike) -> AttributionColumns:
        """Whose the names were: the longest declared domain at or above each name, valid at its time.

        ``names``: n canonical names (``tocsin.text.normal.domain``). ``times`` as in :meth:`attribute_addresses`. ``fact`` indexes
        :attr:`domains`.
        """
        moments = _moments(times, len(names))
        facts = self._name_facts(names, moments)
        reason = np.where(facts >= 0, Reason.DECLARED, Reason.NOBODY).astype(np.uint8)
        return AttributionColumns(self._domain_owner[facts], facts, reason)

    def explain_address(self, address: str, at: datetime) -> Explanation:
        """Whose one address was at an aware moment, and why nobody else's. Raises ``ValueError`` if it is no address."""
        key = int.from_bytes(address_key(address), "big")
        found = self.attribute_addresses(np.array([key.to_bytes(16, "big")], "S16"), _instant(at))
        covering = [index for index, fact in enumerate(self.networks) if fact.first <= key <= fact.last]
        return explain(address, at, self.owners, self.networks, covering, int(found.fact[0]))

    def explain_name(self, name: str, at: datetime) -> Explanation:
        """Whose one canonical name was at an aware moment, and why nobody else's."""
        found = self.attribute_names([name], _instant(at))
        above = set(_suffixes(name))
        covering = [index for index, fact in enumerate(self.domains) if fact.name in above]
        return explain(name, at, self.owners, self.domains, covering, int(found.fact[0]))

    def _network_claims(self) -> dict[tuple[int, int], list[Claim]]:
        claims: dict[tuple[int, int], list[Claim]] = {}
        for index, fact in enumerate(self.networks):
            claim = self._claim(index, fact, fact.length, fact.reason)
            claims.setdefault((fact.first, fact.length), []).append(claim)
        return claims

    def _name_timelines(self) -> dict[str, Timeline]:
        claims: dict[str, list[Claim]] = {}
        for index, fact in enumerate(self.domains):
            claims.setdefault(fact.name, []).append(self._claim(index, fact, 0, Reason.DECLARED))
        return {name: timeline(rows) for name, rows in claims.items()}

    def _claim(self, index: int, fact: NetworkFact | DomainFact, length: int, reason: Reason) -> Claim:
        begins = ALWAYS if fact.valid_from is None else microseconds(fact.valid_from)
        ends = FOREVER if fact.valid_until is None else microseconds(fact.valid_until)
        return Claim(begins, ends, (-reason, -length, -begins, self._slug(fact), index), index)

    def _name_facts(self, names: Sequence[str], moments: Ints) -> npt.NDArray[np.int32]:
        """Each distinct name is looked up once; only those whose owner ever changed are looked at row by row."""
        lines = {name: [self._names[above] for above in _suffixes(name) if above in self._names] for name in set(names)}
        settled = {name: _settled(found) for name, found in lines.items()}
        facts = np.fromiter(map(settled.__getitem__, names), np.int32, len(names))
        for row in np.flatnonzero(facts == _CHANGING).tolist():
            moment = int(moments[row if len(moments) > 1 else 0])
            facts[row] = next((fact for line in lines[names[row]] if (fact := _fact_at(line, moment)) >= 0), -1)
        return facts

    def _slug(self, fact: NetworkFact | DomainFact) -> str:
        return self.owners[fact.owner].slug if fact.owner >= 0 else ""

    def _network_order(self, fact: NetworkFact) -> tuple[Any, ...]:
        return fact.first, fact.length, fact.reason, self._slug(fact), *_validity(fact)

    def _domain_order(self, fact: DomainFact) -> tuple[Any, ...]:
        return fact.name, self._slug(fact), *_validity(fact)


def address_key(address: str) -> bytes:
    """16 bytes of an address in text, IPv4 mapped into IPv6. Raises ``ValueError``."""
    parsed = ip_address(address)
    number = int(parsed) | V4_MAPPED if parsed.version == 4 else int(parsed)
    return number.to_bytes(16, "big")


def address_keys(addresses: Iterable[str]) -> Keys:
    """A column of keys (``S16``) of addresses in text. Raises ``ValueError`` at the first that is none."""
    known: dict[str, bytes] = {}
    return np.array([known.get(text) or known.setdefault(text, address_key(text)) for text in addresses], "S16")


def _is_v4(first: int, length: int) -> bool:
    return first >> V4_BITS == 0xFFFF and length >= _FIRST_V4_LENGTH


def _ever_holds(fact: NetworkFact | DomainFact) -> bool:
    return fact.valid_from is None or fact.valid_until is None or fact.valid_from < fact.valid_until


def _validity(fact: NetworkFact | DomainFact) -> tuple[int, int]:
    begins = ALWAYS if fact.valid_from is None else microseconds(fact.valid_from)
    return begins, FOREVER if fact.valid_until is None else microseconds(fact.valid_until)


def _moments(times: npt.ArrayLike, rows: int) -> Ints:
    moments = np.atleast_1d(np.asarray(times, "datetime64[us]")).astype(np.int64)
    if len(moments) not in {1, rows}:
        raise ValueError(f"{rows} rows were given with {len(moments)} times; give one each, or one for all.")
    return moments


def _picked(moments: Ints, rows: Ints) -> Ints:
    return moments if len(moments) == 1 else moments[rows]


def _instant(at: datetime) -> npt.ArrayLike:
    return np.array([microseconds(at)], np.int64).view("datetime64[us]")


def _suffixes(name: str) -> list[str]:
    """The name and everything above it, the longest first."""
    suffixes = [name]
    while (dot := name.find(".")) >= 0:
        name = name[dot + 1 :]
        suffixes.append(name)
    return suffixes


def _settled(lines: Sequence[Timeline]) -> int:
    """The winning fact among timelines of ever shorter domains if it is the same at all times, else ``_CHANGING``."""
    if not lines:
        return -1
    first = lines[0]
    return first[0][1].fact if len(first) == 1 and first[0][1] else _CHANGING


def _fact_at(line: Timeline, moment: int) -> int:
    fact = -1
    for begins, claim in line:
        if begins > moment:
            break
        fact = claim.fact if claim else -1
    return fact
