"""The address guard: which addresses a connection of ours may go to, decided on the address that is then connected to.

A name is resolved once, every address of the answer is judged, and the connection goes to a judged address, not to the
name again: a name that resolves to something else a moment later (DNS rebinding) gains nothing.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

#: The well-known prefix of translators: the last 32 bits are the IPv4 address that a packet ends up at (RFC 6052 §2.1).
_NAT64 = IPv6Network("64:ff9b::/96")
#: Local-use translators (RFC 8215) and protocol assignments (RFC 6890), which not every Python counts as private.
_NEVER = (IPv6Network("64:ff9b:1::/48"), IPv4Network("192.0.0.0/24"))

Resolve = Callable[[str, int], Iterable[str]]


class RefusedAddress(httpcore.ConnectError):
    """The address guard forbids this connection."""


def system_resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host`` as the system knows them. Raises ``OSError`` if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def is_public(address: str) -> bool:
    """Whether ``address`` belongs to the public internet: neither private, loopback, link-local, multicast nor
    reserved.

    Addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) are judged by that one too.
    """
    parsed = ip_address(address)
    if parsed in _NAT64:
        return is_public(str(IPv4Address(parsed.packed[-4:])))
    if (
        not parsed.is_global
        or parsed.is_multicast
        or parsed.is_reserved
        or any(parsed in network for network in _NEVER)
    ):
        return False
    return all(inner.is_global for inner in _inside(parsed))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [each for each in inner if each is not None]


class GuardedBackend(httpcore.NetworkBackend):
    """Opens TCP connections for httpcore, to judged addresses only. ``always`` are hosts the operator named: the
    proxy."""

    def __init__(
        self, allow_private: bool, always: frozenset[str] = frozenset(), resolve: Resolve = system_resolve
    ) -> None:
        self._allow_private = allow_private
        self._always = always
        self._resolve = resolve
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first judged address of ``host`` that answers. Raises ``RefusedAddress`` or httpcore's
        errors."""
        addresses = self._judged(host, port)
        for address in addresses[:-1]:
            try:
                return self._below.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._below.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        """Wait; httpcore asks for it between attempts."""
        self._below.sleep(seconds)

    def _judged(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolve(host, port))
        except OSError as error:
            raise httpcore.ConnectError(f"the name {host} has no address ({error.strerror or error})") from error
        if not addresses:
            raise httpcore.ConnectError(f"the name {host} has no address")
        if not self._allow_private and host not in self._always:
            refused = next((address for address in addresses if not is_public(address)), None)
            if refused:
                raise RefusedAddress(why_refused(host, refused))
        return addresses


def why_refused(host: str, address: str) -> str:
    """Half a sentence for people."""
    return f"{host} is {address}, which is not a public address; outgoing.allow_private would permit it"


def literal_address(host: str) -> str | None:
    """The address that ``host`` itself is (brackets and zone left out), or that ``localhost`` always is; else
    ``None``."""
    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None
