"""Kinds of values (STIX 2.1 §2): a kind is a function that says what is wrong with a value, and ``None`` for nothing.

They are closures made once for every property of the specification: what is right, which is nearly everything, costs one or two
calls and makes nothing new.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from tocsin.formats.stix.check.found import Found, Problem, kind_of, must, should, shown, step, under

Kind = Callable[[Any], Found]
#: A rule about a whole structure; with several to tell it gives several.
Rule = Callable[[Mapping[str, Any]], Found]

#: Integers that every reader of JSON reads alike (§2.7; RFC 7493 §2.2).
LARGEST = (1 << 53) - 1

_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
_IDENTIFIER = re.compile(rf"([a-z][a-z0-9-]+[a-z0-9])--{_UUID}")
EXTENSION_KEY = re.compile(rf"extension-definition--{_UUID}")
#: A real calendar date: the days of each month, and 29 February looked at apart.
_TIMESTAMP = re.compile(
    r"(\d{4})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]|(29)))"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(\.\d+)?Z",
    re.ASCII,
)
_BASE64 = re.compile(r"(?=.)(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?")
_HEX = re.compile(r"(?:[a-fA-F0-9]{2})++")
_KEY = re.compile(r"[a-zA-Z0-9_-]{0,250}")
_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_URL = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:"
    rf"(?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*+@)?"
    rf"(?:\[[0-9A-Fa-f:.vV]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})*+)(?::\d*+)?(?:/{_PCHAR}*+)*+"
    rf"|/(?:{_PCHAR}++(?:/{_PCHAR}*+)*+)?|{_PCHAR}++(?:/{_PCHAR}*+)*+)?"
    rf"(?:\?(?:{_PCHAR}|[/?])*+)?(?:\#(?:{_PCHAR}|[/?])*+)?"
)
_HASHES = {
    "MD5": re.compile(r"[a-fA-F0-9]{32}"),
    "SHA-1": re.compile(r"[a-fA-F0-9]{40}"),
    "SHA-256": re.compile(r"[a-fA-F0-9]{64}"),
    "SHA-512": re.compile(r"[a-fA-F0-9]{128}"),
    "SHA3-256": re.compile(r"[a-fA-F0-9]{64}"),
    "SHA3-512": re.compile(r"[a-fA-F0-9]{128}"),
    "SSDEEP": re.compile(r"[a-zA-Z0-9/+:.]{1,150}"),
    "TLSH": re.compile(r"(?:T1)?[a-fA-F0-9]{70}"),
}
_HASH_NAME = re.compile(r"[a-zA-Z0-9_-]{3,250}")
_DIGIT = re.compile(r"[0-9]{1,3}")


def text(value: Any) -> Found:
    """Any text."""
    return None if type(value) is str else must(f"must be text, not {kind_of(value)}")


def boolean(value: Any) -> Found:
    """``true`` or ``false``, not a word for it."""
    return None if type(value) is bool else must(f"must be true or false, not {shown(value)}")


def integer(least: int = -LARGEST, most: int = LARGEST) -> Kind:
    """A whole number between two others, both included."""

    def check(value: Any) -> Found:
        if type(value) is int and least <= value <= most:
            return None
        if type(value) is float and value.is_integer() and least <= value <= most:
            return None
        if type(value) not in (int, float):
            return must(f"must be a whole number, not {kind_of(value)}")
        if type(value) is float and not value.is_integer():
            return must(f"must be a whole number, not {value}")
        if abs(value) > LARGEST:
            return must(f"must be a whole number of at most 53 bits, not {shown(value)}")
        return must(f"must be between {least} and {most}, not {value}")

    return check


def number(least: float | None = None, most: float | None = None) -> Kind:
    """Any number, between two others if they are given."""

    def check(value: Any) -> Found:
        if type(value) is not int and type(value) is not float:
            return must(f"must be a number, not {kind_of(value)}")
        if value != value or (least is not None and value < least) or (most is not None and value > most):
            return must(f"must be between {least} and {most}, not {value}")
        return None

    return check


@lru_cache(maxsize=1 << 14)
def _timestamp_problem(value: str) -> str | None:
    found = _TIMESTAMP.fullmatch(value)
    if not found:
        return "must be a real date and time as 2016-01-20T12:31:12.123Z (RFC 3339, UTC)"
    year = int(found[1])
    if found[2] and (year % 4 or (not year % 100 and year % 400)):
        return "must be a real date: that year had no 29 February"
    return None


def timestamp(value: Any) -> Found:
    """A time in UTC on a day that exists (§2.16)."""
    if type(value) is not str:
        return must(f"must be a timestamp, not {kind_of(value)}")
    reason = _timestamp_problem(value)
    return None if reason is None else must(f"{reason}, not {shown(value)}")


def exact_timestamp(value: Any) -> Found:
    """As :func:`timestamp`, at least to the millisecond (``created`` and ``modified``, §3.2)."""
    found = timestamp(value)
    if found is None and (len(value) < 24 or value[19] != "."):
        return must(f"must be precise to the millisecond, as 2016-01-20T12:31:12.123Z, not {shown(value)}")
    return found


def whole_second(value: Any) -> Found:
    """As :func:`timestamp`, with no fraction of a second."""
    found = timestamp(value)
    return must(f"must have no fraction of a second, not {shown(value)}") if found is None and "." in value else found


def order_of(value: str) -> str:
    """A key by which valid timestamps of any precision are put in order."""
    return value[:-1].rstrip("0").rstrip(".") if "." in value else value[:-1]


def is_before(first: Any, second: Any) -> bool | None:
    """Whether one timestamp lies before another; ``None`` if they are equal, or if one is no timestamp (told elsewhere)."""
    if type(first) is not str or type(second) is not str or first == second:
        return None
    if _timestamp_problem(first) or _timestamp_problem(second):
        return None
    one, other = order_of(first), order_of(second)
    return None if one == other else one[:19] < other[:19] or (one[:19] == other[:19] and one < other)


@lru_cache(maxsize=1 << 14)
def type_of(identifier: str) -> str | None:
    """The type that a well-formed identifier begins with (§2.9)."""
    found = _IDENTIFIER.fullmatch(identifier)
    return found[1] if found and "--" not in found[1] else None


def identifier(value: Any) -> Found:
    """``type--UUID``, of any type; the UUID as RFC 4122 has them (version 1 to 5)."""
    if type(value) is not str:
        return must(f"must be an identifier, not {kind_of(value)}")
    return None if type_of(value) else must(f"must be an identifier, type--UUID (RFC 4122), not {shown(value)}")


def reference(*types: str) -> Kind:
    """An identifier of an object of one of these types."""
    wanted = frozenset(types)
    said = " or ".join(types)

    def check(value: Any) -> Found:
        if type(value) is not str:
            return must(f"must be an identifier, not {kind_of(value)}")
        named = type_of(value)
        if named is None:
            return must(f"must be an identifier, type--UUID (RFC 4122), not {shown(value)}")
        return None if named in wanted else must(f"must refer to {said}, not to {named}")

    return check


def observable_reference(*types: str) -> Kind:
    """As :func:`reference`, between observables: a UUID that is none is worth a word only, for the committee's own examples have such."""
    exact, wanted = reference(*types), frozenset(types)

    def check(value: Any) -> Found:
        found = exact(value)
        if found and type(value) is str and value.partition("--")[0] in wanted and type_of(value) is None:
            return should(
                "observable-references", f"should be an identifier, type--UUID (RFC 4122), not {shown(value)}"
            )
        return found

    return check


def reference_except(*types: str) -> Kind:
    """An identifier of an object of any type but these."""
    unwanted = frozenset(types)

    def check(value: Any) -> Found:
        found = identifier(value)
        if found is None and type_of(value) in unwanted:
            return must(f"must not refer to {type_of(value)}")
        return found

    return check


def listed(kind: Kind) -> Kind:
    """A list of values of a kind: never empty (§2.10)."""

    def check(value: Any) -> Found:
        if type(value) is not list:
            return must(f"must be a list, not {kind_of(value)}")
        if not value:
            return must("must not be an empty list: leave the property out")
        problems: list[Problem] | None = None
        for index, item in enumerate(value):
            found = kind(item)
            if found:
                problems = (problems or []) + under(f"[{index}]", found)
        return problems

    return check


def dictionary(kind: Kind | None = None, keys: re.Pattern[str] = _KEY, said: str = "a-z, A-Z, 0-9, _ and -") -> Kind:
    """A dictionary (§2.4) that is not empty, of values of a kind."""

    def check(value: Any) -> Found:
        if type(value) is not dict:
            return must(f"must be an object, not {kind_of(value)}")
        if not value:
            return must("must not be an empty object: leave the property out")
        problems: list[Problem] = []
        for key, item in value.items():
            if not keys.fullmatch(key):
                problems += must(f"a key must have only {said}, and at most 250 of them", step(key))
            found = (kind or anything)(item)
            if found:
                problems += under(step(key), found)
        return problems or None

    return check


def anything(value: Any) -> Found:
    """Any value but ``null`` and an empty list."""
    if value is None:
        return must("must not be null: leave the property out")
    return must("must not be an empty list: leave the property out") if value == [] and type(value) is list else None


def one_of(*values: str) -> Kind:
    """One of a closed set of words (an enumeration)."""
    wanted = frozenset(values)

    def check(value: Any) -> Found:
        if type(value) is str and value in wanted:
            return None
        return must(f"must be one of {', '.join(values)}, not {shown(value)}")

    return check


def exactly(word: str) -> Kind:
    """This word and no other."""

    def check(value: Any) -> Found:
        return None if value == word else must(f"must be {word!r}, not {shown(value)}")

    return check


def vocabulary(check_name: str, words: Iterable[str], *, has_format: bool = True) -> Kind:
    """A word that SHOULD come from an open vocabulary (§10), and SHOULD be written in lower case with hyphens (§2.12)."""
    known = frozenset(words)

    def check(value: Any) -> Found:
        if type(value) is not str:
            return must(f"must be text, not {kind_of(value)}")
        if value in known:
            return None
        found = should(check_name, f"{shown(value)} is not one of the words that the specification suggests")
        if has_format and (not value.islower() or "_" in value or " " in value):
            found += should("open-vocab-format", "should be in lower case, with hyphens between words")
        return found

    return check


def matching(pattern: str, said: str) -> Kind:
    """Text of one form; ``said`` completes "must be …"."""
    form = re.compile(pattern)

    def check(value: Any) -> Found:
        if type(value) is not str:
            return must(f"must be text, not {kind_of(value)}")
        return None if form.fullmatch(value) else must(f"must be {said}, not {shown(value)}")

    return check


def hexadecimal(value: Any) -> Found:
    """Pairs of hexadecimal digits (§2.8)."""
    if type(value) is str and _HEX.fullmatch(value):
        return None
    return must(f"must be an even number of hexadecimal digits, not {shown(value)}")


def binary(value: Any) -> Found:
    """Base64 with its padding (§2.1)."""
    return (
        None
        if type(value) is str and _BASE64.fullmatch(value)
        else must(f"must be base64 (RFC 4648), not {shown(value)}")
    )


def url(value: Any) -> Found:
    """A URL as RFC 3986 writes it: with a scheme, and with nothing in it that would have to be escaped."""
    return (
        None if type(value) is str and _URL.fullmatch(value) else must(f"must be a URL (RFC 3986), not {shown(value)}")
    )


def hashes(value: Any) -> Found:
    """Algorithm -> digest (§2.7). A known algorithm has digests of one length; others SHOULD begin with ``x_``."""
    if type(value) is not dict:
        return must(f"must be an object, not {kind_of(value)}")
    if not value:
        return must("must not be an empty object: leave the property out")
    problems: list[Problem] = []
    for name, digest in value.items():
        problems += _hash(name, digest)
    return problems or None


def _hash(name: str, digest: Any) -> list[Problem]:
    form = _HASHES.get(name)
    if type(digest) is not str:
        return must(f"must be text, not {kind_of(digest)}", step(name))
    if form is not None:
        return [] if form.fullmatch(digest) else must(f"must be a digest of {name}, not {shown(digest)}", step(name))
    if not _HASH_NAME.fullmatch(name):
        return must("the name of an algorithm must have 3 to 250 of a-z, A-Z, 0-9, _ and -", step(name))
    problems = (
        [] if len(name) <= 30 else should("hash-length", "should have a name of at most 30 characters", step(name))
    )
    if not name.startswith("x_"):
        problems += should("hash-algo", "is not one of the algorithms that the specification suggests", step(name))
    return problems


def structure(
    properties: Mapping[str, Kind],
    required: Iterable[str] = (),
    rules: Iterable[Rule] = (),
    unknown: Callable[[str, Any], Found] | None = None,
) -> Kind:
    """An object inside an object. ``unknown`` judges properties that the specification does not have there."""
    needed, all_rules = tuple(required), tuple(rules)

    def check(value: Any) -> Found:
        if type(value) is not dict:
            return must(f"must be an object, not {kind_of(value)}")
        problems: list[Problem] = []
        for key, item in value.items():
            kind = properties.get(key)
            found = kind(item) if kind else unknown(key, item) if unknown else None
            if found:
                problems += under(step(key), found)
        for key in needed:
            if key not in value:
                problems += must("is missing", step(key))
        for rule in all_rules:
            found = rule(value)
            if found:
                problems += found
        return problems or None

    return check


def any_of(*names: str) -> Rule:
    """At least one of these properties is there."""
    wanted = frozenset(names)
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

    def check(value: Mapping[str, Any]) -> Found:
        return must(f"must have {said}") if wanted.isdisjoint(value) else None

    return check


def in_order(earlier: str, later: str, *, may_be_equal: bool = True) -> Rule:
    """One time is not before another (or is after it)."""

    def check(value: Mapping[str, Any]) -> Found:
        first, second = value.get(earlier), value.get(later)
        if first is None or second is None:
            return None
        if is_before(second, first):
            return must(f"must not be before {earlier} ({first})", step(later))
        if (
            not may_be_equal
            and is_before(first, second) is None
            and timestamp(first) is None
            and timestamp(second) is None
        ):
            return must(f"must be after {earlier} ({first})", step(later))
        return None

    return check


def ipv4(value: Any) -> Found:
    """An IPv4 address or network in CIDR notation, without leading zeros."""
    return _address(value, ipaddress.IPv4Interface, "an IPv4 address or network (CIDR)")


def ipv6(value: Any) -> Found:
    """An IPv6 address or network in CIDR notation."""
    return _address(value, ipaddress.IPv6Interface, "an IPv6 address or network (CIDR)")


def _address(value: Any, read: Callable[[str], Any], said: str) -> Found:
    try:
        if type(value) is str and "%" not in value:
            address, slash, prefix = value.partition("/")
            read(address)
            if not slash or (_DIGIT.fullmatch(prefix) and str(int(prefix)) == prefix and read(value)):
                return None
    except ValueError:
        pass
    return must(f"must be {said}, not {shown(value)}")
