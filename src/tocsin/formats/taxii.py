"""TAXII 2.1 resources as bytes and as words: envelopes, manifests, statuses, collections. Used by both ends of the wire.

Layout: OASIS TAXII 2.1, 10 June 2021. Objects are never decoded on their way: an envelope's objects are exact slices of its bytes,
and an envelope is put together from stored bytes. Readers are lenient where servers in the wild are (a missing ``more``, an empty
list, unknown properties); what is wrong is one sentence.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from tocsin.formats.json_values import Path, walk
from tocsin.formats.times import iso_time
from tocsin.vocab.errors import Unreadable

MEDIA_TYPE = "application/taxii+json;version=2.1"

_TEXT = re.compile(r"[ -~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A page of objects: their exact bytes, whether there is more, and the server's own mark of where to go on."""

    objects: tuple[bytes, ...]
    more: bool = False
    next: str | None = None


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """One version of one object as a server lists it. ``version`` and ``date_added`` are as the server writes them."""

    id: str
    version: str
    date_added: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A page of a collection's list of versions."""

    records: tuple[ManifestRecord, ...]
    more: bool = False
    next: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedCollection:
    """A collection as a server offers it to us."""

    id: str
    title: str
    can_read: bool
    can_write: bool
    alias: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ApiRoot:
    """Where collections lie, and the largest body in bytes that may be sent there."""

    title: str
    max_content_length: int
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a request to add objects. ``failures`` are (object id, what the server says)."""

    id: str
    is_complete: bool
    total: int
    succeeded: int
    failed: int
    pending: int
    failures: tuple[tuple[str, str], ...] = ()


def written(objects: Iterable[bytes], *, more: bool = False, next_mark: str | None = None) -> bytes:
    """An envelope around objects that are bytes already; ``{}`` for none (T25: list properties are never empty)."""
    head = {"more": True} if more else {}
    if next_mark:
        head["next"] = next_mark  # type: ignore[assignment]
    start = orjson.dumps(head)
    inside = b",".join(objects)
    if not inside:
        return start
    return start[:-1] + (b"," if head else b"") + b'"objects":[' + inside + b"]}"


def read_envelope(body: bytes, place: str) -> Envelope:
    """The objects of an envelope as exact slices of ``body``; a bundle, as some servers send it, is read alike.

    Raises ``Unreadable`` naming ``place`` for anything that is no envelope.
    """
    objects: list[bytes] = []
    root: dict[str, bytes] = {}
    for piece in walk(io.BytesIO(body), place, _wanted):
        if piece.problem:
            raise Unreadable(f"{place} sends an object that cannot be kept: {piece.problem}.")
        if piece.path == ("objects", None):
            objects.append(piece.raw)
        elif len(piece.path) == 1 and piece.path[0] is not None:
            root[piece.path[0]] = piece.raw
        else:
            raise Unreadable(f"{place} does not send a TAXII envelope (its outermost value is no object).")
    mark = _scalar(root.get("next"))
    if mark is not None and not (isinstance(mark, str) and _TEXT.fullmatch(mark)):
        raise Unreadable(f"{place} sends a mark for the next page that is no plain text; the server must be mended.")
    return Envelope(tuple(objects), _scalar(root.get("more")) is True, mark)


def read_manifest(body: bytes, place: str) -> Manifest:
    """A page of a manifest. Raises ``Unreadable`` for anything else."""
    found = _mapping(body, place)
    records = []
    for one in _list(found.get("objects")):
        if not isinstance(one.get("id"), str):
            raise Unreadable(f"{place} lists an object without an id; the server must be mended.")
        records.append(ManifestRecord(one["id"], str(one.get("version", "")), str(one.get("date_added", ""))))
    mark = found.get("next")
    return Manifest(tuple(records), found.get("more") is True, mark if isinstance(mark, str) else None)


def read_collections(body: bytes, place: str) -> tuple[OfferedCollection, ...]:
    """The collections of an API root that this client may know of; none if the key is missing (T22)."""
    return tuple(_collection(one, place) for one in _list(_mapping(body, place).get("collections")))


def _collection(one: Mapping[str, Any], place: str) -> OfferedCollection:
    if not isinstance(one.get("id"), str):
        raise Unreadable(f"{place} lists a collection without an id; the server must be mended.")
    return OfferedCollection(
        one["id"],
        str(one.get("title", one["id"])),
        one.get("can_read") is True,
        one.get("can_write") is True,
        one["alias"] if isinstance(one.get("alias"), str) else None,
        one["description"] if isinstance(one.get("description"), str) else None,
    )


def read_discovery(body: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    """The default API root (the first if none is named) and all of them, as written: absolute or relative addresses."""
    found = _mapping(body, place)
    roots = tuple(root for root in found.get("api_roots") or () if isinstance(root, str))
    default = found.get("default")
    if isinstance(default, str):
        return default, roots or (default,)
    if not roots:
        raise Unreadable(f"{place} names no API root: ask the partner for its address and name it.")
    return roots[0], roots


def read_api_root(body: bytes, place: str) -> ApiRoot:
    """What an API root says of itself. A missing or impossible length counts as 1 MiB."""
    found = _mapping(body, place)
    length = found.get("max_content_length")
    versions = tuple(str(one) for one in found.get("versions") or () if isinstance(one, str))
    return ApiRoot(str(found.get("title", place)), length if type(length) is int and length > 0 else 1 << 20, versions)


def read_status(body: bytes, place: str) -> Status:
    """What became of objects that were sent."""
    found = _mapping(body, place)
    if not isinstance(found.get("id"), str):
        raise Unreadable(f"{place} does not answer with a TAXII status; nothing is known of what was sent.")
    succeeded, failed, pending = (
        _count(found.get(f"{word}_count"), found.get(f"{words}"))
        for word, words in (("success", "successes"), ("failure", "failures"), ("pending", "pendings"))
    )
    failures = tuple(
        (str(one.get("id", "")), str(one.get("message", "no reason given"))[:500])
        for one in _list(found.get("failures"))
    )
    total = _count(found.get("total_count"), None) or succeeded + failed + pending
    return Status(found["id"], found.get("status") == "complete", total, succeeded, failed, pending, failures)


def read_error(body: bytes) -> str:
    """What an error resource says, in one line of at most 300 characters; empty for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(found, dict):
        return ""
    said = ": ".join(str(found[key]) for key in ("title", "description") if isinstance(found.get(key), str))
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:300]


def timestamp(micros: int) -> str:
    """Microseconds since 1970 as TAXII writes times: RFC 3339, UTC, six digits (T10)."""
    whole, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def micros_of(text: str) -> int:
    """A TAXII or STIX time as microseconds since 1970. Raises ``ValueError`` with a reason."""
    moment = iso_time(text)
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 1_000_000 + moment.microsecond


def _wanted(path: Path, first: bytes) -> bool:
    if not path:
        return first != b"{"
    return len(path) != 1 or path[0] != "objects" or first != b"["


def _scalar(raw: bytes | None) -> Any:
    try:
        return None if raw is None else orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _mapping(body: bytes, place: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{place} does not answer with JSON ({error}); the address or the server is wrong.") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{place} does not answer with a TAXII resource; the address or the server is wrong.")
    return found


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count(value: object, listed: object) -> int:
    if type(value) is int and value >= 0:
        return value
    return len(listed) if isinstance(listed, list) else 0
