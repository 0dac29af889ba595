"""Writes of partners, their clients, their feeds and collections. Secrets are shown once, to whoever made them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.exchange.models import Client, Collection, CollectionRight, Feed, Partner, Shape, Standing
from tocsin.exchange.rules import secrets
from tocsin.vocab.errors import Conflict, InputError, UnknownName

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_PARTY = re.compile(r"[a-z0-9][a-z0-9_-]{0,119}", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,78}[A-Za-z0-9])?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_OWN_WORDS = frozenset({"collections", "status", "receipts", "discovery"})

#: The first feed of a partner, and what its three collections are called.
OFFERED, INBOX = "offered", "inbox"
_TITLES = {
    Shape.ALL: "Everything for you",
    Shape.INDICATORS: "Indicators",
    Shape.HIGH_CONFIDENCE: "High confidence",
}


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A client's secrets as nobody will ever see them again; empty where it has none of that kind."""

    uid: UUID
    name: str
    password: str
    token: str


@transaction.atomic
def add_partner(
    *,
    actor: Actor,
    slug: str,
    party: str,
    title: str,
    circle: str = "",
    pseudonym: str = "",
    description: str = "",
) -> None:
    """Enter a partner, with a feed of everything in three collections and an inbox. Nothing of it is seen without a client.

    ``party`` is whom every decision is asked for; ``circle`` the community whose members know each other by pseudonyms.
    """
    require(actor, Permission.EXCHANGE_WRITE)
    _check(_SLUG, slug, "slug: up to 60 lower-case letters, digits and dashes")
    if slug in _OWN_WORDS:
        raise InputError(f"{slug!r} is a word of TAXII's own addresses; choose another slug.")
    _check(_PARTY, party, "key of a party or a community, as agreements name it")
    if circle:
        _check(_PARTY, circle, "key of a community, as agreements name it")
    if not title.strip():
        raise InputError("A partner needs a title for people.")
    if Partner.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a partner {slug!r} already; see 'tocsin exchange partner list'.")
    partner = Partner.objects.create(
        slug=slug, party=party, title=title.strip(), circle=circle, pseudonym=pseudonym, description=description
    )
    told = {"party": party, "circle": circle}
    record(actor, AuditAction.PARTNER_ADDED, slug, told)
    _make_feed(actor, partner, OFFERED, title="What we offer you", is_inbox=False)
    _make_feed(actor, partner, INBOX, title="What you give us", is_inbox=True)


@transaction.atomic
def change_partner(
    *,
    actor: Actor,
    slug: str,
    title: str | None = None,
    description: str | None = None,
    circle: str | None = None,
    pseudonym: str | None = None,
    is_enabled: bool | None = None,
) -> None:
    """Change what is given of a partner. Disabled, its doors are gone at once."""
    require(actor, Permission.EXCHANGE_WRITE)
    told = {
        "title": title,
        "description": description,
        "circle": circle,
        "pseudonym": pseudonym,
        "is_enabled": is_enabled,
    }
    changed = {key: value for key, value in told.items() if value is not None}
    partner = partner_of(slug)
    Partner.objects.filter(pk=partner.pk).update(**changed, mark=F("mark") + 1)
    record(actor, AuditAction.PARTNER_CHANGED, slug, changed)


@transaction.atomic
def add_client(
    *,
    actor: Actor,
    partner: str,
    name: str,
    with_password: bool = True,
    with_token: bool = False,
    fingerprint: str = "",
    subject: str = "",
    expires_at: datetime | None = None,
    collections: Sequence[str] = (),
) -> MadeClient:
    """A client of a partner: it may read the offered collections and read and write the inbox, or what ``collections`` names.

    ``fingerprint`` is the SHA-256 of its certificate in hex, ``subject`` its distinguished name as RFC 4514 writes it.
    """
    require(actor, Permission.EXCHANGE_WRITE)
    owner = partner_of(partner)
    _check(_NAME, name, "name of a client: up to 80 letters, digits, dots, dashes, underscores and @")
    if Client.objects.filter(name=name).exists():
        raise Conflict(f"There is a client {name!r} already; names are unique over all partners.")
    fingerprint = fingerprint.lower().replace(":", "")
    if fingerprint:
        _check(_FINGERPRINT, fingerprint, "SHA-256 fingerprint: 64 hexadecimal digits")
    if not (with_password or with_token or fingerprint or subject):
        raise InputError("A client needs a password, a token or a certificate.")
    for field, value in (("certificate_fingerprint", fingerprint), ("certificate_subject", subject)):
        if value and Client.objects.filter(**{field: value}).exists():
            raise Conflict("Another client has this certificate already.")
    password = secrets.made_password() if with_password else ""
    token = secrets.made_token() if with_token else ""
    client = Client.objects.create(
        partner=owner,
        name=name,
        password_hash=secrets.hash_of_password(password) if password else "",
        token_hash=secrets.hash_of_token(token) if token else "",
        token_hint=token[: len(secrets.TOKEN_PREFIX) + 5],
        certificate_fingerprint=fingerprint,
        certificate_subject=subject,
        expires_at=expires_at,
    )
    shown = Collection.objects.filter(partner=owner).select_related("feed")
    for row in shown if not collections else [_collection(owner, one) for one in collections]:
        CollectionRight.objects.create(client=client, collection=row, can_read=True, can_write=row.feed.is_inbox)
    kinds = {"password": with_password, "token": with_token, "certificate": bool(fingerprint or subject)}
    told = {"client": name, "kinds": sorted(kind for kind, is_set in kinds.items() if is_set)}
    record(actor, AuditAction.CLIENT_MADE, partner, told)
    return MadeClient(client.uid, name, password, token)


@transaction.atomic
def enable_client(*, actor: Actor, name: str, is_enabled: bool) -> None:
    """Let a client in, or shut it out from its next request on."""
    require(actor, Permission.EXCHANGE_WRITE)
    client = client_of(name)
    Client.objects.filter(pk=client.pk).update(is_enabled=is_enabled)
    record(actor, AuditAction.CLIENT_CHANGED, client.partner.slug, {"client": name, "is_enabled": is_enabled})


@transaction.atomic
def renew_password(*, actor: Actor, name: str) -> MadeClient:
    """A new password for a client; the old one is void at once."""
    require(actor, Permission.EXCHANGE_WRITE)
    client = client_of(name)
    password = secrets.made_password()
    Client.objects.filter(pk=client.pk).update(password_hash=secrets.hash_of_password(password))
    record(actor, AuditAction.CLIENT_CHANGED, client.partner.slug, {"client": name, "renewed": "password"})
    return MadeClient(client.uid, name, password, "")


@transaction.atomic
def add_feed(
    *, actor: Actor, partner: str, name: str, title: str, sources: Sequence[str] = (), types: Sequence[str] = ()
) -> None:
    """One more feed for a partner, of these sources and object types (none named: all), in three collections."""
    require(actor, Permission.EXCHANGE_WRITE)
    owner = partner_of(partner)
    _check(_SLUG, name, "name of a feed: lower-case letters, digits and dashes")
    if Feed.objects.filter(partner=owner, name=name).exists():
        raise Conflict(f"{partner} has a feed {name!r} already.")
    _make_feed(actor, owner, name, title=title, is_inbox=False, sources=sorted(sources), types=sorted(types))
    # what was offered before this feed was made is offered into it now
    Standing.objects.filter(partner=owner).update(offered_to=0)


@transaction.atomic
def add_collection(
    *, actor: Actor, partner: str, feed: str, title: str, shape: str = Shape.ALL, alias: str = "", description: str = ""
) -> UUID:
    """One more collection of a feed, with no rights yet. Gives its id."""
    require(actor, Permission.EXCHANGE_WRITE)
    owner = partner_of(partner)
    stream = Feed.objects.filter(partner=owner, name=feed).first()
    if stream is None:
        raise UnknownName(f"{partner} has no feed {feed!r}.")
    if shape not in Shape.values:
        raise InputError(f"{shape!r} is no shape; they are {', '.join(Shape.values)}.")
    if alias:
        _check(_SLUG, alias, "alias: lower-case letters, digits and dashes")
        if Collection.objects.filter(partner=owner, alias=alias).exists():
            raise Conflict(f"{partner} has a collection with the alias {alias!r} already.")
    made = Collection.objects.create(
        feed=stream, partner=owner, title=title, shape=shape, alias=alias, description=description
    )
    record(actor, AuditAction.COLLECTION_MADE, partner, {"collection": str(made.uid), "feed": feed, "shape": shape})
    return made.uid


@transaction.atomic
def grant(*, actor: Actor, client: str, collection: str, can_read: bool, can_write: bool) -> None:
    """What a client may do with a collection of its partner, by id or alias; neither takes it away. Only inboxes are written to."""
    require(actor, Permission.EXCHANGE_WRITE)
    row = client_of(client)
    shown = _collection(row.partner, collection)
    if can_write and not shown.feed.is_inbox:
        raise InputError(f"{shown.title} is not an inbox: partners write to inboxes only.")
    rights = CollectionRight.objects.filter(client=row, collection=shown)
    if can_read or can_write:
        values = {"can_read": can_read, "can_write": can_write}
        CollectionRight.objects.update_or_create(client=row, collection=shown, defaults=values)
    else:
        rights.delete()
    told = {"client": client, "collection": str(shown.uid), "can_read": can_read, "can_write": can_write}
    record(actor, AuditAction.COLLECTION_GRANTED, row.partner.slug, told)


def _make_feed(actor: Actor, partner: Partner, name: str, **values: Any) -> None:
    feed = Feed.objects.create(partner=partner, name=name, **values)
    told: Mapping[str, Any] = {key: value for key, value in values.items() if value}
    record(actor, AuditAction.FEED_MADE, partner.slug, {"feed": name, **told})
    for shape in (Shape.ALL,) if feed.is_inbox else Shape:
        is_first = name in (OFFERED, INBOX)
        alias = INBOX if feed.is_inbox else str(shape.value) if is_first else f"{name}-{shape.value}"[:60]
        title = feed.title if feed.is_inbox else _TITLES[shape] if is_first else f"{feed.title}: {shape.label}"
        Collection.objects.create(feed=feed, partner=partner, shape=shape, alias=alias, title=title[:200])


def partner_of(slug: str) -> Partner:
    """The partner of this slug. Raises ``UnknownName``."""
    found = Partner.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownName(f"There is no partner {slug!r}; see 'tocsin exchange partner list'.")
    return found


def client_of(name: str) -> Client:
    """The client of this name. Raises ``UnknownName``."""
    found = Client.objects.select_related("partner").filter(name=name).first()
    if found is None:
        raise UnknownName(f"There is no client {name!r}; see 'tocsin exchange client list'.")
    return found


def _collection(partner: Partner, named: str) -> Collection:
    rows = Collection.objects.select_related("feed").filter(partner=partner)
    try:
        found = rows.filter(uid=UUID(named)).first()
    except ValueError:
        found = rows.filter(alias=named).first()
    if found is None:
        raise UnknownName(f"{partner.slug} has no collection {named!r}; see 'tocsin exchange collection list'.")
    return found


def _check(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise InputError(f"{value[:80]!r} is no {what}.")
