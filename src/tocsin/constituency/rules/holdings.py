"""The facts that attribution decides on: who holds which network or domain, and for how long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from ipaddress import ip_network
from uuid import UUID

#: IPv4 in 16 bytes is ``::ffff:a.b.c.d`` (RFC 4291 §2.5.5.2).
V4_MAPPED = 0xFFFF << 32
V4_BITS = 32
ADDRESS_BITS = 128

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(IntEnum):
    """Why an address or name is somebody's, from the weakest to the strongest. A stronger reason wins at any prefix length."""

    NOBODY = 0  #: nothing covers it
    NATIONAL = 1  #: a registry lists it for the country, and nobody we know holds it
    REGISTRY = 2  #: a registry lists it under an id that the organisation holds other resources under
    DECLARED = 3  #: the organisation declared the network or the domain


@dataclass(frozen=True, slots=True)
class Owner:
    """An organisation, as attribution names it. ``id`` is its database row, ``uid`` its name outside."""

    slug: str
    uid: UUID
    id: int


@dataclass(frozen=True, slots=True)
class NetworkFact:
    """A network somebody holds from ``valid_from`` until just before ``valid_until`` (aware; ``None`` is open).

    ``first`` is the network's first address as a number of 128 bits (IPv4 mapped), ``length`` the prefix length in 128 bits (an IPv4
    /24 is 120). ``owner`` is an index into the attributor's owners, or -1 for national space. ``label`` says it for people.
    """

    owner: int
    first: int
    length: int
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    reason: Reason = Reason.DECLARED
    label: str = ""

    @property
    def last(self) -> int:
        """The last address."""
        return self.first | ((1 << (ADDRESS_BITS - self.length)) - 1)

    @property
    def cidr(self) -> str:
        """As people write it."""
        return cidr_text(self.first, self.length)


@dataclass(frozen=True, slots=True)
class DomainFact:
    """A domain with everything below it, in canonical form."""

    owner: int
    name: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    label: str = ""


def network_fact(
    owner: int, cidr: str, valid_from: datetime | None = None, valid_until: datetime | None = None
) -> NetworkFact:
    """A declared network from its CIDR text. Raises ``ValueError`` if that is not a network."""
    first, length = cidr_key(cidr)
    return NetworkFact(owner, first, length, valid_from, valid_until, Reason.DECLARED, cidr)


def cidr_key(cidr: str) -> tuple[int, int]:
    """First address (128 bits, IPv4 mapped) and prefix length (of 128) of a CIDR text. Raises ``ValueError``."""
    network = ip_network(cidr)
    first = int(network.network_address)
    if network.version == 4:
        return V4_MAPPED | first, ADDRESS_BITS - V4_BITS + network.prefixlen
    return first, network.prefixlen


def cidr_text(first: int, length: int) -> str:
    """The CIDR text of a key made by :func:`cidr_key`."""
    if first >> V4_BITS == 0xFFFF and length >= ADDRESS_BITS - V4_BITS:
        return str(ip_network((first & 0xFFFFFFFF, length - ADDRESS_BITS + V4_BITS)))
    return str(ip_network((first.to_bytes(16, "big"), length)))


def cidrs_of_range(first: int, last: int) -> list[tuple[int, int]]:
    """The fewest (first, length) keys that cover ``first`` to ``last`` exactly (registries list counts that are no power of two)."""
    keys = []
    while first <= last:
        aligned = (first & -first).bit_length() - 1 if first else ADDRESS_BITS
        room = (last - first + 1).bit_length() - 1
        bits = min(aligned, room)
        keys.append((first, ADDRESS_BITS - bits))
        first += 1 << bits
    return keys


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware moment, exactly (floats would round)."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
