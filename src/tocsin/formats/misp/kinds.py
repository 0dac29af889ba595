"""MISP's attribute types (core format, draft 20, and describeTypes of 2.5) as observables.

A composite type (``domain|ip``) names several things and gives one observable each, except where the parts are one thing
(address and port) or the first part only names the second (``filename|sha256``). Types without an entry are no observable of
ours: kept as ``other`` under their own name (``mutex:Global\\x``), not looked for.
"""

import ipaddress
from collections.abc import Callable, Iterator

from tocsin.formats.canonical import Observable, address_observable, mask_observable
from tocsin.text import normal
from tocsin.vocab.observables import ObservableType

Read = Callable[[str], Observable]

_ADDRESSES = ("ip-src", "ip-dst")
_NAMES = ("domain", "hostname")
_MAIL = ("email", "email-src", "email-dst", "email-reply-to", "target-email", "whois-registrant-email", "dns-soa-email")
_HASHES = ("md5", "sha1", "sha256", "sha512")
_CERTIFICATES = ("x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256")
_PATTERNS = (
    "yara",
    "snort",
    "sigma",
    "zeek",
    "bro",
    "pattern-in-file",
    "pattern-in-memory",
    "pattern-in-traffic",
    "stix2-pattern",
)


def _as(kind: ObservableType) -> Read:
    return lambda text: normal.typed(kind, text)


def _path_or_url(text: str) -> Observable:
    """``uri``: some write only the part behind the host."""
    return normal.typed(ObservableType.URL_PATH, text) if text.strip()[:1] == "/" else mask_observable(text)


_READERS: dict[str, Read] = (
    dict.fromkeys(_ADDRESSES, address_observable)
    | {name: _as(ObservableType.DOMAIN) for name in _NAMES}
    | {name: _as(ObservableType.EMAIL) for name in _MAIL}
    | {name: _as(ObservableType.FILE) for name in _HASHES}
    | {name: _as(ObservableType.CERTIFICATE) for name in _CERTIFICATES}
    | {name: _as(ObservableType.PATTERN) for name in _PATTERNS}
    | {"vulnerability": _as(ObservableType.VULNERABILITY), "url": mask_observable, "uri": _path_or_url}
)


def observables(kind: str, value: str) -> Iterator[tuple[str, Read]]:
    """The observables of an attribute as (text, reader); readers raise ``ValueError``."""
    if kind == "malware-sample":
        kind = "filename|md5"
    first_kind, bar, second_kind = kind.partition("|")
    if not bar:
        yield value, _READERS.get(kind) or _other(kind)
        return
    first, _, second = value.rpartition("|") if first_kind == "filename" else value.partition("|")
    if second_kind == "port":
        yield from _with_port(first_kind, first or value, second)
    elif first_kind == "filename" and second_kind in _READERS:
        yield second, _READERS[second_kind]
    elif first_kind in _READERS and second_kind == "ip":
        yield first, _READERS[first_kind]
        yield second, address_observable
    else:
        yield value, _other(kind)


def _with_port(kind: str, host: str, port: str) -> Iterator[tuple[str, Read]]:
    if not port.strip():
        yield host, _READERS.get(kind) or _other(kind)
    elif kind in _ADDRESSES:
        yield f"[{host}]:{port}" if _is_ipv6(host) else f"{host}:{port}", _as(ObservableType.IP_PORT)
    else:
        # A name on one port: only a URL without a scheme can say that.
        yield f"{host}:{port}", _as(ObservableType.URL)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.strip("[] ")).version == 6
    except ValueError:
        return False


def _other(kind: str) -> Read:
    return lambda text: normal.typed(ObservableType.OTHER, f"{kind}:{text.strip()}" if text.strip() else "")
