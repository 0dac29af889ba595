"""Taking agreements in, and stopping them: each change takes effect at once and stands in the ledger."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.agreements.actions.chain import Chain, Draft
from tocsin.agreements.models import AgreementRevision, StatusChange
from tocsin.agreements.queries.standing import as_standing, parsed, statuses
from tocsin.agreements.rules.chain import Kind, basis_text
from tocsin.agreements.rules.document import Problem, Reading, read_agreement
from tocsin.agreements.rules.terms import Agreement, Status
from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.jobs import changes
from tocsin.jobs.durability import durable
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

_LONGEST_REASON = 2000
_AUDITED = {
    Kind.SUSPENDED: AuditAction.AGREEMENT_SUSPENDED,
    Kind.RESUMED: AuditAction.AGREEMENT_RESUMED,
    Kind.TERMINATED: AuditAction.AGREEMENT_TERMINATED,
}
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: ``is_stored`` is no where the very same revision was there already."""

    agreement: str
    revision: int
    status: Status
    is_stored: bool
    warnings: tuple[Problem, ...]


def import_agreement(
    *, actor: Actor, text: bytes, name: str, is_demo: bool = False, at: datetime | None = None
) -> Imported:
    """Store a revision, byte for byte; from then on it is the newest. The same bytes again change nothing.

    ``name`` stands in what is said about the file. ``is_demo`` lets contacts be placeholders. Raises :class:`InputError` with each
    problem's place where the file cannot be used, :class:`Conflict` where it does not follow what is stored.
    """
    require(actor, Permission.AGREEMENTS_WRITE)
    reading = read_agreement(text, name)
    agreement = reading.agreement
    if agreement is None:
        raise InputError(_said(reading))
    if not agreement.is_ready and not is_demo:
        raise InputError(
            f"{name} has contacts that are still TODO: fill them in before it counts, or import it for a demonstration only."
        )
    with durable():
        chain = Chain(actor.name)
        is_stored = _store(chain, actor, agreement, text, is_demo, at or clock.now())
    warnings = tuple(problem for problem in reading.problems if problem.level == "warning")
    return Imported(agreement.id, agreement.revision, agreement.status, is_stored, warnings)


def _said(reading: Reading) -> str:
    lines = [f"{reading.name}:{one.line}:{one.column}: {one.path}: {one.message}" for one in reading.errors]
    more = len(lines) - _SHOWN_PROBLEMS
    return "\n".join(lines[:_SHOWN_PROBLEMS] + ([f"… and {more} more"] if more > 0 else []))


def _store(chain: Chain, actor: Actor, agreement: Agreement, text: bytes, is_demo: bool, at: datetime) -> bool:
    newest = AgreementRevision.objects.filter(agreement=agreement.id).order_by("-revision").first()
    same = AgreementRevision.objects.filter(agreement=agreement.id, revision=agreement.revision).first()
    if same is not None:
        if bytes(same.text) == text:
            return False
        raise Conflict(
            f"Revision {agreement.revision} of {agreement.id} is stored with other bytes, and a revision is never changed:"
            " give the new text a new number."
        )
    if newest is not None:
        _check_follows(agreement, newest)
    row = AgreementRevision(
        agreement=agreement.id,
        revision=agreement.revision,
        status=agreement.status.value,
        text=text,
        sha256=agreement.text_sha256,
        is_demo=is_demo,
        imported_at=at,
        imported_by=actor.name[:200],
    )
    row.save()
    standing = as_standing(agreement, statuses().get(agreement.id))
    _enter(chain, Kind.IMPORTED, standing, at)
    detail = {"revision": agreement.revision, "sha256": agreement.text_sha256, "is_demo": is_demo}
    record(actor, AuditAction.AGREEMENT_IMPORTED, agreement.id, detail)
    _tell(standing)
    return True


def _check_follows(agreement: Agreement, newest: AgreementRevision) -> None:
    if agreement.revision < newest.revision:
        raise Conflict(
            f"Revision {newest.revision} of {agreement.id} is stored already; give this text a higher number."
        )
    change = statuses().get(agreement.id)
    if newest.status == Status.TERMINATED or (change is not None and change.kind == Kind.TERMINATED):
        raise Conflict(f"{agreement.id} is terminated, for good: what is agreed anew gets an id of its own.")
    if agreement.status is Status.DRAFT and newest.status != Status.DRAFT:
        raise Conflict(
            f"Revision {agreement.revision} of {agreement.id} is a draft, and storing it would end what is in force:"
            " look at it with 'tocsin agreement what-if', or suspend the agreement."
        )


def suspend_agreement(*, actor: Actor, agreement: str, reason: str, at: datetime | None = None) -> None:
    """Nothing leaves under it from now on, nor under others that govern the same exits, until it is resumed."""
    _change(actor, agreement, Kind.SUSPENDED, reason, at)


def resume_agreement(*, actor: Actor, agreement: str, reason: str, at: datetime | None = None) -> None:
    """What its newest revision says holds again."""
    _change(actor, agreement, Kind.RESUMED, reason, at)


def terminate_agreement(*, actor: Actor, agreement: str, reason: str, at: datetime | None = None) -> None:
    """It governs nothing any more, for good."""
    _change(actor, agreement, Kind.TERMINATED, reason, at)


def _change(actor: Actor, agreement: str, kind: Kind, reason: str, at: datetime | None) -> None:
    require(actor, Permission.AGREEMENTS_WRITE)
    check_reason(reason)
    with durable():
        chain, moment = Chain(actor.name), at or clock.now()
        newest = AgreementRevision.objects.filter(agreement=agreement).order_by("-revision").first()
        if newest is None:
            raise NotFound(f"There is no agreement {agreement[:128]!r}.")
        before = as_standing(parsed(newest), statuses().get(agreement))
        _check_change(before, kind)
        change = StatusChange(
            agreement=agreement, kind=kind.value, reason=reason.strip(), at=moment, by=actor.name[:200]
        )
        change.save()
        after = as_standing(parsed(newest), change)
        _enter(chain, kind, after, moment)
        record(actor, _AUDITED[kind], agreement, {"reason": reason.strip()})
        _tell(after)


def _check_change(before: Agreement, kind: Kind) -> None:
    if before.status is Status.TERMINATED:
        raise Conflict(f"{before.id} is terminated, for good.")
    if kind is Kind.SUSPENDED and before.status is Status.SUSPENDED:
        raise Conflict(f"{before.id} is suspended already.")
    if kind is Kind.RESUMED and before.status is not Status.SUSPENDED:
        raise Conflict(f"{before.id} is not suspended: its status is {before.status.value}.")
    change = statuses().get(before.id)
    if kind is Kind.RESUMED and (change is None or change.kind != Kind.SUSPENDED):
        raise Conflict(f"{before.id} is suspended by its own text: import a revision that says otherwise.")


def check_reason(reason: str) -> None:
    """Raises :class:`InputError` unless a reason is given that can be kept."""
    if not reason.strip() or len(reason) > _LONGEST_REASON or "\x00" in reason:
        raise InputError(f"A reason is needed, in at most {_LONGEST_REASON:,} characters: it is written down for good.")


def _enter(chain: Chain, kind: Kind, agreement: Agreement, at: datetime) -> None:
    chain.add(
        Draft(
            kind=kind, at=at, object_id=agreement.id, object_hash=agreement.text_sha256, basis=basis_text([agreement])
        )
    )
    chain.write()


def _tell(agreement: Agreement) -> None:
    """Rooms above look again at what may go to whom."""
    detail = {
        "revision": agreement.revision,
        "status": agreement.status.value,
        "parties": sorted(agreement.parties),
        "communities": sorted(agreement.communities),
    }
    changes.append("agreements", "agreement-changed", agreement.id, detail)
