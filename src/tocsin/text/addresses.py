"""Canonical forms of IP addresses, networks and address-port pairs."""

import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import AF_INET6, inet_ntop, inet_pton

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}", re.ASCII)
_PADDED_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|\d+", re.ASCII)
_PREFIX = re.compile(r"\d{1,3}", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_MAPPED = b"\0" * 10 + b"\xff\xff"


def ipv4(text: str) -> str:
    """A dotted quad. Leading zeros are refused: ``010`` is eight to some programs and ten to others."""
    if _IPV4.fullmatch(text):
        return text
    stripped = text.strip()
    if _IPV4.fullmatch(stripped):
        return stripped
    if _PADDED_IPV4.fullmatch(stripped):
        raise ValueError("not an IPv4 address: an octet is over 255 or has leading zeros")
    raise ValueError("not an IPv4 address")


def any_ipv4(text: str) -> str:
    """The dotted quad of any spelling that ``inet_aton`` takes: one to four decimal, octal (``0…``) or hexadecimal numbers,
    the last of which fills the remaining bytes (``0xa40300b``, ``30.31.8225``)."""
    parts = text.split(".")
    if len(parts) > 4:
        raise ValueError("not an IPv4 address: more than four numbers")
    numbers = [_number(part) for part in parts]
    last = numbers.pop()
    if any(number > 255 for number in numbers) or last >= 256 ** (4 - len(numbers)):
        raise ValueError("not an IPv4 address: a number is too large")
    whole = last
    for place, number in enumerate(numbers):
        whole += number << 8 * (3 - place)
    return ".".join(str(whole >> shift & 255) for shift in (24, 16, 8, 0))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or len(text) > 16:
        raise ValueError("not an IPv4 address: a part is not a number")
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    if text[0] == "0":
        try:
            return int(text, 8)
        except ValueError:
            raise ValueError("not an IPv4 address: a number with a leading zero is not octal") from None
    return int(text)


def ipv6(text: str) -> str:
    """RFC 5952: shortest form, lower case, an embedded IPv4 address dotted. Brackets are dropped, zones (``%eth0``) refused."""
    bare = text.strip()
    if bare[:1] == "[" and bare[-1:] == "]":
        bare = bare[1:-1]
    if "%" in bare:
        raise ValueError("not an IPv6 address: a zone means something on one machine only")
    try:
        # Not ipaddress: its spelling of embedded IPv4 addresses differs between Python versions.
        packed = inet_pton(AF_INET6, bare)
    except (OSError, UnicodeError, ValueError):
        raise ValueError("not an IPv6 address") from None
    if packed.startswith(_MAPPED):
        return "::ffff:" + ".".join(map(str, packed[12:]))
    return inet_ntop(AF_INET6, packed) if packed[:12] != b"\0" * 12 else str(IPv6Address(packed))


def address(text: str) -> str:
    """An IPv4 or IPv6 address; an IPv4 address in IPv6 clothes (``::ffff:198.18.0.1``) is the IPv4 address."""
    if ":" not in text:
        return ipv4(text)
    canonical = ipv6(text)
    return canonical.removeprefix("::ffff:") if "." in canonical else canonical


def network(text: str) -> str:
    """CIDR with the host bits cleared. A network of one address is that address: both mean the same."""
    base, stroke, prefix = text.strip().partition("/")
    base = address(base)
    if not stroke:
        return base
    longest = 128 if ":" in base else 32
    if not _PREFIX.fullmatch(prefix) or int(prefix) > longest:
        raise ValueError(f"not a network: the prefix length is not a number from 0 to {longest}")
    if int(prefix) == longest:
        return base
    whole: IPv4Network | IPv6Network = ip_network(f"{base}/{int(prefix)}", strict=False)
    return f"{address(str(whole.network_address))}/{whole.prefixlen}"


def port(text: str) -> int:
    """A TCP or UDP port, 1–65535."""
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise ValueError("not a port: a number from 1 to 65535 is meant")
    return int(text)


def ip_port(text: str) -> str:
    """``198.18.0.1:8080`` or ``[2001:db8::1]:8080``."""
    host, colon, number = text.strip().rpartition(":")
    if not colon:
        raise ValueError("not an address with a port: there is no colon")
    if ":" in host and host[:1] != "[":
        raise ValueError("not an address with a port: an IPv6 address needs brackets before a port")
    canonical = address(host)
    return f"[{canonical}]:{port(number)}" if ":" in canonical else f"{canonical}:{port(number)}"
