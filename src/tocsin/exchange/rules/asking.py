"""What a client asks of a collection: filters and paging of TAXII 2.1 §3.4 and §3.5 as a frozen value.

Order of evaluation, which the specification leaves open: what this client may see; then ``match[id]``, ``match[type]`` and
``match[spec_version]`` (by default the newest of each object); then ``match[version]`` (by default the last of each object);
then ``added_after`` and paging.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from tocsin.exchange.rules.refusals import bad_request
from tocsin.formats.taxii import micros_of

_LONGEST_VALUE = 20_000
_MOST_VALUES = 500
_ID = re.compile(r"[a-z][a-z0-9-]{0,248}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KIND = re.compile(r"[a-z][a-z0-9-]{0,249}")
_SPEC = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")
_LIMIT = re.compile(r"[0-9]{1,9}")


class Endpoint(StrEnum):
    """What can be asked for. The value stands in marks and in receipts."""

    MANIFEST = "manifest"
    OBJECTS = "objects"
    OBJECT = "object"
    VERSIONS = "versions"
    DELETE = "delete"


_MATCHES: dict[Endpoint, frozenset[str]] = {
    Endpoint.MANIFEST: frozenset({"id", "type", "version", "spec_version"}),
    Endpoint.OBJECTS: frozenset({"id", "type", "version", "spec_version"}),
    Endpoint.OBJECT: frozenset({"version", "spec_version"}),
    Endpoint.VERSIONS: frozenset({"spec_version"}),
    Endpoint.DELETE: frozenset({"version", "spec_version"}),
}


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions of an object: any of first, last and the named ones (microseconds since 1970), or all."""

    is_first: bool = False
    is_last: bool = False
    is_all: bool = False
    exact: tuple[int, ...] = ()


LAST = Versions(is_last=True)
ALL = Versions(is_all=True)


@dataclass(frozen=True, slots=True)
class Question:
    """Filters and paging. ``spec_versions`` empty: the newest of each object. ``added_after`` in microseconds since 1970."""

    endpoint: Endpoint
    limit: int
    added_after: int | None = None
    next: str | None = None
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    spec_versions: tuple[str, ...] = ()
    versions: Versions = LAST

    def digest(self) -> bytes:
        """Eight bytes that stand for everything but paging: a mark given for one question does not answer another.

        The limit is left out: the OASIS client lowers it while it follows marks, once it has seen a server's own limit.
        """
        return sha256(repr(replace(self, limit=0, next=None)).encode()).digest()[:8]

    def told(self) -> dict[str, object]:
        """The question as a receipt keeps it: only what was asked for."""
        named = {
            "added_after": self.added_after,
            "id": list(self.ids),
            "type": list(self.types),
            "spec_version": list(self.spec_versions),
            "version": _told(self.versions),
        }
        return {"endpoint": self.endpoint.value, "limit": self.limit} | {key: one for key, one in named.items() if one}


def read_question(
    pairs: Iterable[tuple[str, str]], endpoint: Endpoint, largest_page: int, object_id: str | None = None
) -> Question:
    """The question in the pairs of a query string. A larger limit than ``largest_page`` is lowered to it.

    Unknown parameters are passed over (§3.2), an unknown or malformed filter is refused: ignoring it would answer more than was asked.
    """
    given = _given(pairs, endpoint)
    is_listing = endpoint is Endpoint.VERSIONS
    return Question(
        endpoint=endpoint,
        limit=min(_limit(given.get("limit")), largest_page),
        added_after=_moment(given["added_after"], "added_after") if "added_after" in given else None,
        next=given.get("next"),
        ids=(object_id,) if object_id is not None else _values(given.get("match[id]"), _ID, "match[id]"),
        types=_values(given.get("match[type]"), _KIND, "match[type]"),
        spec_versions=_values(given.get("match[spec_version]"), _SPEC, "match[spec_version]"),
        versions=ALL if is_listing else _versions(given.get("match[version]"), _default(endpoint)),
    )


def _default(endpoint: Endpoint) -> Versions:
    """A deletion without a version takes the object away whole, or GET of it would find the version before."""
    return ALL if endpoint is Endpoint.DELETE else LAST


def _given(pairs: Iterable[tuple[str, str]], endpoint: Endpoint) -> dict[str, str]:
    known = {"limit", "added_after", "next"} | {f"match[{name}]" for name in _MATCHES[endpoint]}
    found: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("match[") and name not in known:
            bad_request(f"The filter {name[:40]!r} is not one of this endpoint.")
        if name not in known:
            continue
        if name in found:
            bad_request(f"{name} is given twice; give several values in one, with commas between them.")
        if len(value) > _LONGEST_VALUE:
            bad_request(f"{name} is longer than {_LONGEST_VALUE} characters.")
        found[name] = value
    return found


def _limit(text: str | None) -> int:
    if text is None:
        return 10**9
    if not _LIMIT.fullmatch(text) or int(text) == 0:
        bad_request("limit is a positive whole number.")
    return int(text)


def _values(text: str | None, pattern: re.Pattern[str], name: str) -> tuple[str, ...]:
    if text is None:
        return ()
    values = tuple(sorted({value.strip() for value in text.split(",")}))
    if len(values) > _MOST_VALUES:
        bad_request(f"{name} has more than {_MOST_VALUES} values.")
    for value in values:
        if not pattern.fullmatch(value):
            bad_request(f"{name} has a value that cannot be one: {value[:80]!r}.")
    return values


def _versions(text: str | None, default: Versions) -> Versions:
    if text is None:
        return default
    words: Sequence[str] = sorted({word.strip() for word in text.split(",")})
    if "all" in words and len(words) > 1:
        bad_request("match[version]=all stands alone.")
    if len(words) > _MOST_VALUES:
        bad_request(f"match[version] has more than {_MOST_VALUES} values.")
    exact = [_moment(word, "match[version]") for word in words if word not in ("first", "last", "all")]
    return Versions("first" in words, "last" in words, "all" in words, tuple(sorted(exact)))


def _moment(text: str, name: str) -> int:
    """RFC 3339 in UTC, with ``Z`` (§3.1.3). Finer digits than microseconds are cut off."""
    if not _MOMENT.fullmatch(text):
        bad_request(f"{name} is no time such as 2026-11-23T09:00:00.000000Z: {text[:40]!r}.")
    try:
        return micros_of(text)
    except (ValueError, OverflowError):
        bad_request(f"{name} is no time of the calendar: {text[:40]!r}.")


def _told(versions: Versions) -> list[object]:
    if versions == LAST:
        return []
    words = [("first", versions.is_first), ("last", versions.is_last), ("all", versions.is_all)]
    return [word for word, is_said in words if is_said] + list(versions.exact)
