"""Agreements as people look at them: what stands, since when, clause by clause, and what changed."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from tocsin.agreements.models import AgreementRevision, Approver, StatusChange
from tocsin.agreements.queries.standing import as_standing, parsed, statuses
from tocsin.agreements.rules.changes import Change, differences
from tocsin.agreements.rules.clauses import Clause, clauses
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.terms import Agreement, Party
from tocsin.constituency.access import Permission, Viewer, require
from tocsin.vocab import clock
from tocsin.vocab.errors import NotFound


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement in a list: its newest revision, as it stands. ``review_on`` is the next day on which it is to be looked at."""

    id: str
    revision: int
    status: str
    parties: tuple[Party, ...]
    communities: tuple[str, ...]
    categories: tuple[str, ...]
    effective_from: datetime
    effective_until: datetime | None
    review_on: date | None
    is_demo: bool
    sha256: str
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision. ``status`` is what its own text says."""

    revision: int
    status: str
    sha256: str
    is_demo: bool
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class StatusView:
    """A suspension, resumption or termination."""

    kind: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgreementDetail:
    """One revision clause by clause, how it differs from the one before, and the history of the agreement, newest first."""

    agreement: AgreementView
    revision: RevisionView
    clauses: tuple[Clause, ...]
    differences: tuple[Change, ...]
    revisions: tuple[RevisionView, ...]
    statuses: tuple[StatusView, ...]
    text: bytes


@dataclass(frozen=True, slots=True)
class ApproverView:
    """Who speaks for a role that agreements name."""

    role: str
    email: str
    name: str
    appointed_at: datetime
    appointed_by: str


def agreements(viewer: Viewer) -> tuple[AgreementView, ...]:
    """All of them by id, those that have ended too."""
    require(viewer, Permission.AGREEMENTS_READ)
    newest: dict[str, AgreementRevision] = {}
    for row in AgreementRevision.objects.order_by("agreement", "revision"):
        newest[row.agreement] = row
    changed = statuses()
    return tuple(_view(row, changed.get(name)) for name, row in newest.items())


def agreement(viewer: Viewer, name: str, revision: int | None = None) -> AgreementDetail:
    """One agreement: its newest revision, or the one asked for. Raises :class:`NotFound`."""
    require(viewer, Permission.AGREEMENTS_READ)
    rows = list(AgreementRevision.objects.filter(agreement=name).order_by("-revision"))
    shown = next((row for row in rows if revision in (None, row.revision)), None)
    if shown is None:
        raise NotFound("There is no such agreement.")
    before = next((row for row in rows if row.revision < shown.revision), None)
    reading = read_agreement(bytes(shown.text), name)
    changed = StatusChange.objects.filter(agreement=name).order_by("-pk")
    return AgreementDetail(
        _view(rows[0], changed.first()),
        _revision(shown),
        clauses(reading),
        () if before is None else differences(read_agreement(bytes(before.text), name), reading),
        tuple(map(_revision, rows)),
        tuple(StatusView(row.kind, row.at, row.by, row.reason) for row in changed),
        bytes(shown.text),
    )


def approvers(viewer: Viewer) -> tuple[ApproverView, ...]:
    """Who speaks for which role."""
    require(viewer, Permission.AGREEMENTS_READ)
    rows = Approver.objects.select_related("person").order_by("role", "person__email")
    return tuple(
        ApproverView(row.role, row.person.email, row.person.name, row.appointed_at, row.appointed_by) for row in rows
    )


def _view(row: AgreementRevision, change: StatusChange | None) -> AgreementView:
    stands = as_standing(parsed(row), change)
    return AgreementView(
        stands.id,
        stands.revision,
        stands.status.value,
        tuple(stands.parties.values()),
        tuple(stands.communities),
        tuple(stands.categories),
        stands.legal.effective_from,
        stands.legal.effective_until,
        _review_on(stands, clock.now().date()),
        row.is_demo,
        row.sha256,
        row.imported_at,
        row.imported_by,
    )


def _revision(row: AgreementRevision) -> RevisionView:
    return RevisionView(row.revision, row.status, row.sha256, row.is_demo, row.imported_at, row.imported_by)


def _review_on(found: Agreement, today: date) -> date | None:
    """The first review day that is not past, counted from the day on which the agreement took effect."""
    review = found.legal.review
    if review is None or review.every_months < 1:
        return None
    return next(day for day in _days_of_review(found.legal.effective_from.date(), review.every_months) if day >= today)


def _days_of_review(first: date, months: int) -> Iterable[date]:
    count = first.year * 12 + first.month - 1
    while True:
        count += months
        year, month = divmod(count, 12)
        yield date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
