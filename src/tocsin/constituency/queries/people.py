"""People, their tokens, and the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.constituency.models import ApiToken, AuditEntry, Person, SignInLink
from tocsin.constituency.queries.paging import Page, page
from tocsin.vocab.errors import NotFound


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody of the team."""

    uid: UUID
    email: str
    name: str
    language: str
    roles: tuple[str, ...]
    is_active: bool
    added_at: datetime
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token without its secret. ``hint`` are its first characters."""

    uid: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit log. ``number`` grows with every line."""

    number: int
    at: datetime
    actor_name: str
    actor_kind: str
    action: str
    subject: str
    detail: Mapping[str, Any]


def people(viewer: Viewer, *, offset: int = 0, limit: int = 50) -> Page[PersonRow]:
    """Everybody by e-mail address, those who have left too."""
    require(viewer, Permission.PEOPLE_READ)
    return page(Person.objects.order_by("email"), _person, offset, limit)


def person(viewer: Viewer, email: str) -> PersonRow:
    """One person. Raises :class:`NotFound`."""
    require(viewer, Permission.PEOPLE_READ)
    found = Person.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise NotFound(f"There is nobody with the address {email[:200]!r}.")
    return _person(found)


def me(viewer: Viewer) -> PersonRow:
    """The person who looks. Raises :class:`NotFound` for operators, jobs and strangers, who are nobody."""
    found = Person.objects.filter(pk=viewer.person_id).first() if viewer.person_id is not None else None
    if found is None:
        raise NotFound("Only a person has a page of their own.")
    return _person(found)


def tokens(viewer: Viewer) -> Sequence[TokenRow]:
    """The looking person's own tokens, the newest first."""
    require(viewer, Permission.TOKENS_OWN)
    rows = (
        ApiToken.objects.filter(person_id=viewer.person_id) if viewer.person_id is not None else ApiToken.objects.none()
    )
    return [
        TokenRow(
            row.uid,
            row.name,
            row.hint,
            tuple(row.scopes),
            row.made_at,
            row.expires_at,
            row.last_used_at,
            row.revoked_at,
        )
        for row in rows
    ]


def sign_in_person(viewer: Viewer, secret: str) -> PersonRow:  # noqa: ARG001 (whoever holds the link may look: that is its point)
    """Whom a sign-in link would sign in, without using it. Raises :class:`NotFound` if it is wrong, used or too old."""
    link = SignInLink.objects.usable().of_text(secret).select_related("person").first()
    if link is None:
        raise NotFound("This sign-in link is wrong, used or too old; ask for another.")
    return _person(link.person)


def audit_entries(
    viewer: Viewer,
    *,
    actor: str = "",
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Page[AuditRow]:
    """The audit log, the newest first. ``action`` may be a room (``constituency``); times are aware, ``until`` excluded."""
    require(viewer, Permission.AUDIT_READ)
    rows = AuditEntry.objects.all()
    if actor:
        rows = rows.filter(actor_name__icontains=actor)
    if action:
        rows = rows.filter(action=action) if "." in action else rows.filter(action__startswith=f"{action}.")
    if subject:
        rows = rows.filter(subject__icontains=subject)
    if since:
        rows = rows.filter(at__gte=since)
    if until:
        rows = rows.filter(at__lt=until)
    return page(rows.order_by("-pk"), _audit, offset, limit)


def _person(row: Person) -> PersonRow:
    return PersonRow(
        row.uid,
        row.email,
        row.name,
        row.language,
        tuple(row.roles),
        row.is_active,
        row.added_at,
        row.last_login,
    )


def _audit(row: AuditEntry) -> AuditRow:
    return AuditRow(row.pk, row.at, row.actor_name, row.actor_kind, row.action, row.subject, row.detail)
