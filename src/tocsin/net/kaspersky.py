"""Kaspersky's data feeds: catalogue, newest update, packages. The client's certificate is what opens the door.

Layout as public clients of the service use it: ``GET …/api/v1.0/feeds`` lists feeds with the address of their updates; an update has
packages; a package is a zip file whose name stands in ``Content-Disposition``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson

from tocsin.net.http import Client, Fetched
from tocsin.vocab.errors import NotFound, Unreadable

_NAME = re.compile(r"filename=\"?([A-Za-z0-9][A-Za-z0-9._&-]{0,180})\"?", re.ASCII)
_JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Package:
    """One file of an update: its address, and its size in bytes if the server says it."""

    link: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Update:
    """One version of a feed. Versions are as the server writes them and are compared for equality only."""

    version: str
    packages: tuple[Package, ...]


@dataclass(slots=True)
class KasperskyFeeds:
    """The service at ``catalogue`` (the address that lists all feeds). ``client`` carries the certificate."""

    client: Client
    catalogue: str

    def feeds(self) -> Mapping[str, str]:
        """Name of each feed that the certificate is entitled to, and the address of its updates."""
        found: dict[str, str] = {}
        for one in _list(self._get(self.catalogue), self.catalogue):
            updates = one.get("updates")
            href = updates.get("href") if isinstance(updates, dict) else None
            if isinstance(one.get("name"), str) and isinstance(href, str):
                found[one["name"]] = self._here(href)
        return found

    def newest(self, feed: str) -> Update:
        """The newest update of a feed. Raises ``NotFound`` with the names that there are, ``Unreadable`` for an empty list."""
        offered = self.feeds()
        if feed not in offered:
            raise NotFound(
                f"{self.catalogue} offers no feed {feed!r} to us; it offers: {', '.join(sorted(offered)) or 'none'}."
            )
        place = offered[feed]
        body = self._get(place)
        listed = _list(body.get("updates") if isinstance(body, dict) else None, place)
        if not listed:
            raise Unreadable(f"{place} lists no update; try again when the feed has one.")
        newest = max(listed, key=lambda one: str(one.get("version", "")))
        packages = [one for one in _list(newest.get("packages"), place) if isinstance(one.get("link"), str)]
        sizes = (one.get("size") for one in packages)
        return Update(
            str(newest.get("version", "")),
            tuple(
                Package(self._here(one["link"]), size if type(size) is int and size >= 0 else None)
                for one, size in zip(packages, sizes, strict=True)
            ),
        )

    def download(self, package: Package, folder: Path) -> tuple[str, Fetched]:
        """The package's zip in ``folder`` under a name of our own making, and the name that the server gave it.

        Raises ``Unreadable`` if it is not as long as the server said.
        """
        got = self.client.fetch(package.link, folder / "package.zip")
        if package.size is not None and got.size != package.size:
            raise Unreadable(
                f"{package.link} sent {got.size} bytes and had promised {package.size}: nothing of it is used; try again later."
            )
        said = _NAME.search(got.headers.get("content-disposition", ""))
        return (said[1] if said else Path(urlsplit(package.link).path).name or "package.zip"), got

    def _get(self, place: str) -> Any:
        answer = self.client.ask("GET", place, headers=_JSON, most_bytes=16 << 20)
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise Unreadable(
                f"{place} does not answer with JSON ({error}); the address or the server is wrong."
            ) from error

    def _here(self, href: str) -> str:
        """An address that the service names; only on its own host, because the certificate is shown there."""
        target = urljoin(self.catalogue, href)
        if urlsplit(target)[:2] != urlsplit(self.catalogue)[:2]:
            raise Unreadable(
                f"{self.catalogue} points to another host ({target[:200]}); our certificate is not shown there."
            )
        return target


def _list(value: Any, place: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise Unreadable(f"{place} does not answer with the list that was expected; the address is wrong.")
    return [one for one in value if isinstance(one, dict)]
