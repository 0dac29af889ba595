"""Which plain observables a STIX pattern asks for: the part of the language that a table look-up can answer.

A pattern made of alternatives (``OR``, ``IN``) gives one observable each. A conjunction is understood where it says one thing:

- hashes of one file joined by ``AND`` (with its name, size or kind): each hash alone identifies the file;
- ``network-traffic`` with an address (and its ``type``), a port and protocols: an address, or an address and port.

Everything else (other properties, negations, expressions, sequences, time windows) is left to a pattern matcher: ``rest`` is then
true and the pattern itself is kept as well. ``LIKE`` with ``%`` at an end becomes a mask; ``_`` is read as itself, which is
narrower than "any character" and so never a false hit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tocsin.formats.canonical import address_observable, mask_observable
from tocsin.formats.stix.tree import Both, Comparison, Constant, Group, Node, Observed
from tocsin.text import normal
from tocsin.vocab.observables import ObservableType

Observable = tuple[ObservableType, str]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One observable as the pattern writes it; ``read`` gives its canonical form or raises ``ValueError``."""

    given: str
    read: Callable[[str], Observable]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The observables of a pattern, and whether a part of the pattern says more than they do."""

    observables: tuple[Alternative, ...]
    rest: bool


_NOTHING = Alternatives((), True)


_SIMPLE = re.compile(r"\[\s*([a-z0-9-]+:[A-Za-z0-9_.]+)\s*=\s*'([^'\\]*)'\s*\]")


def simple_alternative(pattern: str) -> Alternatives | None:
    """The observable of the commonest pattern, ``[type:property = 'value']``, without reading it by the grammar (for speed only)."""
    found = _SIMPLE.fullmatch(pattern.strip())
    read = _reader(found[1], "=") if found else None
    return Alternatives((Alternative(found[2], read),), rest=False) if found and read else None


def alternatives(node: Node) -> Alternatives:
    """What a pattern's tree comes down to."""
    if isinstance(node, Observed):
        return _NOTHING if node.qualifiers else alternatives(node.inner)
    if isinstance(node, Comparison):
        return _of_comparison(node)
    if isinstance(node, Group):
        return _NOTHING  # a parenthesis that is kept has qualifiers: it says more than any value
    if node.operator == "OR":
        parts = [alternatives(part) for part in node.parts]
        found = tuple(one for part in parts for one in part.observables)
        return Alternatives(found, any(part.rest for part in parts))
    return _of_conjunction(node)


def _of_comparison(comparison: Comparison) -> Alternatives:
    read = _reader(comparison.path, comparison.operator)
    if read is None or comparison.is_negated or not comparison.values:
        return _NOTHING
    return Alternatives(tuple(Alternative(str(value), read) for value in comparison.values), rest=False)


# Single properties --------------------------------------------------------------------------------------------------

_HASHES = re.compile(
    r"(?P<object>file|artifact|x509-certificate):hashes\.(?P<kind>MD5|SHA-?1|SHA-?256|SHA-?512)", re.IGNORECASE
)
_ADDRESSES = frozenset(
    {"ipv4-addr:value", "ipv6-addr:value", "network-traffic:dst_ref.value", "network-traffic:src_ref.value"}
)
_MAIL = frozenset({"email-addr:value", "email-message:from_ref.value", "email-message:sender_ref.value"})


def _reader(path: str, operator: str) -> Callable[[str], Observable] | None:
    """How the values that one property is compared with are read, or ``None`` if no table look-up can answer it."""
    if operator == "LIKE":
        return {"url:value": _like_url, "domain-name:value": _like_url}.get(path)
    if operator == "ISSUBSET":
        return address_observable if path in _ADDRESSES else None
    if operator not in ("=", "IN"):
        return None
    if path in _ADDRESSES:
        return address_observable
    if path in _MAIL:
        return lambda text: (ObservableType.EMAIL, normal.email(text))
    if hashes := _HASHES.fullmatch(path):
        is_certificate = hashes["object"].lower() == "x509-certificate"
        kind = ObservableType.CERTIFICATE if is_certificate else ObservableType.FILE
        return lambda text: (kind, normal.file_hash(text))
    return {"domain-name:value": _domain, "url:value": _url}.get(path)


def _domain(text: str) -> Observable:
    return ObservableType.DOMAIN, normal.domain(text)


def _url(text: str) -> Observable:
    return ObservableType.URL, normal.url(text)


def _like_url(text: str) -> Observable:
    return mask_observable(text.replace("%", "*"))


# Conjunctions -------------------------------------------------------------------------------------------------------

_ABOUT_FILE = re.compile(
    r"file:(name|size|mime_type|name_enc|parent_directory_ref\.path|magic_number_hex)", re.IGNORECASE
)
_TRAFFIC = re.compile(r"network-traffic:(?P<end>src|dst)_(?P<what>ref\.type|ref\.value|port)")


def _of_conjunction(node: Both) -> Alternatives:
    comparisons = _flat(node) if node.operator == "AND" else None
    if not comparisons:
        return _NOTHING
    return _of_file(comparisons) or _of_traffic(comparisons) or _NOTHING


def _flat(node: Node) -> list[Comparison] | None:
    """The plain comparisons of nested ``AND``, or ``None`` if there is anything else."""
    if isinstance(node, Comparison):
        return None if node.is_negated or node.operator not in ("=", "IN") or len(node.values) != 1 else [node]
    if not isinstance(node, Both) or node.operator != "AND":
        return None
    parts = [_flat(part) for part in node.parts]
    return None if None in parts else [one for part in parts for one in part or ()]


def _of_file(comparisons: Sequence[Comparison]) -> Alternatives | None:
    hashes = [one for one in comparisons if _HASHES.fullmatch(one.path)]
    others = [one for one in comparisons if one not in hashes]
    if not hashes or not all(_ABOUT_FILE.fullmatch(one.path) for one in others):
        return None
    return Alternatives(tuple(found for one in hashes for found in _of_comparison(one).observables), rest=False)


def _of_traffic(comparisons: Sequence[Comparison]) -> Alternatives | None:
    said: dict[str, Constant] = {}
    ends = set()
    for one in comparisons:
        found = _TRAFFIC.fullmatch(one.path)
        if not found and not one.path.startswith("network-traffic:protocols["):
            return None
        if found:
            ends.add(found["end"])
            said[found["what"]] = one.values[0]
    if len(ends) != 1 or said.get("ref.type", "ipv4-addr") not in ("ipv4-addr", "ipv6-addr") or "ref.value" not in said:
        return None
    address = str(said["ref.value"])
    if "port" not in said:
        return Alternatives((Alternative(address, address_observable),), rest=False)
    given = f"[{address}]:{said['port']}" if ":" in address else f"{address}:{said['port']}"
    return Alternatives((Alternative(given, lambda text: (ObservableType.IP_PORT, normal.ip_port(text))),), rest=False)
