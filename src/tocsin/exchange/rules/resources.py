"""TAXII resources as bytes (TAXII 2.1 §4 and §5). Lists are left out where they are empty (I-JSON; T11, T22, T25)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from tocsin.formats.taxii import MEDIA_TYPE, timestamp

STIX_MEDIA_TYPE = "application/stix+json;version="


class Served(Protocol):
    """A page that left, as its receipt tells it."""

    @property
    def uid(self) -> UUID: ...  # noqa: D102 (as in the receipt)

    @property
    def client(self) -> str: ...  # noqa: D102 (as in the receipt)

    @property
    def collection(self) -> UUID: ...  # noqa: D102 (as in the receipt)

    @property
    def at(self) -> datetime: ...  # noqa: D102 (as in the receipt)

    @property
    def question(self) -> Mapping[str, Any]: ...  # noqa: D102 (as in the receipt)

    @property
    def count(self) -> int: ...  # noqa: D102 (as in the receipt)

    @property
    def first_added_us(self) -> int: ...  # noqa: D102 (as in the receipt)

    @property
    def last_added_us(self) -> int: ...  # noqa: D102 (as in the receipt)

    @property
    def digest(self) -> str: ...  # noqa: D102 (as in the receipt)

    @property
    def clauses(self) -> Mapping[str, int]: ...  # noqa: D102 (as in the receipt)

    @property
    def ledger_number(self) -> int | None: ...  # noqa: D102 (as in the receipt)


def dumps(told: Any) -> bytes:
    """JSON as all our resources write it."""
    return orjson.dumps(told)


def receipt(served: Served) -> dict[str, Any]:
    """A receipt as the partner may keep it (``docs/use/taxii.md``)."""
    return {
        "id": str(served.uid),
        "client": served.client,
        "collection": str(served.collection),
        "served_at": served.at.isoformat().replace("+00:00", "Z"),
        "question": dict(served.question),
        "count": served.count,
        "date_added_first": timestamp(served.first_added_us),
        "date_added_last": timestamp(served.last_added_us),
        "body_sha256": served.digest,
        "clauses": dict(served.clauses),
        "ledger_number": served.ledger_number,
    }


def discovery(title: str, description: str, contact: str, roots: Sequence[str]) -> bytes:
    """Where a client may go; the default is the first, for it must be one of them (T20)."""
    told: dict[str, Any] = {"title": title}
    told |= {key: value for key, value in (("description", description), ("contact", contact)) if value}
    if roots:
        told |= {"default": roots[0], "api_roots": list(roots)}
    return orjson.dumps(told)


def api_root(title: str, description: str, max_content_length: int) -> bytes:
    """What an API root speaks, and the longest body that it takes (T21)."""
    told: dict[str, Any] = {"title": title, "versions": [MEDIA_TYPE], "max_content_length": max_content_length}
    return orjson.dumps(told | ({"description": description} if description else {}))


def collection(
    *, uid: UUID, title: str, description: str, alias: str, can_read: bool, can_write: bool
) -> dict[str, Any]:
    """One collection as this client may use it (T23)."""
    told: dict[str, Any] = {"id": str(uid), "title": title, "can_read": can_read, "can_write": can_write}
    told |= {key: value for key, value in (("description", description), ("alias", alias)) if value}
    return told | {"media_types": [f"{STIX_MEDIA_TYPE}2.1"]}


def collections(found: Sequence[Mapping[str, Any]]) -> bytes:
    """The collections of an API root; ``{}`` if there are none (T22)."""
    return orjson.dumps({"collections": list(found)} if found else {})


def version_text(version_us: int) -> str:
    """A version as STIX writes times: three digits where they say everything, else six."""
    text = timestamp(version_us)
    return text[:-4] + "Z" if version_us % 1000 == 0 else text


def manifest(rows: Iterable[tuple[str, int, int, str]], next_mark: str | None) -> bytes:
    """Rows of (STIX id, date added, version, spec version) as a manifest (T24)."""
    told = [
        {
            "id": stix_id,
            "date_added": timestamp(added),
            "version": version_text(version),
            "media_type": STIX_MEDIA_TYPE + spec,
        }
        for stix_id, added, version, spec in rows
    ]
    return _page("objects", told, next_mark)


def versions(found: Iterable[int], next_mark: str | None) -> bytes:
    """Versions of one object, oldest date added first (T26)."""
    return _page("versions", [version_text(version) for version in found], next_mark)


def _page(key: str, told: list[Any], next_mark: str | None) -> bytes:
    head: dict[str, Any] = {"more": True, "next": next_mark} if next_mark else {}
    return orjson.dumps(head | ({key: told} if told else {}))


def status(
    uid: UUID,
    requested_us: int,
    successes: Sequence[Mapping[str, str]],
    failures: Sequence[Mapping[str, str]],
) -> bytes:
    """What became of a request to add objects; ours are complete when they are answered (T27)."""
    told: dict[str, Any] = {
        "id": str(uid),
        "status": "complete",
        "request_timestamp": timestamp(requested_us),
        "total_count": len(successes) + len(failures),
        "success_count": len(successes),
        "failure_count": len(failures),
        "pending_count": 0,
    }
    told |= {key: list(value) for key, value in (("successes", successes), ("failures", failures)) if value}
    return orjson.dumps(told)
