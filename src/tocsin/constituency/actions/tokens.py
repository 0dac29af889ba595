"""API tokens: scoped, expiring, revocable."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, may, require, viewer_of_person
from tocsin.constituency.actions.people import person_of
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.models import ApiToken, Person
from tocsin.constituency.models.people import hash_of
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

_PREFIX = "tocsin_"
_HINT = len(_PREFIX) + 5
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token as nobody will ever see it again: ``text`` is the secret."""

    uid: UUID
    text: str
    expires_at: datetime


@transaction.atomic
def make_token(*, actor: Actor, person: str, name: str, scopes: Iterable[str], days: int) -> MadeToken:
    """A token for the person of an e-mail address, good for ``days`` and for ``scopes`` (values of :class:`Permission`).

    People make their own; whoever administers people makes anybody's. A token never has more than its person.
    """
    owner = _owner(actor, person)
    granted = _scopes(owner, scopes)
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"A token is good for 1 to {LONGEST_DAYS} days, not for {days}.")
    if not name.strip() or len(name) > 80:
        raise InputError("A token needs a name of at most 80 characters that says which program uses it.")
    text = _PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    token = ApiToken.objects.create(
        person=owner,
        name=name.strip(),
        hint=text[:_HINT],
        secret_hash=hash_of(text),
        scopes=granted,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    record(actor, AuditAction.TOKEN_MADE, owner.email, {"token": str(token.uid), "scopes": granted, "days": days})
    return MadeToken(token.uid, text, token.expires_at)


@transaction.atomic
def revoke_token(*, actor: Actor, uid: UUID) -> None:
    """End a token now. Raises :class:`NotFound` unless it is the actor's own or the actor administers people."""
    token = ApiToken.objects.select_for_update().select_related("person").filter(uid=uid).first()
    is_own = token is not None and token.person_id == actor.person_id and may(actor, Permission.TOKENS_OWN)
    if token is None or not (is_own or may(actor, Permission.PEOPLE_WRITE)):
        raise NotFound("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        record(actor, AuditAction.TOKEN_REVOKED, token.person.email, {"token": str(token.uid)})


def _owner(actor: Actor, email: str) -> Person:
    """The person whom the token is for. A token cannot make tokens: a stolen one would outlive its end."""
    if actor.kind == "token":
        raise NotFound("There is nothing here for you.")
    if not may(actor, Permission.PEOPLE_WRITE):
        require(actor, Permission.TOKENS_OWN)
        if Person.objects.filter(pk=actor.person_id or 0, email=email.strip().lower()).first() is None:
            raise NotFound("There is nothing here for you.")
    owner = person_of(email)
    if not owner.is_active:
        raise Conflict(f"{owner.email} is no longer active.")
    return owner


def _scopes(owner: Person, scopes: Iterable[str]) -> list[str]:
    granted = sorted(set(scopes))
    allowed = sorted(permission.value for permission in viewer_of_person(owner).permissions)
    if not granted:
        raise InputError(f"A token needs at least one scope; {owner.email} may give {', '.join(allowed) or 'none'}.")
    for scope in granted:
        if scope not in allowed:
            raise InputError(
                f"{owner.email} may not give the scope {scope[:40]!r}, but {', '.join(allowed) or 'none'}."
            )
    return granted
