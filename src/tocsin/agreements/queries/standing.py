"""How agreements stand at this moment: the newest revision of each, suspended or ended at once whatever its text says."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import UUID

from django.db.models import Max, Subquery

from tocsin.agreements.models import AgreementRevision, StatusChange
from tocsin.agreements.rules.chain import Basis, Kind
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.terms import Agreement, Status
from tocsin.vocab.errors import Conflict

#: What a change of status makes of an agreement; resumed, it is again what its text says.
_STATUS = {Kind.SUSPENDED: Status.SUSPENDED, Kind.TERMINATED: Status.TERMINATED}
_MOST_PAIRS = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """The agreements that have not been terminated, each as it stands."""

    agreements: tuple[Agreement, ...]
    _found: dict[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict, repr=False, compare=False)

    def governing(self, sender: str, recipient: str) -> tuple[Agreement, ...]:
        """Those under which both stand, as a party or as a community of one."""
        found = self._found.get((sender, recipient))
        if found is None:
            if len(self._found) >= _MOST_PAIRS:
                self._found.clear()
            found = tuple(one for one in self.agreements if one.side_of(sender) and one.side_of(recipient))
            self._found[sender, recipient] = found
        return found


_Token = tuple[UUID, UUID | None]
_last: tuple[_Token | None, Standing] = (None, Standing(()))


def standing() -> Standing:
    """As it is now: one query, unless something has changed since this process asked last."""
    global _last
    newest_change = StatusChange.objects.order_by("-pk").values("uid")[:1]
    token: _Token | None = AgreementRevision.objects.order_by("-pk").values_list("uid", Subquery(newest_change)).first()
    kept_token, kept = _last
    if token is None:
        return Standing(())
    if token != kept_token:
        kept = Standing(tuple(_standing()))
        _last = (token, kept)
    return kept


def _standing() -> Iterable[Agreement]:
    newest = AgreementRevision.objects.values("agreement").annotate(newest=Max("revision"))
    changed = statuses()
    for one in newest.order_by("agreement"):
        row = AgreementRevision.objects.get(agreement=one["agreement"], revision=one["newest"])
        agreement = as_standing(parsed(row), changed.get(row.agreement))
        if agreement.status is not Status.TERMINATED:
            yield agreement


def statuses() -> dict[str, StatusChange]:
    """The last change of status of each agreement that has had any."""
    newest = StatusChange.objects.values("agreement").annotate(newest=Max("pk")).values("newest")
    return {row.agreement: row for row in StatusChange.objects.filter(pk__in=newest)}


def as_standing(agreement: Agreement, change: StatusChange | None) -> Agreement:
    """The agreement with the status that its last change gave it."""
    status = _STATUS.get(Kind(change.kind)) if change is not None else None
    return agreement if status is None else replace(agreement, status=status)


def with_basis(basis: Iterable[Basis]) -> list[Agreement]:
    """The agreements of a ledger entry, with the status they had then. Raises :class:`Conflict` if a revision is not as it was."""
    found = []
    for one in basis:
        row = AgreementRevision.objects.filter(agreement=one.id, revision=one.revision).first()
        if row is None:
            raise Conflict(f"Revision {one.revision} of {one.id} is not stored.")
        agreement = parsed(row)
        if agreement.text_sha256 != one.sha256:
            raise Conflict(f"Revision {one.revision} of {one.id} is not the text that was decided by.")
        found.append(replace(agreement, status=one.status))
    return found


def parsed(row: AgreementRevision) -> Agreement:
    """The terms of a stored revision. Raises :class:`Conflict` if this version of Tocsin cannot read it."""
    return _parsed(bytes(row.text), f"{row.agreement} revision {row.revision}")


@lru_cache(maxsize=256)
def _parsed(text: bytes, name: str) -> Agreement:
    reading = read_agreement(text, name)
    if reading.agreement is None:
        # leaving it out could widen what others allow, so nothing is decided at all
        raise Conflict(f"{name} cannot be read by this version of Tocsin: {reading.errors[0].message}.")
    return reading.agreement
