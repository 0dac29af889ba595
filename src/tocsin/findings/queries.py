"""Every read of this room. First argument: who looks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
from django.db.models import Count, Max, Q, QuerySet
from django.utils.timezone import localtime

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.findings.actions.attributing import ATTRIBUTION_SCHEMA
from tocsin.findings.models import AttributedPart, Finding, FindingChange, FindingSource
from tocsin.findings.rules import NEXT, Severity, State, is_identified
from tocsin.jobs.holdings import the_lake
from tocsin.vocab.clock import now
from tocsin.vocab.errors import NotFound, Unreadable

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding in a list. Names are the constituent's in both languages."""

    reference: str
    organisation: str
    name_en: str
    name_ur: str
    sector: str | None
    problem: str
    classification: str
    identifier: str
    malware: str
    asset: str
    severity: str
    state: str
    tlp: str
    pap: str
    observations: int
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SourceView:
    """What one feed of one source says below a finding."""

    source: str
    feed: str
    observations: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of state."""

    at: datetime
    actor: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class FindingDetail:
    """A finding with its sources, its history and what may follow."""

    finding: FindingView
    sources: tuple[SourceView, ...]
    changes: tuple[ChangeView, ...]
    next_states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservationView:
    """One observation behind a finding. ``because`` and ``place`` say why it is this constituent's; ``details`` is the rest."""

    uid: bytes
    observed_at: datetime
    time_is_assumed: bool
    source: str
    feed: str
    delivery: str
    member: str | None
    line: int | None
    ip: str | None
    port: int | None
    protocol: str | None
    host: str | None
    malware: str | None
    identifier: str | None
    tlp: str
    because: str
    place: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FindingSearch:
    """What to look for; empty means any. ``text`` is part of an asset, a reference, a malware name or a constituent's name."""

    text: str = ""
    organisation: str = ""
    sector: str = ""
    classification: str = ""
    severity: str = ""
    state: str = ""
    only_open: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """The figures of the situation page. Each list is (name, open findings), the largest first; days are ISO dates."""

    open: int
    all: int
    organisations: int
    by_severity: tuple[tuple[str, int], ...]
    by_sector: tuple[tuple[str, str, str, int], ...]
    by_classification: tuple[tuple[str, int], ...]
    by_organisation: tuple[tuple[str, str, str, int], ...]
    by_day: tuple[tuple[str, int], ...] = field(default=())


def findings(
    viewer: Viewer, search: FindingSearch, *, page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[FindingView], int]:
    """A page of findings (from 1), the worst and latest first, and the number of all that fit."""
    require(viewer, Permission.FINDINGS_READ)
    rows = _searched(search)
    # first which ones, from an index in this order; then those alone with what stands around them
    order = ("-severity_rank", "-last_seen_at", "-pk")
    chosen = list(rows.order_by(*order).values_list("pk", flat=True)[(page - 1) * size : page * size])
    found = Finding.objects.filter(pk__in=chosen).select_related("organisation__sector").order_by(*order)
    return [_view(row) for row in found], rows.count()


def finding(viewer: Viewer, reference: str) -> FindingDetail:
    """One finding. Raises ``NotFound``."""
    row = _row(viewer, reference)
    sources = FindingSource.objects.filter(finding=row).order_by("source", "feed")
    changes = FindingChange.objects.filter(finding=row)
    return FindingDetail(
        _view(row),
        tuple(SourceView(s.source, s.feed, s.observations, s.first_seen_at, s.last_seen_at) for s in sources),
        tuple(ChangeView(c.at, c.actor, c.before, c.after, c.reason) for c in changes),
        tuple(state.value for state in State if state in NEXT[State(row.state)]),
    )


_BEHIND = """
WITH behind AS (
    SELECT uid, observed_at, any_value(because) AS because, any_value(place) AS place FROM attribution
    WHERE organisation = $organisation AND asset = $asset AND classification = $classification
        AND ($identifier IS NULL OR coalesce(identifier, '') = $identifier)
    GROUP BY uid, observed_at ORDER BY observed_at DESC, uid LIMIT $most
)
SELECT DISTINCT ON (o.observed_at, o.uid) o.uid, o.observed_at, o.time_is_assumed, o.source, o.feed, o.delivery, o.member,
       o.line, o.ip, o.port, o.protocol, o.host, o.malware, o.identifier, o.tlp, behind.because, behind.place, o.details
FROM behind JOIN observations o ON o.uid = behind.uid AND o.observed_at = behind.observed_at
WHERE o.observed_at BETWEEN (SELECT min(observed_at) FROM behind) AND (SELECT max(observed_at) FROM behind)
ORDER BY o.observed_at DESC, o.uid, o.delivery, o.line
"""


def observations(viewer: Viewer, reference: str, *, most: int = 100) -> list[ObservationView]:
    """The latest observations behind a finding, newest first, read from the lake. Raises ``NotFound``."""
    row = _row(viewer, reference)
    wanted = {
        "organisation": str(row.organisation.uid),
        "asset": row.asset,
        "classification": row.classification,
        "identifier": row.identifier if is_identified(row.classification) else None,
        "most": most,
    }
    try:
        found = _behind(wanted)
    except Unreadable:
        # an absorption has replaced and swept a part between our two looks: the second sees what replaced it
        found = _behind(wanted)
    return [ObservationView(**{**each, "details": orjson.loads(each["details"] or "{}")}) for each in found.to_pylist()]


def _behind(wanted: dict[str, Any]) -> pa.Table:
    parts = list(AttributedPart.objects.order_by("pk").values_list("part", "path"))
    tables = {"observations": [part for part, _ in parts], "attribution": [path for _, path in parts]}
    return the_lake().query(_BEHIND, tables, wanted, schemas={"attribution": ATTRIBUTION_SCHEMA})


def counts(viewer: Viewer, *, days: int = 30, until: datetime | None = None) -> FindingCounts:
    """The figures of the situation page; ``by_day`` counts findings first seen on each of the last ``days`` days."""
    require(viewer, Permission.FINDINGS_READ)
    open_rows = Finding.objects.open()
    return FindingCounts(
        open=open_rows.count(),
        all=Finding.objects.count(),
        organisations=open_rows.values("organisation").distinct().count(),
        by_severity=_by_severity(open_rows),
        by_sector=_named(open_rows, "organisation__sector"),
        by_classification=_pairs(open_rows, "classification"),
        by_organisation=_named(open_rows, "organisation", most=10),
        by_day=_by_day(days, until),
    )


def open_by_organisation(viewer: Viewer) -> dict[str, int]:
    """Open findings of each constituent that has any, by its slug."""
    require(viewer, Permission.FINDINGS_READ)
    rows = Finding.objects.open().values_list("organisation__slug").annotate(number=Count("pk")).order_by()
    return dict(rows)


def attribution_accounts(viewer: Viewer) -> tuple[int, int]:
    """Observations attributed, and how many of them are somebody's."""
    require(viewer, Permission.FINDINGS_READ)
    rows = list(AttributedPart.objects.values_list("rows", "owned"))
    return sum(all_rows for all_rows, _ in rows), sum(owned for _, owned in rows)


def _row(viewer: Viewer, reference: str) -> Finding:
    require(viewer, Permission.FINDINGS_READ)
    found = Finding.objects.select_related("organisation__sector").filter(reference=reference.upper()).first()
    if found is None:
        raise NotFound(f"There is no finding {reference}.")
    return found


def _searched(search: FindingSearch) -> QuerySet[Finding]:
    rows = Finding.objects.open() if search.only_open else Finding.objects.all()
    exact = {
        "organisation__slug": search.organisation,
        "organisation__sector__slug": search.sector,
        "classification": search.classification,
        "severity": search.severity,
        "state": search.state,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if search.source:
        rows = rows.filter(pk__in=FindingSource.objects.filter(source=search.source).values("finding"))
    if search.text:
        text = search.text.strip()
        rows = rows.filter(
            Q(asset__icontains=text)
            | Q(reference__iexact=text)
            | Q(malware__icontains=text)
            | Q(organisation__name_en__icontains=text)
            | Q(organisation__name_ur__icontains=text)
        )
    return rows


def _pairs(rows: QuerySet[Finding], name: str) -> tuple[tuple[str, int], ...]:
    return tuple(rows.values_list(name).annotate(number=Count("pk")).order_by("-number", name))


def _by_severity(rows: QuerySet[Finding]) -> tuple[tuple[str, int], ...]:
    """By the rank, which stands in an index."""
    found = rows.values_list("severity_rank").annotate(number=Count("pk")).order_by("-number", "severity_rank")
    return tuple((list(Severity)[rank].value, number) for rank, number in found)


def _named(rows: QuerySet[Finding], name: str, most: int = 50) -> tuple[tuple[str, str, str, int], ...]:
    """(slug, English, Urdu, number) of a relation."""
    fields = [f"{name}__slug", f"{name}__name_en", f"{name}__name_ur"]
    found = rows.values_list(*fields).annotate(number=Count("pk")).order_by("-number", fields[0])[:most]
    return tuple((slug or "", en or "", ur or en or "", number) for slug, en, ur, number in found)


def _by_day(days: int, until: datetime | None) -> tuple[tuple[str, int], ...]:
    """One short look into an index a day: SQLite calls back into Python for the date of every row."""
    rows = Finding.objects.exclude(state=State.WITHDRAWN.value)
    latest = rows.aggregate(latest=Max("first_seen_at"))["latest"]
    if latest is None:
        return ()
    # a source whose clock is ahead must not move the window into the future
    last = until or min(latest, now())
    midnight = localtime(last).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = []
    for ago in range(days - 1, -1, -1):
        begin = midnight - timedelta(days=ago)
        ends = min(begin + timedelta(days=1), last + timedelta(microseconds=1))
        number = rows.filter(first_seen_at__gte=begin, first_seen_at__lt=ends).count()
        if number:
            counted.append((begin.date().isoformat(), number))
    return tuple(counted)


def _view(row: Finding) -> FindingView:
    organisation = row.organisation
    return FindingView(
        reference=row.reference,
        organisation=organisation.slug,
        name_en=organisation.name_en,
        name_ur=organisation.name_ur or organisation.name_en,
        sector=organisation.sector.slug if organisation.sector else None,
        problem=row.problem,
        classification=row.classification,
        identifier=row.identifier,
        malware=row.malware,
        asset=row.asset,
        severity=row.severity,
        state=row.state,
        tlp=row.tlp,
        pap=row.pap,
        observations=row.observations,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
    )
