"""What a person decides about a held object: with a name, a reason, and an entry of its own in the ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tocsin.agreements.actions.chain import Chain, Draft, texts
from tocsin.agreements.actions.importing import check_reason
from tocsin.agreements.models import Approver, Hold, HoldState
from tocsin.agreements.queries.standing import standing
from tocsin.agreements.rules.asked import Decided, without_text
from tocsin.agreements.rules.chain import Kind, basis_text, canonical
from tocsin.agreements.rules.decision import Decision, Exit, Result, decide
from tocsin.agreements.rules.lifting import Approval, Lifted, answerable, approvers, lift
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement
from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.jobs import changes
from tocsin.jobs.durability import durable
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

_LONGEST_SAID = 10_000


def approve_hold(
    *, actor: Actor, uid: UUID, reason: str, said: Mapping[str, Any] | None = None, at: datetime | None = None
) -> Decided:
    """Let a held object go, as the agreements stand now: the decision is asked again with what the approver says.

    ``said`` answers what was unknown or required (``{"tlp": "GREEN"}``, ``{"case_id": "C-12"}``): keys of the subject that the hold's
    clauses ask for (``queries.hold`` names them). Approving itself says what an approval means. Raises :class:`NotFound` without the
    permission, :class:`Conflict` where the agreements deny it, hold it for something that was not said, or name other approvers.
    """
    approval = _approval(actor)
    check_reason(reason)
    moment = at or clock.now()
    with durable():
        chain = Chain(actor.name)
        hold = _hold(uid, {HoldState.OPEN, HoldState.REFUSED})
        agreements = standing().governing(hold.sender, hold.recipient)
        before = Subject.of(orjson.loads(hold.subject))
        decision = decide(before, hold.sender, hold.recipient, agreements, moment, Exit(hold.exit))
        _check_approver(agreements, decision.clauses, approval)
        answers = _checked(said or {}, decision)
        lifted = lift(before, answers, approval, hold.sender, hold.recipient, agreements, moment, Exit(hold.exit))
        lifted = Lifted(without_text(lifted.subject), lifted.decision)
        _check_lifted(lifted)
        number = _enter(chain, hold, Kind.RELEASED, lifted, agreements, moment)
        hold.said = canonical(dict(answers))
        _close(hold, actor, HoldState.RELEASED, reason, moment, number)
        _tell(hold, actor, AuditAction.HOLD_RELEASED, "hold-released", number)
    return Decided(lifted.decision, number, hold.uid)


def refuse_hold(*, actor: Actor, uid: UUID, reason: str, at: datetime | None = None) -> Decided:
    """It stays here: asked again, these bytes are held without another word. What was released may be refused later, and the reverse."""
    approval = _approval(actor)
    check_reason(reason)
    moment = at or clock.now()
    with durable():
        chain = Chain(actor.name)
        hold = _hold(uid, {HoldState.OPEN, HoldState.RELEASED})
        agreements = standing().governing(hold.sender, hold.recipient)
        clauses = tuple(orjson.loads(hold.clauses))
        _check_approver(agreements, clauses, approval)
        held = Lifted(Subject.of(orjson.loads(hold.subject)), Decision(Result.HOLD, clauses))
        number = _enter(chain, hold, Kind.REFUSED, held, agreements, moment)
        _close(hold, actor, HoldState.REFUSED, reason, moment, number)
        _tell(hold, actor, AuditAction.HOLD_REFUSED, "hold-refused", number)
    return Decided(held.decision, number, hold.uid)


def _approval(actor: Actor) -> Approval:
    """Only somebody with a name decides: a person, or a program with a person's token."""
    require(actor, Permission.HOLDS_DECIDE)
    if actor.person_id is None:
        raise Conflict("A hold is decided by a named person: sign in, or use a person's token.")
    roles = Approver.objects.filter(person_id=actor.person_id).values_list("role", flat=True)
    return Approval(actor.name, frozenset(roles))


def _hold(uid: UUID, states: set[HoldState]) -> Hold:
    hold = Hold.objects.select_for_update().filter(uid=uid).first()
    if hold is None:
        raise NotFound("There is no such hold.")
    if hold.state not in states:
        raise Conflict(f"This hold was {hold.state} by {hold.decided_by} already.")
    about = {"object_hash": hold.object_hash, "sender": hold.sender, "recipient": hold.recipient, "exit": hold.exit}
    if Hold.objects.filter(pk__gt=hold.pk, **about).exists():
        raise Conflict("There is a newer hold about the same object: what is known of it has changed. Decide that one.")
    return hold


def _check_approver(agreements: Sequence[Agreement], clauses: Sequence[str], approval: Approval) -> None:
    for roles in approvers(agreements, clauses):
        if not roles & approval.roles:
            raise Conflict(
                f"The agreement lets only {' or '.join(sorted(roles))} decide this, and {approval.name} was not appointed;"
                " an administrator does so with 'tocsin agreement approver'."
            )


def _checked(said: Mapping[str, Any], decision: Decision) -> dict[str, Any]:
    """What was said, if it answers what the object is held for: nobody changes anything else about it."""
    allowed = answerable(decision.clauses)
    for key in said:
        if key not in allowed:
            raise InputError(
                f"{key[:40]!r} does not answer {', '.join(decision.clauses)}; say {' or '.join(allowed) or 'nothing'}."
            )
    try:
        is_short = len(canonical(dict(said))) <= _LONGEST_SAID
    except TypeError:
        is_short = False
    if not is_short:
        raise InputError(f"What is said has to be plain JSON of at most {_LONGEST_SAID:,} characters.")
    return dict(said)


def _check_lifted(lifted: Lifted) -> None:
    decision = lifted.decision
    if decision.result is Result.DENY:
        raise Conflict(f"It may not go: {', '.join(decision.clauses)} denies it, and nobody lifts that.")
    if decision.result is Result.HOLD:
        keys = answerable(decision.clauses)
        how = f"say {' or '.join(keys)}" if keys else "a revision of the agreement has to answer that"
        raise Conflict(f"It is still held for {', '.join(decision.clauses)}: {how}.")


def _enter(chain: Chain, hold: Hold, kind: Kind, lifted: Lifted, agreements: Sequence[Agreement], at: datetime) -> int:
    number = chain.add(
        Draft(
            kind=kind,
            at=at,
            object_id=hold.object_id,
            object_hash=hold.object_hash,
            basis=basis_text(agreements),
            sender=hold.sender,
            recipient=hold.recipient,
            exit=hold.exit,
            subject=lifted.subject.canonical().decode(),
            result=lifted.decision.result.value,
            clauses=texts(lifted.decision.clauses),
            obligations=texts(lifted.decision.obligations),
            hold=str(hold.uid),
        )
    )
    chain.write()
    return number


def _close(hold: Hold, actor: Actor, state: HoldState, reason: str, at: datetime, number: int) -> None:
    hold.state, hold.reason = state, reason.strip()
    hold.decided_at, hold.decided_by, hold.person_id = at, actor.name[:200], actor.person_id
    hold.decision_entry_id = number
    hold.save()


def _tell(hold: Hold, actor: Actor, action: AuditAction, kind: str, number: int) -> None:
    record(actor, action, hold.object_id, {"hold": str(hold.uid), "to": hold.recipient, "entry": number})
    detail = {
        "object": hold.object_id,
        "hash": hold.object_hash,
        "sender": hold.sender,
        "recipient": hold.recipient,
        "exit": hold.exit,
        "entry": number,
    }
    changes.append("agreements", kind, str(hold.uid), detail)
