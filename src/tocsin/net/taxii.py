"""A TAXII 2.1 client: discovery, collections, pages of objects and manifests, adding objects.

It forgives what servers in the wild do otherwise: no ``next`` with ``more`` (T33: it goes on from ``X-TAXII-Date-Added-Last``), 404 for a
collection without objects (Kaspersky's), a media type without version, relative API roots, a bundle in place of an envelope. It does not
forgive what would lose or repeat objects without end: a page that leads back to where it came from is one clear error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin, urlsplit

from tocsin.formats import taxii
from tocsin.net.http import Answer, Client
from tocsin.vocab.errors import InputError, NotFound, Unavailable, Unreadable

_ASK = {"Accept": taxii.MEDIA_TYPE}
_SEND = {**_ASK, "Content-Type": taxii.MEDIA_TYPE}
#: Answers that are read for what the server says before they are refused.
_SAID = frozenset({400, 401, 403, 404, 406, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading a collection goes on: after this moment (as the server writes it), or at the server's own mark.

    ``added_after`` is the query that the mark belongs to: a mark is only good with the query that gave it (T34).
    """

    added_after: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Objects as exact bytes, the dates of the first and last of them as the server says, and where the next page begins.

    ``following`` is ``None`` on the last page; ``resume`` is where a later visit begins.
    """

    objects: tuple[bytes, ...]
    first: str | None
    last: str | None
    following: Position | None
    resume: Position


@dataclass(slots=True)
class TaxiiClient:
    """One server's API root. ``client`` carries credentials and limits; ``root`` is the address of the API root."""

    client: Client
    root: str
    requests: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.root = self.root.rstrip("/") + "/"

    @classmethod
    def discovered(cls, client: Client, discovery: str) -> "TaxiiClient":
        """The client of the default API root that the discovery address names. Raises ``Unreadable`` if it leads elsewhere."""
        place = discovery.rstrip("/") + "/"
        answer = client.ask("GET", place, headers=_ASK, most_bytes=1 << 20)
        root, _all = taxii.read_discovery(answer.body, place)
        target = urljoin(place, root)
        if urlsplit(target).netloc != urlsplit(place).netloc:
            raise Unreadable(
                f"{place} names an API root on another host ({target[:200]}), where our credentials must not go; "
                "if that is right, name the API root itself."
            )
        return cls(client, target)

    def api_root(self) -> taxii.ApiRoot:
        """What the API root says of itself."""
        return taxii.read_api_root(self._get("").body, self.root)

    def collections(self) -> tuple[taxii.OfferedCollection, ...]:
        """The collections that we may know of."""
        return taxii.read_collections(self._get("collections/").body, self.root)

    def find(self, wanted: str) -> taxii.OfferedCollection:
        """The collection of that id, alias or title. Raises ``NotFound`` with what there is."""
        offered = self.collections()
        for one in offered:
            if wanted in (one.id, one.alias, one.title):
                return one
        named = ", ".join(one.title for one in offered[:8]) or "none"
        raise NotFound(f"{self.root} has no collection {wanted!r} for us; it offers: {named}.")

    def pages(
        self,
        collection: str,
        start: Position | None = None,
        *,
        limit: int = 1000,
        match: Mapping[str, str] | None = None,
    ) -> Iterator[Page]:
        """The pages of a collection from ``start`` on, oldest first. Each page can be stored and resumed from by itself.

        Raises ``Unavailable`` if the server does not answer (go on at the last page's ``resume``), ``Unreadable`` if its pages lead
        nowhere.
        """
        position: Position | None = start or Position()
        asked = {"limit": str(limit), **{f"match[{key}]": value for key, value in (match or {}).items()}}
        while position is not None:
            page = self._page(f"collections/{collection}/objects/", position, asked)
            yield page
            if page.following is not None and page.following == position:
                raise Unreadable(
                    f"{self.root} sends the same page of {collection} again and again: more than {limit} objects with one date and no "
                    "mark to go on from; ask for larger pages, or ask the server's owner to mend it."
                )
            position = page.following

    def manifest(self, collection: str, *, limit: int = 10_000) -> Iterator[taxii.ManifestRecord]:
        """Every version of every object that the server lists for us, oldest first (``match[version]=all``)."""
        position: Position | None = Position()
        while position is not None:
            query = _query(position, {"limit": str(limit), "match[version]": "all"})
            answer = self._get(f"collections/{collection}/manifest/?{query}", accept_missing=True)
            if answer.status == 404:
                return
            found = taxii.read_manifest(answer.body, self.root)
            yield from found.records
            following = _following(position, found.more, found.next, _last(answer))
            if following == position:
                raise Unreadable(f"{self.root} sends the same page of the manifest of {collection} again and again.")
            position = following

    def add(self, collection: str, objects: Sequence[bytes]) -> taxii.Status:
        """Send objects in one envelope. Raises ``Unavailable`` (send again later) or ``Unreadable`` (sending again does not help)."""
        answer = self._call("POST", f"collections/{collection}/objects/", taxii.written(objects))
        return taxii.read_status(answer.body, self.root)

    def status(self, status_id: str) -> taxii.Status:
        """What became of objects that were sent before."""
        return taxii.read_status(self._get(f"status/{status_id}/").body, self.root)

    def get(self, place: str) -> bytes:
        """The bytes at an address below the API root, such as a receipt."""
        return self._get(place).body

    def _page(self, place: str, position: Position, asked: Mapping[str, str]) -> Page:
        answer = self._get(f"{place}?{_query(position, asked)}", accept_missing=True)
        if answer.status == 404 or not answer.body:  # Kaspersky's server says so when there is nothing
            return Page((), None, None, None, replace(position, next=None))
        envelope = taxii.read_envelope(answer.body, self.root)
        last = _last(answer)
        following = _following(position, envelope.more, envelope.next, last)
        resume = following or Position(added_after=last or position.added_after)
        return Page(envelope.objects, answer.headers.get("x-taxii-date-added-first"), last, following, resume)

    def _get(self, place: str, *, accept_missing: bool = False) -> Answer:
        return self._call("GET", place, None, accept_missing=accept_missing)

    def _call(self, method: str, place: str, body: bytes | None, *, accept_missing: bool = False) -> Answer:
        target = urljoin(self.root, place)
        self.requests += 1
        answer = self.client.ask(method, target, headers=_ASK if body is None else _SEND, body=body, accept=_SAID)
        if answer.status not in _SAID or (answer.status == 404 and accept_missing):
            return answer
        raise _refused(answer)


def _query(position: Position, asked: Mapping[str, str]) -> str:
    said = {"added_after": position.added_after, "next": position.next}
    return urlencode({**asked, **{key: value for key, value in said.items() if value}}, safe=":")


def _last(answer: Answer) -> str | None:
    return answer.headers.get("x-taxii-date-added-last") or None


def _following(position: Position, more: bool, mark: str | None, last: str | None) -> Position | None:
    if mark and more:
        return Position(position.added_after, mark)
    if not more:
        return None
    if last is None:
        raise Unreadable(
            "the server says that there is more, but neither gives a mark nor a date to go on from; it must be mended."
        )
    return Position(added_after=last)


def _refused(answer: Answer) -> InputError | Unavailable:
    said = taxii.read_error(answer.body)
    shown = f"{answer.url.partition('?')[0]} answers {answer.status}{f' ({said})' if said else ''}"
    advice = {
        401: "the name, password or token is wrong or has ended: renew it",
        403: "we may not do that there: ask the partner for the right",
        404: "there is nothing for us at that address: check the API root and the collection",
        413: "what we sent is larger than the server takes: send smaller batches",
    }.get(answer.status, "sending the same again does not help")
    return Unreadable(f"{shown}; {advice}.")
