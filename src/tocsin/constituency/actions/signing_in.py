"""Signing in with a link that works once, and signing out."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest

from tocsin.constituency.access import Actor, Permission, Viewer, require, viewer_of_person
from tocsin.constituency.actions.people import person_of
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.models import SignInLink
from tocsin.constituency.models.people import hash_of
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, NotFound

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def make_sign_in_link(*, actor: Actor, person: str) -> str:
    """The path of a page (``/sign-in/…/``) that signs in the person of that e-mail address once, within some minutes.

    Only its hash is stored: this is the one time that anybody sees it. Raises :class:`NotFound`, :class:`Conflict`.
    """
    require(actor, Permission.PEOPLE_WRITE)
    found = person_of(person)
    if not found.is_active:
        raise Conflict(f"{found.email} is no longer active; make them active first.")
    secret, now = secrets.token_urlsafe(32), clock.now()
    lifetime = timedelta(minutes=settings.TOCSIN.server.sign_in_minutes)
    SignInLink.objects.filter(person=found, expires_at__lt=now - timedelta(days=30)).delete()
    SignInLink.objects.create(
        person=found, secret_hash=hash_of(secret), made_by=actor.name[:200], made_at=now, expires_at=now + lifetime
    )
    record(actor, AuditAction.SIGN_IN_LINK_MADE, found.email, {"minutes": settings.TOCSIN.server.sign_in_minutes})
    return f"/sign-in/{secret}/"


@transaction.atomic
def sign_in(*, actor: Actor, request: HttpRequest, secret: str) -> Viewer:  # noqa: ARG001 (a stranger acts, and becomes somebody)
    """Use up a link and give the request's session, under a fresh key, to its person. Raises :class:`NotFound`."""
    used = SignInLink.objects.usable().of_text(secret).update(used_at=clock.now())
    if used != 1:
        raise NotFound("This sign-in link is wrong, used or too old; ask for another.")
    person = SignInLink.objects.of_text(secret).select_related("person").get().person
    login(request, person, backend=_BACKEND)
    viewer = viewer_of_person(person)
    record(viewer, AuditAction.SIGNED_IN, person.email)
    return viewer


@transaction.atomic
def note_refused_sign_in(*, actor: Actor, address: str) -> None:
    """Remember that somebody at an address tried a link that does not work (the doors say so once a while, not every time)."""
    record(actor, AuditAction.SIGN_IN_REFUSED, address or "unknown address")


@transaction.atomic
def sign_out(*, actor: Actor, request: HttpRequest) -> None:
    """End the request's session."""
    if actor.kind == "person":
        record(actor, AuditAction.SIGNED_OUT, actor.name)
    logout(request)
