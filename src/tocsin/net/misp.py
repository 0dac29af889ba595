"""MISP servers: a feed folder with its manifest, and the REST interface. Bytes of one MISP file at a time come back, as served.

Feed folders: MISP core format, "manifest" (``manifest.json`` maps a UUID to a summary, each lies in ``<uuid>.json``). REST:
``events/restSearch`` with ``metadata`` lists what changed, ``events/view`` gives one whole, ``events/add`` and ``events/edit`` take one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

import orjson

from tocsin.net.http import Answer, Client
from tocsin.vocab.errors import InputError, Unreadable

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Listed:
    """What a server says of one entry before it is fetched: its UUID, when it last changed (seconds since 1970), its file's SHA-256."""

    uuid: str
    timestamp: int
    sha256: str | None = None


@dataclass(slots=True)
class MispFeed:
    """A feed folder at ``base``, served over HTTP by anything."""

    client: Client
    base: str

    def __post_init__(self) -> None:
        self.base = self.base.removesuffix("manifest.json").rstrip("/") + "/"

    def manifest(self) -> tuple[Listed, ...]:
        """Everything that the feed lists, oldest change first. Raises ``Unreadable`` for what is no manifest."""
        place = self.base + "manifest.json"
        found = _decoded(self.client.ask("GET", place, most_bytes=256 << 20), place)
        if not isinstance(found, dict):
            raise Unreadable(
                f"{place} is no MISP manifest (an object of UUIDs was expected); check the address of the feed."
            )
        listed = []
        for uuid, about in found.items():
            if not _UUID.fullmatch(uuid.lower()) or not isinstance(about, dict):
                raise Unreadable(
                    f"{place} lists {uuid[:60]!r}, which is no UUID with a summary; the feed must be mended."
                )
            listed.append(Listed(uuid.lower(), _seconds(about.get("timestamp"), place), _digest(about)))
        return tuple(sorted(listed, key=lambda one: (one.timestamp, one.uuid)))

    def fetch(self, listed: Listed) -> bytes:
        """The file of one entry. Raises ``Unreadable`` if its SHA-256 is not the one that the manifest promises."""
        place = f"{self.base}{listed.uuid}.json"
        body = self.client.ask("GET", place, most_bytes=512 << 20).body
        if listed.sha256 is not None and sha256(body).hexdigest() != listed.sha256:
            raise Unreadable(
                f"{place} is not the file that the manifest describes (its SHA-256 differs): it is not used."
            )
        return body


@dataclass(slots=True)
class MispServer:
    """The REST interface at ``base``. ``client`` carries the key (``Credentials(token=…, token_header="Authorization")``)."""

    client: Client
    base: str

    def __post_init__(self) -> None:
        self.base = self.base.rstrip("/") + "/"

    def changed_since(self, timestamp: int, *, limit: int = 500) -> Iterator[Listed]:
        """What changed at or after ``timestamp`` (seconds since 1970), published only, page by page.

        Raises ``Unreadable`` if the server's pages lead nowhere.
        """
        last: list[str] = []
        for page in range(1, MOST_PAGES):
            asked = {"metadata": True, "published": True, "timestamp": str(timestamp), "page": page, "limit": limit}
            found = [self._listed(one) for one in self._search(asked)]
            if found and [one.uuid for one in found] == last:
                raise Unreadable(f"{self.base} sends the same page again and again; it must be mended.")
            yield from found
            if len(found) < limit:
                return
            last = [one.uuid for one in found]
        raise Unreadable(f"{self.base} sends more than {MOST_PAGES} pages; narrow what is asked for.")

    def fetch(self, uuid: str) -> bytes:
        """One whole, with all that belongs to it."""
        return self._call("GET", f"events/view/{_uuid(uuid)}").body

    def put(self, uuid: str, body: bytes) -> bool:
        """Send one: added if the server does not have it, edited if it does; whether it was added.

        Raises ``Unreadable`` with the server's words if it refuses.
        """
        is_known = self._call("GET", f"events/view/{_uuid(uuid)}", accept=(404,)).status != 404
        self._call("POST", f"events/edit/{uuid}" if is_known else "events/add", body)
        return not is_known

    def _search(self, asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        place = "events/restSearch"
        found = _decoded(self._call("POST", place, orjson.dumps(asked)), self.base + place)
        rows = found.get("response") if isinstance(found, dict) else found
        if not isinstance(rows, list):
            raise Unreadable(f"{self.base}{place} does not answer as MISP does; check the address.")
        return [row["Event"] for row in rows if isinstance(row, dict) and isinstance(row.get("Event"), dict)]

    def _listed(self, one: Mapping[str, Any]) -> Listed:
        return Listed(_uuid(one.get("uuid")), _seconds(one.get("timestamp"), self.base))

    def _call(self, method: str, place: str, body: bytes | None = None, accept: tuple[int, ...] = ()) -> Answer:
        return self.client.ask(
            method, urljoin(self.base, place), headers=_JSON, body=body, accept=accept, most_bytes=512 << 20
        )


def _decoded(answer: Answer, place: str) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{place} does not answer with JSON ({error}); the address or the server is wrong.") from error


def _seconds(value: object, place: str) -> int:
    if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) < 13:
        return int(value)
    raise Unreadable(f"{place} gives the time {str(value)[:40]!r}, which is no number of seconds since 1970.")


def _digest(about: Mapping[str, Any]) -> str | None:
    said = about.get("integrity:sha256")
    return said.lower() if isinstance(said, str) and len(said) == 64 else None


def _uuid(value: object) -> str:
    if isinstance(value, str) and _UUID.fullmatch(value.lower()):
        return value.lower()
    raise InputError(f"{str(value)[:60]!r} is no UUID, so no MISP server is asked for it.")
