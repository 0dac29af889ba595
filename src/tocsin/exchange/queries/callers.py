"""Who calls at the partners' door, and what stands open to them there. Everything that is absent looks like what is forbidden."""

import secrets as random
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from uuid import UUID

from django.db.models import Q

from tocsin.constituency.access import Permission, Viewer
from tocsin.exchange.models import Client, Collection, CollectionRight
from tocsin.exchange.rules.secrets import Certificate, Shown, hash_of_token, is_password

#: What a partner's program may do inside: hand objects in. What it may see is asked of agreements, not of permissions.
_PERMISSIONS = frozenset({Permission.INTEL_INGEST})
_KEPT_PROOFS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that has shown who it is, of an enabled partner."""

    viewer: Viewer
    client_id: int
    client_uid: UUID
    last_used_at: datetime | None
    partner_id: int
    partner_slug: str
    party: str
    circle: str
    title: str
    description: str
    mark: int


@dataclass(frozen=True, slots=True)
class OpenCollection:
    """A collection that the caller may know of, with what it may do there."""

    id: int
    uid: UUID
    title: str
    description: str
    alias: str
    shape: str
    feed_id: int
    is_inbox: bool
    can_read: bool
    can_write: bool


class _Proofs:
    """Passwords that were proved against a stored hash in this process: Argon2 is asked once, not for every page.

    Kept as keyed digests of the stored hash and the password, so a changed password is unknown at once and nothing here can be read.
    """

    def __init__(self) -> None:
        self._key = random.token_bytes(32)
        self._kept: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def is_proved(self, password: str, stored: str) -> bool:
        """Whether this is the password behind the hash."""
        name = sha256(self._key + stored.encode() + b"\0" + password.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return True
        if not is_password(password, stored):
            return False
        with self._lock:
            self._kept[name] = None
            while len(self._kept) > _KEPT_PROOFS:
                self._kept.popitem(last=False)
        return True


_PROOFS = _Proofs()


def caller(viewer: Viewer, shown: Shown | None, certificate: Certificate | None, at: datetime) -> Caller | None:  # noqa: ARG001 (whoever knocks is nobody yet)
    """Who shows these credentials; ``None`` for whoever is not known, disabled or expired, or shows two different identities."""
    wanted = _wanted(shown, certificate)
    if wanted is None:
        return None
    rows = list(Client.objects.usable(at).filter(wanted).select_related("partner"))
    return _proved(rows, shown, certificate)


def caller_at(
    viewer: Viewer,
    shown: Shown | None,
    certificate: Certificate | None,
    at: datetime,
    root: str,
    collection: str,
) -> tuple[Caller | None, OpenCollection | None]:
    """Who shows these credentials, and the collection of that id or alias as far as it exists for them; one query where it does."""
    wanted = _wanted(shown, certificate)
    if wanted is None:
        return None, None
    clients = Client.objects.usable(at).filter(wanted, partner__slug=root)
    rights = (
        CollectionRight.objects.filter(_named(collection), client__in=clients, collection__partner__slug=root)
        .select_related("client__partner", "collection__feed")
        .order_by()
    )
    found = list(rights)
    known = _proved([right.client for right in found], shown, certificate)
    if known is None:
        return caller(viewer, shown, certificate, at), None
    right = next(right for right in found if right.client_id == known.client_id)
    return known, _open(right)


def collections_of(viewer: Viewer, client_id: int) -> list[OpenCollection]:  # noqa: ARG001 (asked by the client itself)
    """Every collection that the client may read or write, oldest first."""
    rights = CollectionRight.objects.filter(client_id=client_id).select_related("collection__feed")
    return [_open(right) for right in rights.order_by("collection_id")]


def _wanted(shown: Shown | None, certificate: Certificate | None) -> Q | None:
    """The clients that any of what is shown may stand for."""
    ways = Q()
    if shown is not None and shown.token:
        ways |= Q(token_hash=hash_of_token(shown.token))
    elif shown is not None:
        ways |= Q(name=shown.name)
    if certificate is not None and certificate.fingerprint:
        ways |= Q(certificate_fingerprint=certificate.fingerprint)
    if certificate is not None and certificate.subject:
        ways |= Q(certificate_subject=certificate.subject)
    return ways or None


def _proved(rows: list[Client], shown: Shown | None, certificate: Certificate | None) -> Caller | None:
    """The one client for which everything that is shown is right."""
    by_certificate = {row.pk for row in rows if _is_certified(row, certificate)}
    if shown is None:
        return _caller(rows, by_certificate)
    if shown.token:
        by_header = {row.pk for row in rows if row.token_hash == hash_of_token(shown.token)}
    else:
        named = next((row for row in rows if row.name == shown.name), None)
        is_right = _PROOFS.is_proved(shown.password, named.password_hash if named else "")
        by_header = {named.pk} if named is not None and is_right else set()
    if by_certificate and by_certificate != by_header:
        return None
    return _caller(rows, by_header)


def _is_certified(row: Client, certificate: Certificate | None) -> bool:
    if certificate is None:
        return False
    by_print = bool(row.certificate_fingerprint) and row.certificate_fingerprint == certificate.fingerprint
    return by_print or (bool(row.certificate_subject) and row.certificate_subject == certificate.subject)


def _caller(rows: list[Client], chosen: set[int]) -> Caller | None:
    if len(chosen) != 1:
        return None
    row = next(row for row in rows if row.pk in chosen)
    partner = row.partner
    return Caller(
        viewer=Viewer(f"{row.name} of {partner.slug}", "partner", None, _PERMISSIONS),
        client_id=row.pk,
        client_uid=row.uid,
        last_used_at=row.last_used_at,
        partner_id=partner.pk,
        partner_slug=partner.slug,
        party=partner.party,
        circle=partner.circle,
        title=partner.title,
        description=partner.description,
        mark=partner.mark,
    )


def _named(collection: str) -> Q:
    """By its id or, if that is not one, by its alias."""
    try:
        return Q(collection__uid=UUID(collection))
    except ValueError:
        return Q(collection__alias=collection) & ~Q(collection__alias="")


def _open(right: CollectionRight) -> OpenCollection:
    shown: Collection = right.collection
    return OpenCollection(
        id=shown.pk,
        uid=shown.uid,
        title=shown.title,
        description=shown.description,
        alias=shown.alias,
        shape=shown.shape,
        feed_id=shown.feed_id,
        is_inbox=shown.feed.is_inbox,
        can_read=right.can_read,
        can_write=right.can_write,
    )


__all__ = ["Caller", "OpenCollection", "caller", "caller_at", "collections_of"]
