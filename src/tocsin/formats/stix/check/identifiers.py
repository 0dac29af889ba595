"""The UUID of an identifier (STIX 2.1 §2.9): its version, and whether an observable's says what it is made of."""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.formats.stix.check.found import Problem, must, should
from tocsin.formats.stix.check.kinds import type_of

#: Observables with this namespace have a UUID of version 5 made of their contributing properties.
NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")

#: ID Contributing Properties (§6); ``hashes`` gives the first of MD5, SHA-1, SHA-256 and SHA-512 that is there.
_CONTRIBUTING: dict[str, tuple[str, ...]] = {
    "artifact": ("hashes", "payload_bin"),
    "autonomous-system": ("number",),
    "directory": ("path",),
    "domain-name": ("value",),
    "email-addr": ("value",),
    "email-message": ("from_ref", "subject", "body"),
    "file": ("hashes", "name", "extensions", "parent_directory_ref"),
    "ipv4-addr": ("value",),
    "ipv6-addr": ("value",),
    "mac-addr": ("value",),
    "mutex": ("name",),
    "network-traffic": ("start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"),
    "software": ("name", "cpe", "swid", "vendor", "version"),
    "url": ("value",),
    "user-account": ("account_type", "user_id", "account_login"),
    "windows-registry-key": ("key", "values"),
    "x509-certificate": ("hashes", "serial_number"),
}
#: Observables that may lack every contributing property, and must then have a random UUID.
_MAY_LACK_ALL = frozenset({"artifact", "email-message", "user-account", "windows-registry-key", "x509-certificate"})
_PREFERRED_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-512")


def _version_of(identifier: str) -> str:
    return identifier[-22]


def version_problem(value: Mapping[str, Any], kind: str, *, is_observable: bool) -> list[Problem]:
    """Random UUIDs (version 4) for everything but observables, which have version 5 where they can."""
    identifier = value.get("id")
    if type(identifier) is not str or type_of(identifier) is None:
        return []
    found = _version_of(identifier)
    if not is_observable:
        return [] if found == "4" else should("uuid-check", f"should have a UUID of version 4, not {found}", ".id")
    if kind == "process":
        return [] if found == "4" else must(f"must have a UUID of version 4, as it is a process, not {found}", ".id")
    if kind in _MAY_LACK_ALL and value.keys().isdisjoint(_CONTRIBUTING[kind]) and found != "4":
        return must(f"must have a UUID of version 4, as no property contributes to it, not {found}", ".id")
    return [] if found == "5" else should("uuid-check", f"should have a UUID of version 5, not {found}", ".id")


def deterministic_id(value: Mapping[str, Any]) -> str | None:
    """The identifier that an observable's contributing properties make; ``None`` if it has none of them."""
    kind = value["type"]
    parts = {name: value[name] for name in _CONTRIBUTING.get(kind, ()) if name in value}
    hashes = parts.get("hashes")
    if isinstance(hashes, Mapping) and hashes:
        name = next((name for name in _PREFERRED_HASHES if name in hashes), min(hashes))
        parts["hashes"] = {name: hashes[name]}
    if not parts:
        return None
    return f"{kind}--{uuid.uuid5(NAMESPACE, orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode())}"


def deterministic_problem(value: Mapping[str, Any], kind: str) -> list[Problem]:
    """Whether a UUID of version 5 is the one that the contributing properties make in STIX's own namespace."""
    identifier = value.get("id")
    if (
        kind not in _CONTRIBUTING
        or type(identifier) is not str
        or type_of(identifier) is None
        or _version_of(identifier) != "5"
    ):
        return []
    expected = deterministic_id(value)
    if expected is None or expected == identifier:
        return []
    return should("deterministic-id", f"is not {expected}, which its properties make in the namespace of STIX", ".id")
