"""The registries' delegated-statistics files, plain and extended, of all five registries, as blocks with accounts.

The exchange format of the Number Resource Organization (version 2): a version line, summary lines (``…|summary``), then records
``registry|cc|type|start|value|date|status[|opaque-id[|extensions]]``. The value counts addresses of ``ipv4`` (not always a power of
two) and numbers of ``asn``; of ``ipv6`` it is the prefix length. ``*`` fills fields that mean nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

from tocsin.constituency.rules.holdings import V4_MAPPED
from tocsin.text.streams import Limits, Member, members
from tocsin.vocab.errors import Unreadable

REGISTRIES = frozenset({"afrinic", "apnic", "arin", "lacnic", "ripencc"})
KINDS = ("asn", "ipv4", "ipv6")
#: Given to somebody; ``available`` and ``reserved`` are nobody's yet.
_GIVEN = frozenset({"allocated", "assigned"})
_STATUSES = _GIVEN | {"available", "reserved"}
_VERSION = re.compile(r"2(?:\.\d+)*", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_SHOWN = 20
#: Registries miscount by a few records; a file with less than this share of what it promises was cut short.
_COMPLETE = 0.99
_NO_DATES = frozenset({"", "00000000", "00010101", "*"})


@dataclass(frozen=True, slots=True)
class Block:
    """A block that a registry has given to somebody in a country. ``first`` and ``last`` are numbers of 128 bits (IPv4 mapped)."""

    registry: str
    country: str
    kind: str
    first: int
    last: int
    status: str
    allocated_on: date | None
    opaque_id: str


@dataclass(slots=True)
class RegistryAccounts:
    """The books of one file: ``records = kept + elsewhere + unassigned + duplicate + rejected``."""

    records: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0
    unassigned: int = 0
    duplicate: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        """Whether every record went to exactly one place."""
        return self.records == self.kept.total() + self.elsewhere + self.unassigned + self.duplicate + self.rejected

    def __str__(self) -> str:
        return (
            f"records {self.records} = kept {self.kept.total()} + elsewhere {self.elsewhere} + unassigned {self.unassigned} "
            f"+ duplicate {self.duplicate} + rejected {self.rejected}"
        )


@dataclass(slots=True)
class RegistryFile:
    """What one file says of one country."""

    name: str
    registry: str
    published_on: date
    digest: str
    blocks: list[Block]
    accounts: RegistryAccounts


def read_registry_file(
    path: str | Path, country: str, limits: Limits | None = None, on_read: Callable[[int], None] | None = None
) -> RegistryFile:
    """Read one file (plain or compressed), keeping what is given to somebody in ``country``; memory holds only that.

    ``on_read`` is told the bytes read so far. Raises ``Unreadable`` where it is no delegated-statistics file; records that cannot be
    understood are counted as rejected and shown, not fatal.
    """
    file = None
    for member in members(path, limits, on_read):
        if file is not None:
            raise Unreadable(f"{path}: one registry file is expected, not several at once; load them one by one.")
        file = _Reading(str(path), country).read(member)
    if file is None:
        raise Unreadable(f"{path}: there is no file inside.")
    return file


class _Reading:
    """One pass over one file."""

    def __init__(self, name: str, country: str) -> None:
        self._name = name
        self._country = country
        self._accounts = RegistryAccounts()
        self._promised: dict[str, int] = {}
        self._met: Counter[str] = Counter()
        self._seen: set[tuple[str, int, int]] = set()
        self._digest = hashlib.sha256()

    def read(self, member: Member) -> RegistryFile:
        lines = self._lines(member)
        registry, published_on, promised = self._version(lines)
        blocks = [block for number, text in lines if (block := self._line(number, text, registry))]
        self._check_counts(promised)
        return RegistryFile(self._name, registry, published_on, self._digest.hexdigest(), blocks, self._accounts)

    def _lines(self, member: Member) -> Iterator[tuple[int, str]]:
        for number, raw in member.lines():
            self._digest.update(raw + b"\n")
            text = raw.decode("ascii", "replace").strip()
            if text and not text.startswith("#"):
                yield number, text

    def _version(self, lines: Iterator[tuple[int, str]]) -> tuple[str, date, int]:
        number, text = next(lines, (1, ""))
        fields = text.split("|")
        if (
            len(fields) != 7
            or not _VERSION.fullmatch(fields[0])
            or fields[1] not in REGISTRIES
            or not fields[3].isdigit()
        ):
            raise Unreadable(
                f"{self._name}:{number}: not a delegated-statistics file of a registry: its first line should read like "
                "'2|apnic|20261123|76543|19830613|20261122|+1000'."
            )
        # fields: version, registry, serial, records, start date, end date, UTC offset
        published_on = _day(fields[5]) or _day(fields[2])
        if published_on is None:
            raise Unreadable(f"{self._name}:{number}: the version line has no date; fetch the file again.")
        return fields[1], published_on, int(fields[3])

    def _line(self, number: int, text: str, registry: str) -> Block | None:
        fields = text.split("|")
        if fields[-1] == "summary" and len(fields) == 6:
            if fields[4].isdigit():
                self._promised[fields[2]] = int(fields[4])
            return None
        self._accounts.records += 1
        self._met[fields[2] if len(fields) > 2 else ""] += 1
        try:
            return self._record(fields, registry)
        except ValueError as error:
            self._accounts.rejected += 1
            if len(self._accounts.problems) < _SHOWN:
                self._accounts.problems.append(f"{self._name}:{number}: {error}")
            return None

    def _record(self, fields: list[str], registry: str) -> Block | None:
        if len(fields) < 7:
            raise ValueError(f"{len(fields)} fields where a record has at least 7")
        given_by, country, kind, start, value, day, status = (part.strip() for part in fields[:7])
        if given_by != registry:
            raise ValueError(f"a record of {given_by[:20]!r} in the file of {registry}")
        if kind not in KINDS:
            raise ValueError(f"{kind[:20]!r} is none of {', '.join(KINDS)}")
        if status not in _STATUSES:
            raise ValueError(f"{status[:20]!r} is none of {', '.join(sorted(_STATUSES))}")
        first, last = _range(kind, start, value)
        allocated_on = _date(day)
        if status not in _GIVEN:
            self._accounts.unassigned += 1
            return None
        if not _COUNTRY.fullmatch(country):
            raise ValueError(f"{country[:20]!r} is no country code")
        if country != self._country:
            self._accounts.elsewhere += 1
            return None
        if (kind, first, last) in self._seen:
            self._accounts.duplicate += 1
            return None
        self._seen.add((kind, first, last))
        self._accounts.kept[kind] += 1
        return Block(
            registry,
            country,
            kind,
            first,
            last,
            status,
            allocated_on,
            fields[7].strip()[:100] if len(fields) > 7 else "",
        )

    def _check_counts(self, promised: int) -> None:
        """Say where the file's own counts are not met: and refuse one cut short: what it lacks would end."""
        accounts = self._accounts
        for kind, count in self._promised.items():
            if kind in KINDS and count != self._met[kind]:
                accounts.problems.append(
                    f"{self._name}: its summary promises {count} {kind} records, {self._met[kind]} came"
                )
        total = sum(self._promised.values()) or promised
        if accounts.records < total * _COMPLETE:
            raise Unreadable(
                f"{self._name}: {total} records were promised and {accounts.records} came, so it was cut short; fetch it again."
            )


def _range(kind: str, start: str, value: str) -> tuple[int, int]:
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise ValueError(f"{value[:20]!r} is no count")
    count = int(value)
    if kind == "ipv6":
        network = IPv6Network((start, count))
        return int(network.network_address), int(network.broadcast_address)
    if kind == "ipv4":
        first = int(IPv4Address(start))
    elif start.isascii() and start.isdigit() and len(start) <= 10:
        first = int(start)
    else:
        raise ValueError(f"{start[:20]!r} is no autonomous system number")
    if not count or first + count > 2**32:
        raise ValueError(f"{count} of {kind} from {start} on do not exist")
    base = V4_MAPPED if kind == "ipv4" else 0
    return base | first, base | (first + count - 1)


def _date(text: str) -> date | None:
    if text in _NO_DATES:
        return None
    day = _day(text)
    if day is None:
        raise ValueError(f"{text[:20]!r} is no date")
    return day


def _day(text: str) -> date | None:
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
