"""Who speaks for the roles that agreements name as approvers."""

import re

from django.db import transaction

from tocsin.agreements.models import Approver
from tocsin.constituency.access import Actor, Permission, require, viewer_of_person
from tocsin.constituency.actions.people import person_of
from tocsin.constituency.audit import AuditAction, record
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

_ROLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}", re.ASCII)


@transaction.atomic
def appoint_approver(*, actor: Actor, role: str, person: str) -> None:
    """Let the person of an e-mail address approve where an agreement names ``role``. Again, it changes nothing."""
    require(actor, Permission.PEOPLE_WRITE)
    if not _ROLE.fullmatch(role):
        raise InputError(f"{role[:40]!r} is no role such as agreements name: role--pkcert-dg.")
    found = person_of(person)
    if Permission.HOLDS_DECIDE not in viewer_of_person(found).permissions:
        raise Conflict(f"{found.email} may not decide holds: give the role 'lead' first.")
    told = {"appointed_at": clock.now(), "appointed_by": actor.name[:200]}
    _, is_made = Approver.objects.get_or_create(role=role, person=found, defaults=told)
    if is_made:
        record(actor, AuditAction.APPROVER_APPOINTED, found.email, {"role": role})


@transaction.atomic
def dismiss_approver(*, actor: Actor, role: str, person: str) -> None:
    """End that. Raises :class:`NotFound` if the person does not speak for the role."""
    require(actor, Permission.PEOPLE_WRITE)
    found = person_of(person)
    gone, _ = Approver.objects.filter(role=role, person=found).delete()
    if not gone:
        raise NotFound(f"{found.email} does not speak for {role[:128]}.")
    record(actor, AuditAction.APPROVER_DISMISSED, found.email, {"role": role})
