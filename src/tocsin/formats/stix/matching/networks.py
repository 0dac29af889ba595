"""``ISSUBSET`` and ``ISSUPERSET``: addresses and networks, IPv4 and IPv6 (STIX 2.1 §9.6.1)."""

import ipaddress
from functools import lru_cache

from tocsin.formats.stix.matching.limits import MatchError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=1 << 14)
def network(text: str) -> Network:
    """An address or a network in CIDR notation; bits behind its prefix do not count. Raises ``MatchError`` if it is neither."""
    try:
        if "/" in text and not text.partition("/")[2].isdecimal():
            raise ValueError("the prefix is no number")
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise MatchError(f"{text[:80]!r} is neither an address nor a network: {error}") from error


def is_within(inner: Network, outer: Network) -> bool:
    """Whether every address of the one is an address of the other; of different families none is."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
