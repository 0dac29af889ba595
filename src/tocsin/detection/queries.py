"""Every read of this room. First argument: who looks. Only runs that are done are counted anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Prefetch, QuerySet, Sum

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.detection.models import Hit, HitParty, Run, RunFile
from tocsin.vocab.errors import NotFound

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class RunView:
    """A run in a list. ``owner`` is the slug of the organisation whose logs they were, with its names beside it."""

    uid: UUID
    state: str
    started_by: str
    owner: str | None
    owner_en: str | None
    owner_ur: str | None
    started_at: datetime
    finished_at: datetime | None
    indicators: int
    bytes: int
    lines: int
    seconds: float
    hits: int
    counted: int
    problem: str
    set_digest: str

    @property
    def megabytes_per_second(self) -> float:
        """Decompressed megabytes (10⁶) a second, matching and attribution together."""
        return self.bytes / 1e6 / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class RunFileView:
    """One log of a run."""

    name: str
    bytes: int
    lines: int
    hits: int


@dataclass(frozen=True, slots=True)
class PartyView:
    """Whom a hit concerns, and why (``rules.Because``). Without an organisation it is nobody's."""

    organisation: str | None
    name_en: str | None
    name_ur: str | None
    address: str
    because: str


@dataclass(frozen=True, slots=True)
class HitView:
    """A hit with its evidence. ``outcome`` is counted, known-good, expired, not-yet-valid or revoked."""

    number: int
    run: UUID
    file: str
    line: int
    evidence: str
    indicator: UUID
    indicator_type: str
    indicator_value: str
    indicator_version: int
    observed_at: datetime
    time_is_assumed: bool
    outcome: str
    known_good: str
    parties: tuple[PartyView, ...]

    @property
    def place(self) -> str:
        """``file:line`` of the evidence."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class HitPage:
    """A page of hits; ``next`` is handed in as ``after`` for what follows."""

    rows: tuple[HitView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class HitSearch:
    """What to look for; empty means any. ``organisation`` and ``run`` by their names outside, ``text`` in the indicator's value."""

    run: UUID | None = None
    outcome: str = ""
    organisation: str = ""
    indicator: UUID | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class DetectionCounts:
    """The figures of the situation page, over runs that are done."""

    runs: int
    lines: int
    bytes: int
    hits: int
    counted: int
    last_run_at: datetime | None


def runs(viewer: Viewer, *, page: int = 1, size: int = PAGE_SIZE) -> tuple[list[RunView], int]:
    """A page of runs (from 1), newest first, and the number of all."""
    require(viewer, Permission.RUNS_READ)
    rows = Run.objects.select_related("owner")
    return [_run_view(row) for row in rows[(page - 1) * size : page * size]], rows.count()


def run(viewer: Viewer, uid: UUID) -> RunView:
    """One run. Raises ``NotFound``."""
    require(viewer, Permission.RUNS_READ)
    found = Run.objects.select_related("owner").filter(uid=uid).first()
    if found is None:
        raise NotFound(f"There is no run {uid}.")
    return _run_view(found)


def run_files(viewer: Viewer, uid: UUID) -> list[RunFileView]:
    """The logs of a run in the order in which they were searched."""
    require(viewer, Permission.RUNS_READ)
    rows = RunFile.objects.filter(run__uid=uid).order_by("pk")
    return [RunFileView(row.name, row.bytes, row.lines, row.hits) for row in rows]


def hits(viewer: Viewer, search: HitSearch, *, after: str | None = None, size: int = PAGE_SIZE) -> HitPage:
    """A page of hits in the order file, line, indicator as they were found, newest run first."""
    require(viewer, Permission.RUNS_READ)
    rows = _searched(search)
    if after:
        rows = rows.filter(pk__lt=_number(after)) if search.run is None else rows.filter(pk__gt=_number(after))
    found = list(_with_all(rows.order_by("pk" if search.run else "-pk"))[: size + 1])
    following = str(found[size - 1].pk) if len(found) > size else None
    return HitPage(tuple(_hit_view(row) for row in found[:size]), following)


def hit(viewer: Viewer, number: int) -> HitView:
    """One hit of a run that is done. Raises ``NotFound``."""
    require(viewer, Permission.RUNS_READ)
    found = _with_all(_done().filter(pk=number)).first()
    if found is None:
        raise NotFound(f"There is no hit {number}.")
    return _hit_view(found)


def hits_of_observations(viewer: Viewer, uids: Iterable[bytes], *, size: int = PAGE_SIZE) -> list[HitView]:
    """The hits that became these observations (16-byte identities): the evidence behind a finding."""
    require(viewer, Permission.RUNS_READ)
    rows = _with_all(_done().filter(parties__observation__in=list(uids)).distinct().order_by("-observed_at", "pk"))
    return [_hit_view(row) for row in rows[:size]]


def sightings(viewer: Viewer, indicator: UUID, *, size: int = PAGE_SIZE) -> list[HitView]:
    """Where an indicator was hit, newest first."""
    require(viewer, Permission.RUNS_READ)
    rows = _with_all(_done().filter(indicator__uid=indicator).order_by("-observed_at", "-pk"))
    return [_hit_view(row) for row in rows[:size]]


def counts(viewer: Viewer) -> DetectionCounts:
    """The figures of the situation page."""
    require(viewer, Permission.RUNS_READ)
    totals = Run.objects.filter(state=Run.State.DONE).aggregate(
        runs=Count("pk"),
        lines=Sum("lines", default=0),
        bytes=Sum("bytes", default=0),
        hits=Sum("hits", default=0),
        counted=Sum("counted", default=0),
        last_run_at=Max("finished_at"),
    )
    return DetectionCounts(**totals)


def committed_parts(viewer: Viewer) -> tuple[str, ...]:
    """Paths of the lake parts of runs that are done, oldest first."""
    require(viewer, Permission.RUNS_READ)
    rows = Run.objects.filter(state=Run.State.DONE).exclude(part="").order_by("pk")
    return tuple(rows.values_list("part", flat=True))


def _done() -> QuerySet[Hit]:
    return Hit.objects.filter(run__state=Run.State.DONE)


def _searched(search: HitSearch) -> QuerySet[Hit]:
    rows = _done()
    if search.run:
        rows = rows.filter(run__uid=search.run)
    if search.outcome:
        rows = rows.filter(outcome=search.outcome)
    if search.organisation:
        rows = rows.filter(parties__organisation__slug=search.organisation).distinct()
    if search.indicator:
        rows = rows.filter(indicator__uid=search.indicator)
    if search.text:
        rows = rows.filter(indicator__value__contains=search.text.lower())
    return rows


def _with_all(rows: QuerySet[Hit]) -> QuerySet[Hit]:
    parties = Prefetch("parties", HitParty.objects.select_related("organisation").order_by("pk"))
    return rows.select_related("run", "file", "indicator").prefetch_related(parties)


def _number(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise NotFound("There is no such page.")
    return int(after)


def _run_view(row: Run) -> RunView:
    return RunView(
        uid=row.uid,
        state=row.state,
        started_by=row.started_by,
        owner=row.owner.slug if row.owner else None,
        owner_en=row.owner.name_en if row.owner else None,
        owner_ur=(row.owner.name_ur or row.owner.name_en) if row.owner else None,
        started_at=row.started_at,
        finished_at=row.finished_at,
        indicators=row.indicators,
        bytes=row.bytes,
        lines=row.lines,
        seconds=row.seconds,
        hits=row.hits,
        counted=row.counted,
        problem=row.problem,
        set_digest=row.set_digest,
    )


def _party_view(row: HitParty) -> PartyView:
    organisation = row.organisation
    if organisation is None:
        return PartyView(None, None, None, row.address, row.because)
    name_ur = organisation.name_ur or organisation.name_en
    return PartyView(organisation.slug, organisation.name_en, name_ur, row.address, row.because)


def _hit_view(row: Hit) -> HitView:
    return HitView(
        number=row.pk,
        run=row.run.uid,
        file=row.file.name,
        line=row.line,
        evidence=row.evidence,
        indicator=row.indicator.uid,
        indicator_type=row.indicator.type,
        indicator_value=row.indicator.value,
        indicator_version=row.indicator_version,
        observed_at=row.observed_at,
        time_is_assumed=row.time_is_assumed,
        outcome=row.outcome,
        known_good=row.known_good,
        parties=tuple(_party_view(party) for party in row.parties.all()),
    )
