"""The fields of each kind of entry: what is written becomes a value, or a reason why not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Network, ip_network
from typing import Any

from tocsin.constituency.rules.declaration import Kind
from tocsin.text import normal

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_PHONE = re.compile(r"[+0-9][0-9 ()./-]{2,39}", re.ASCII)
_ASN = re.compile(r"(?:AS)?(\d{1,10})", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
ROLES = ("24/7", "ciso", "abuse", "legal")
LANGUAGES = ("en", "ur")
REGISTRIES = ("afrinic", "apnic", "arin", "lacnic", "ripencc")


def slug(text: str) -> str:
    """A name for addresses of pages: lower-case letters, digits and single hyphens."""
    if len(text) > 80 or not _SLUG.fullmatch(text):
        raise ValueError(
            f"{text[:80]!r} is no slug: at most 80 lower-case letters, digits and single hyphens between them"
        )
    return text


def words(text: str) -> str:
    """One line of at most 200 characters in any language."""
    if len(text) > 200:
        raise ValueError("longer than 200 characters")
    if _CONTROL.search(text):
        raise ValueError("a name is one line without control characters")
    return " ".join(text.split())


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text[:40]!r} is none of {', '.join(choices)}")
        return text

    return read


def cidr(text: str) -> str:
    """A network; one address is a network of that address. Bits after the prefix are refused, because they are a slip."""
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"{error}; write it like 198.18.0.0/24 or 2001:db8::/48") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise ValueError(f"{text} is IPv4 in the clothes of IPv6; write it as IPv4")
    return str(network)


def asn(text: str) -> int:
    """An autonomous system number, with or without ``AS`` (RFC 5396 asplain)."""
    found = _ASN.fullmatch(text)
    if not found or not 0 < int(found[1]) < 2**32:
        raise ValueError(f"{text[:40]!r} is no autonomous system number: 1 to 4294967295 is meant")
    return int(found[1])


def moment(text: str) -> datetime:
    """A day (its midnight in UTC) or a time with its zone."""
    if _DAY.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time: write 2026-11-23 or 2026-11-23T12:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no zone: add Z for UTC, or an offset such as +05:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is out of all time") from None


def truth(text: str) -> bool:
    """True or false."""
    if text.lower() not in _TRUTH:
        raise ValueError(f"{text[:40]!r} is neither true nor false")
    return _TRUTH[text.lower()]


def email(text: str) -> str:
    """A mail address of at most 254 characters (RFC 5321 §4.5.3.1)."""
    if len(text) > 254:
        raise ValueError("longer than 254 characters")
    return normal.email(text)


def phone(text: str) -> str:
    """A telephone number as people write it."""
    if not _PHONE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no telephone number")
    return text


def opaque(text: str) -> str:
    """An id that means nothing to us."""
    if not 0 < len(text) <= 100 or not text.isprintable():
        raise ValueError("an opaque id has 1 to 100 printable characters")
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read, and what it is where it is not stated (``is_needed``: it must be)."""

    read: Callable[[str], Any]
    default: Any = None
    is_needed: bool = False


_VALIDITY = {"valid_from": Field(moment), "valid_until": Field(moment)}
_NAMED = {"slug": Field(slug, is_needed=True), "name_en": Field(words, is_needed=True), "name_ur": Field(words, "")}
_OWNED = {"organisation": Field(slug, is_needed=True)}

#: Every kind's fields. The names are the same in YAML and in CSV.
FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    Kind.SECTOR: _NAMED,
    Kind.PROVINCE: _NAMED,
    Kind.ORGANISATION: {
        **_NAMED,
        "sector": Field(slug),
        "province": Field(slug),
        "parent": Field(slug),
        "is_provider": Field(truth, False),
        "is_active": Field(truth, True),
    },
    Kind.CONTACT: {
        **_OWNED,
        "role": Field(one_of(*ROLES), is_needed=True),
        "name": Field(words, ""),
        "email": Field(email, ""),
        "phone": Field(phone, ""),
        "language": Field(one_of(*LANGUAGES), "en"),
        "is_active": Field(truth, True),
    },
    Kind.NETWORK: {**_OWNED, "cidr": Field(cidr, is_needed=True), "asn": Field(asn), **_VALIDITY},
    Kind.AUTONOMOUS_SYSTEM: {**_OWNED, "asn": Field(asn, is_needed=True), **_VALIDITY},
    Kind.DOMAIN: {**_OWNED, "name": Field(normal.domain, is_needed=True), **_VALIDITY},
    Kind.REGISTRY_ID: {
        **_OWNED,
        "registry": Field(one_of(*REGISTRIES), is_needed=True),
        "opaque_id": Field(opaque, is_needed=True),
        **_VALIDITY,
    },
}


def read_fields(kind: Kind, given: Mapping[str, str | None]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The values of an entry's fields, and (field, reason) of all that is wrong. An empty or absent field is not stated."""
    values: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, column in FIELDS[kind].items():
        text = (given.get(name) or "").strip()
        if not text:
            values[name] = column.default
            if column.is_needed:
                wrong.append((name, f"{kind.one} needs {name}"))
            continue
        try:
            values[name] = column.read(text)
        except ValueError as error:
            wrong.append((name, f"{name}: {error}"))
    if not wrong:
        wrong += _whole(kind, values)
    return values, wrong


def _whole(kind: Kind, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with fields that are each right."""
    begins, ends = values.get("valid_from"), values.get("valid_until")
    if begins and ends and ends <= begins:
        return [("valid_until", "valid_until is not after valid_from")]
    if kind is Kind.CONTACT and not (values["email"] or values["phone"]):
        return [("role", "a contact needs an email or a phone")]
    return []
