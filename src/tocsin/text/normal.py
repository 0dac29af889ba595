"""Canonical forms of observables: the one address for all of them.

Every function is idempotent, takes text in any spelling and raises ``ValueError`` with a reason that stands alone
("not a domain name: a label is empty").
"""

import re
from collections.abc import Callable

from tocsin.text.addresses import address, any_ipv4, ip_port, ipv4, ipv6, network, port
from tocsin.text.names import domain, email
from tocsin.text.urls import url, url_mask, url_path
from tocsin.vocab.observables import ObservableType

__all__ = [
    "address",
    "any_ipv4",
    "domain",
    "email",
    "file_hash",
    "ip_port",
    "ipv4",
    "ipv6",
    "network",
    "observable",
    "port",
    "refang",
    "typed",
    "url",
    "url_mask",
    "url_path",
]

_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_HASH_LENGTHS = frozenset({32, 40, 64, 128})
_WITH_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+-]*:[/\\]{2}|//", re.ASCII)
_IPV4_PORT = re.compile(r"[0-9.]+:\d+|\[[0-9a-fA-F:.]+\]:\d+", re.ASCII)
_ADDRESS = re.compile(r"\d+(?:\.\d+){3}|\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?", re.ASCII)
_NETWORK = re.compile(r"(?:\d+(?:\.\d+){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)/\d{1,3}", re.ASCII)

_BRACKETED = re.compile(r"[\[({<]+\s*(?P<sign>\.|,|:|/|@|://|dot|at|d0t)\s*[\])}>]+", re.IGNORECASE)
_ESCAPED_DOT = re.compile(r"\\+\.")
_SIGNS = {"dot": ".", "d0t": ".", ",": ".", "at": "@"}
_DEFANGED_SCHEME = re.compile(r"^(\s*)(h[tx]{2}p|f[tx]p)(s?)(?=\s*:)", re.IGNORECASE)


def file_hash(text: str) -> str:
    """Lower-case hexadecimal MD5, SHA-1, SHA-256 or SHA-512, told apart by length: 32, 40, 64 or 128."""
    digest = text.strip().lower()
    if not _HEX.fullmatch(digest):
        raise ValueError("not a file hash: something else than hexadecimal digits")
    if len(digest) not in _HASH_LENGTHS:
        raise ValueError(f"not a file hash: {len(digest)} digits instead of 32, 40, 64 or 128")
    return digest


def refang(text: str) -> str:
    """Undo the usual ways of making an observable harmless: ``hxxp``, ``[.]``, ``(dot)``, ``[at]``, ``[:]//``."""
    text = _BRACKETED.sub(lambda found: _SIGNS.get(found["sign"].lower(), found["sign"]), text)
    text = _ESCAPED_DOT.sub(".", text)
    return _DEFANGED_SCHEME.sub(lambda found: found[1] + found[2].lower().replace("x", "t", 2) + found[3].lower(), text)


def observable(text: str) -> tuple[ObservableType, str]:
    """The kind and canonical value of a bare observable. Raises ``ValueError`` with the reason of the likeliest kind."""
    text = text.strip()
    if _WITH_SCHEME.match(text):
        return ObservableType.URL, url(text)
    if text[:1] == "/":
        return ObservableType.URL_PATH, url_path(text) or "/"
    if _IPV4_PORT.fullmatch(text):
        return ObservableType.IP_PORT, ip_port(text)
    if _NETWORK.fullmatch(text) or _ADDRESS.fullmatch(text):
        return _typed_network(text)
    if len(text) in _HASH_LENGTHS and _HEX.fullmatch(text):
        return ObservableType.FILE, file_hash(text)
    if "/" in text or "?" in text:
        return ObservableType.URL, url(text)
    if "@" in text:
        return ObservableType.EMAIL, email(text)
    if ":" in text:
        return ObservableType.URL, url(text)
    return ObservableType.DOMAIN, domain(text)


def _typed_network(text: str) -> tuple[ObservableType, str]:
    canonical = network(text)
    return (ObservableType.IPV6 if ":" in canonical else ObservableType.IPV4), canonical


_CANONICAL: dict[ObservableType, Callable[[str], str]] = {
    ObservableType.DOMAIN: domain,
    ObservableType.IPV4: network,
    ObservableType.IPV6: network,
    ObservableType.IP_PORT: ip_port,
    ObservableType.URL: url,
    ObservableType.URL_PATH: url_path,
    ObservableType.FILE: file_hash,
    ObservableType.CERTIFICATE: file_hash,
    ObservableType.EMAIL: email,
}


def typed(kind: ObservableType, text: str) -> tuple[ObservableType, str]:
    """The canonical value of an observable whose kind is known. An address tells its own version, whatever ``kind`` said.

    Kinds without a canonical form (patterns, vulnerabilities) are only stripped. Raises ``ValueError``.
    """
    if kind in (ObservableType.IPV4, ObservableType.IPV6):
        return _typed_network(text)
    canonical = _CANONICAL.get(kind, str.strip)(text)
    if not canonical:
        raise ValueError("the value is empty")
    return kind, canonical
