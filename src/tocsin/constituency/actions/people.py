"""People: who is in the team, in which roles."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, Role, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.forms.fields import email as read_email
from tocsin.constituency.models import Person
from tocsin.vocab.errors import Conflict, InputError, NotFound

LANGUAGES = ("en", "ur")


@transaction.atomic
def add_person(*, actor: Actor, email: str, name: str, roles: Iterable[str], language: str = "en") -> str:
    """Take somebody into the team; gives the address as stored. Raises :class:`InputError`, :class:`Conflict` if already there."""
    require(actor, Permission.PEOPLE_WRITE)
    address, granted = _address(email), _roles(roles)
    _check_language(language)
    if not name.strip() or len(name) > 120:
        raise InputError("A person needs a name of at most 120 characters.")
    if Person.objects.filter(email=address).exists():
        raise Conflict(f"{address} is already in the team; change that person instead.")
    person = Person(email=address, name=name.strip(), roles=granted, language=language)
    person.end_sessions()
    person.save()
    record(actor, AuditAction.PERSON_ADDED, address, {"name": person.name, "roles": granted})
    return address


@transaction.atomic
def change_person(
    *,
    actor: Actor,
    email: str,
    name: str | None = None,
    roles: Iterable[str] | None = None,
    language: str | None = None,
    is_active: bool | None = None,
) -> None:
    """Change what is given of a person. Whoever leaves loses sessions, sign-in links and tokens at once. Nobody is ever deleted."""
    require(actor, Permission.PEOPLE_WRITE)
    person = person_of(email)
    before = _state(person)
    if name is not None:
        person.name = name.strip()[:120] or person.name
    if roles is not None:
        person.roles = _roles(roles)
    if language is not None:
        _check_language(language)
        person.language = language
    if is_active is not None:
        person.is_active = is_active
    after = _state(person)
    if after == before:
        return
    if before["is_active"] and not person.is_active:
        person.end_sessions()
    person.save()
    changed = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    record(actor, AuditAction.PERSON_CHANGED, person.email, changed)


@transaction.atomic
def set_language(*, actor: Actor, language: str) -> None:
    """A person chooses the language of their own pages. Raises :class:`NotFound` if the actor is no person."""
    _check_language(language)
    person = Person.objects.filter(pk=actor.person_id or 0).first() if actor.kind == "person" else None
    if person is None:
        raise NotFound("Only a person has a language.")
    if person.language == language:
        return
    record(actor, AuditAction.PERSON_CHANGED, person.email, {"language": [person.language, language]})
    person.language = language
    person.save(update_fields=["language"])


def person_of(email: str) -> Person:
    """The person of an address. Raises :class:`NotFound`."""
    person = Person.objects.select_for_update().filter(email=email.strip().lower()).first()
    if person is None:
        raise NotFound(f"There is nobody with the address {email[:200]!r}; add them with 'tocsin person add'.")
    return person


def _state(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("name", "roles", "language", "is_active")}


def _address(email: str) -> str:
    try:
        return read_email(email)
    except ValueError as error:
        raise InputError(f"{email[:200]!r} is no e-mail address: {error}.") from error


def _roles(roles: Iterable[str]) -> list[str]:
    granted = sorted(set(roles))
    known = [role.value for role in Role]
    for role in granted:
        if role not in known:
            raise InputError(f"There is no role {role[:40]!r}; the roles are {', '.join(known)}.")
    return granted


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise InputError(f"There is no language {language[:20]!r}; choose one of {', '.join(LANGUAGES)}.")
