"""Whose it is: the attributor of the current revision, and one answer with its reasons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from threading import Lock
from uuid import UUID

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.constituency.models import (
    AutonomousSystem,
    Domain,
    Network,
    Organisation,
    RegistryBlock,
    RegistryHandle,
    Revision,
)
from tocsin.constituency.rules.attribution import Attributor, address_key
from tocsin.constituency.rules.explanation import Explanation
from tocsin.constituency.rules.holdings import (
    ADDRESS_BITS,
    DomainFact,
    NetworkFact,
    Owner,
    Reason,
    cidrs_of_range,
)
from tocsin.text import normal
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError

_KEPT = 2
_built: dict[UUID, Attributor] = {}
_building = Lock()


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One state of the constituency: its number, when and why it came to be, and by whom."""

    number: int
    at: datetime
    why: str
    made_by: str


def revision(viewer: Viewer) -> int:
    """The number of the constituency's current state; 0 before anything was loaded."""
    require(viewer, Permission.CONSTITUENCY_READ)
    return Revision.objects.values_list("number", flat=True).first() or 0


def revisions(viewer: Viewer, limit: int = 50) -> Sequence[RevisionRow]:
    """The latest states, the newest first."""
    require(viewer, Permission.CONSTITUENCY_READ)
    return [RevisionRow(row.number, row.at, row.why, row.made_by) for row in Revision.objects.all()[:limit]]


def attributor(viewer: Viewer, revision: int | None = None) -> Attributor:
    """Answers for whole columns (:class:`Attributor`), built once for a revision and process, then shared.

    ``revision``: the number that the caller's work is bound to; raises :class:`Conflict` if the constituency has moved on since.
    """
    require(viewer, Permission.CONSTITUENCY_READ)
    current = Revision.objects.first()
    number = current.number if current else 0
    if revision is not None and revision != number:
        raise Conflict(
            f"The constituency is at revision {number}, no longer at {revision}; compute the attribution again."
        )
    if current is None:
        return _build(0)
    with _building:
        if current.uid not in _built:
            while len(_built) >= _KEPT:
                del _built[next(iter(_built))]
            _built[current.uid] = _consistently(current)
        return _built[current.uid]


def whose(viewer: Viewer, subject: str, at: datetime | None = None) -> Explanation:
    """Whose an address or a domain is (at an aware moment; else now), and why nobody else's. Raises :class:`InputError`."""
    answers = attributor(viewer)
    moment = at or clock.now()
    text = subject.strip()
    try:
        address_key(text)
    except ValueError:
        return answers.explain_name(_domain(text), moment)
    return answers.explain_address(text, moment)


def _domain(text: str) -> str:
    try:
        return normal.domain(text)
    except ValueError as error:
        raise InputError(f"{text[:100]!r} is neither an address nor a domain: {error}.") from error


def _consistently(current: Revision) -> Attributor:
    """Rows and revision belong together: if somebody loads meanwhile, what was read is thrown away."""
    for _ in range(5):
        built = _build(current.number)
        latest = Revision.objects.first()
        if latest is None or latest.uid == current.uid:
            return built
        current = latest
    raise Conflict("The constituency is being changed right now; try again in a moment.")


def _build(number: int) -> Attributor:
    owners = [
        Owner(slug, uid, row)
        for row, slug, uid in Organisation.objects.order_by("slug").values_list("id", "slug", "uid")
    ]
    index = {owner.id: position for position, owner in enumerate(owners)}
    networks = [*_declared(index), *_registered(index)]
    return Attributor.build(owners, networks, _domains(index), number)


def _declared(index: dict[int, int]) -> Iterator[NetworkFact]:
    rows = Network.objects.order_by().values_list(
        "organisation_id", "cidr", "first", "last", "valid_from", "valid_until"
    )
    for organisation, cidr, first, last, begins, ends in rows.iterator(chunk_size=10_000):
        low = int.from_bytes(first, "big")
        length = ADDRESS_BITS - (int.from_bytes(last, "big") - low).bit_length()
        yield NetworkFact(index[organisation], low, length, begins, ends, Reason.DECLARED, cidr)


def _domains(index: dict[int, int]) -> Iterator[DomainFact]:
    rows = Domain.objects.order_by().values_list("organisation_id", "name", "valid_from", "valid_until")
    for organisation, name, begins, ends in rows.iterator(chunk_size=10_000):
        yield DomainFact(index[organisation], name, begins, ends, name)


@dataclass(frozen=True, slots=True)
class _Handle:
    """An organisation is known to the registry under an id, for a time, and how we know."""

    owner: int
    valid_from: datetime | None
    valid_until: datetime | None
    how: str


def _registered(index: dict[int, int]) -> Iterator[NetworkFact]:
    """National space, and what is listed under an id that an organisation holds."""
    handles = _handles(index)
    rows = RegistryBlock.objects.exclude(kind="asn").order_by()
    for row in rows.iterator(chunk_size=10_000):
        begins, ends = _midnight(row.allocated_on), _midnight(row.listed_until)
        listed = f"{row.registry} lists it for {row.country}"
        for first, length in cidrs_of_range(int.from_bytes(row.first, "big"), int.from_bytes(row.last, "big")):
            national = NetworkFact(
                -1, first, length, begins, ends, Reason.NATIONAL, f"a block that {row.registry} lists for {row.country}"
            )
            yield national
            for handle in handles.get((row.registry, row.opaque_id), ()):
                yield replace(
                    national,
                    owner=handle.owner,
                    reason=Reason.REGISTRY,
                    valid_from=max((at for at in (begins, handle.valid_from) if at), default=None),
                    valid_until=min((at for at in (ends, handle.valid_until) if at), default=None),
                    label=f"{listed}, {handle.how}",
                )


def _handles(index: dict[int, int]) -> dict[tuple[str, str], list[_Handle]]:
    handles: dict[tuple[str, str], list[_Handle]] = {}
    for row in RegistryHandle.objects.order_by("pk"):
        how = f"under {row.opaque_id}, which is the organisation's"
        handles.setdefault((row.registry, row.opaque_id), []).append(
            _Handle(index[row.organisation_id], row.valid_from, row.valid_until, how)
        )
    for holding in AutonomousSystem.objects.order_by("pk"):
        for block in _blocks_of(holding.asn):
            how = f"under the same id as AS{holding.asn}"
            handles.setdefault((block.registry, block.opaque_id), []).append(
                _Handle(index[holding.organisation_id], holding.valid_from, holding.valid_until, how)
            )
    return handles


def _blocks_of(asn: int) -> Sequence[RegistryBlock]:
    key = asn.to_bytes(16, "big")
    return list(
        RegistryBlock.objects.filter(kind="asn", first__lte=key, last__gte=key, listed_until=None).exclude(opaque_id="")
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
