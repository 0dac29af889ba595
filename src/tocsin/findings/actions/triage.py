"""A person's judgement about a finding."""

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.findings.models import Finding, FindingChange
from tocsin.findings.rules import State, may_follow
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, InputError, NotFound


@transaction.atomic
def triage(*, actor: Actor, reference: str, state: State, reason: str) -> None:
    """Move a finding to another state, with the reason written down.

    Raises ``NotFound``, ``InputError`` without a reason, ``Conflict`` if that state cannot follow the present one.
    """
    require(actor, Permission.FINDINGS_TRIAGE)
    if not reason.strip():
        raise InputError("Say why in a few words: whoever comes next has only your reason to go by.")
    row = Finding.objects.select_for_update().filter(reference=reference).first()
    if row is None:
        raise NotFound(f"There is no finding {reference}.")
    if not may_follow(State(row.state), state):
        raise Conflict(f"{reference} is {row.state} and cannot become {state.value} from there; look at its history.")
    at = now()
    FindingChange.objects.create(
        finding=row, at=at, actor=actor.name, before=row.state, after=state.value, reason=reason.strip()
    )
    record(actor, AuditAction.FINDING_TRIAGED, reference, {"before": row.state, "after": state.value})
    row.state, row.changed_at, row.judged_at = state.value, at, at
    row.save(update_fields=["state", "changed_at", "judged_at"])
