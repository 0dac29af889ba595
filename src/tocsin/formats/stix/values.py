"""The values that a STIX object speaks of, as canonical observables: what objects are correlated by."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocsin.formats.canonical import Observable, address_observable
from tocsin.formats.stix.alternatives import alternatives, simple_alternative
from tocsin.formats.stix.grammar import read_pattern
from tocsin.text import normal
from tocsin.vocab.observables import ObservableType

#: The most values that one object is found by; observed data of a whole network is found by its first ones.
MOST_VALUES = 1_000

_READERS: dict[str, Callable[[str], Observable]] = {
    "ipv4-addr": address_observable,
    "ipv6-addr": address_observable,
    "domain-name": lambda text: (ObservableType.DOMAIN, normal.domain(text)),
    "url": lambda text: (ObservableType.URL, normal.url(text)),
    "email-addr": lambda text: (ObservableType.EMAIL, normal.email(text)),
}
#: Cyber-observables that have no type of their own among ours, with the property that names them.
_OTHERS = {
    "mac-addr": "value",
    "mutex": "name",
    "autonomous-system": "number",
    "windows-registry-key": "key",
    "directory": "path",
    "user-account": "account_login",
}
_HASHES = frozenset({"MD5", "SHA-1", "SHA-256", "SHA-512", "SHA1", "SHA256", "SHA512"})


def values_of(found: Mapping[str, Any]) -> list[Observable]:
    """Each value once, in the order of the object; what has no canonical form is left out."""
    seen: dict[Observable, None] = {}
    for read, text in _candidates(found):
        try:
            seen.setdefault(read(text))
        except ValueError:
            continue
        if len(seen) >= MOST_VALUES:
            break
    return list(seen)


_Candidate = tuple[Callable[[str], Observable], str]


def _candidates(found: Mapping[str, Any]) -> Iterator[_Candidate]:
    kind = found.get("type")
    if kind == "indicator":
        yield from _of_pattern(found)
    elif kind == "observed-data":
        inside = found.get("objects")
        for one in inside.values() if isinstance(inside, Mapping) else ():
            if isinstance(one, Mapping):
                yield from _of_observable(one)
    else:
        yield from _of_observable(found)
    yield from _of_references(found)


def _of_pattern(found: Mapping[str, Any]) -> Iterator[_Candidate]:
    pattern = found.get("pattern")
    if not isinstance(pattern, str) or not pattern.strip():
        return
    if found.get("pattern_type", "stix") != "stix":
        yield _as_pattern, pattern
        return
    try:
        plain = simple_alternative(pattern) or alternatives(read_pattern(pattern))
    except ValueError:
        return
    for one in plain.observables:
        yield one.read, one.given
    if plain.rest:
        yield _as_pattern, pattern


def _as_pattern(text: str) -> Observable:
    return ObservableType.PATTERN, text.strip()


def _of_observable(found: Mapping[str, Any]) -> Iterator[_Candidate]:
    kind, value = str(found.get("type")), found.get("value")
    if kind in _READERS and isinstance(value, str):
        yield _READERS[kind], value
    elif kind in ("file", "artifact", "x509-certificate"):
        hashes = found.get("hashes")
        for name, text in hashes.items() if isinstance(hashes, Mapping) else ():
            if str(name).upper() in _HASHES and isinstance(text, str):
                yield _hash_reader(kind), text
    elif kind in _OTHERS and isinstance(found.get(_OTHERS[kind]), str | int):
        yield _other, f"{kind}:{found[_OTHERS[kind]]}"
    elif kind == "vulnerability" and isinstance(found.get("name"), str):
        yield _vulnerability, found["name"]


def _hash_reader(kind: str) -> Callable[[str], Observable]:
    of = ObservableType.CERTIFICATE if kind == "x509-certificate" else ObservableType.FILE
    return lambda text: (of, normal.file_hash(text))


def _other(text: str) -> Observable:
    return ObservableType.OTHER, text


def _vulnerability(text: str) -> Observable:
    wanted = text.strip().upper()
    if not wanted.startswith("CVE-"):
        raise ValueError("not the number of a vulnerability")
    return ObservableType.VULNERABILITY, wanted


def _of_references(found: Mapping[str, Any]) -> Iterator[_Candidate]:
    references = found.get("external_references")
    for one in references if isinstance(references, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("external_id"), str):
            yield _vulnerability, one["external_id"]
