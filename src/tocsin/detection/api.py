"""What programs may read of detection: runs, hits with their evidence, sightings of an indicator."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.detection import queries

router = Router(tags=["detection"])

Page = Annotated[int, Query(ge=1, le=100_000, description="Page, from 1.")]
After = Annotated[str | None, Query(max_length=18, description="`next` of the page before.")]


class RunOut(Schema):
    """A search of some logs. Sizes in bytes, times in UTC."""

    uid: UUID
    state: Literal["running", "done", "failed"]
    started_by: str
    owner: str | None = Field(description="Short name of the organisation whose logs they were.")
    started_at: datetime
    finished_at: datetime | None
    indicators: int
    set_digest: str
    bytes: int
    lines: int
    seconds: float
    hits: int
    counted: int
    problem: str


class RunFileOut(Schema):
    """One log of a run."""

    name: str
    bytes: int
    lines: int
    hits: int


class RunDetailOut(RunOut):
    """A run with its logs."""

    files: list[RunFileOut]


class RunsOut(Schema):
    """A page of runs, newest first; `count` is the number of all."""

    count: int
    items: list[RunOut]


class PartyOut(Schema):
    """Whom a hit concerns; without an organisation it is nobody's."""

    organisation: str | None
    address: str
    because: str


class HitOut(Schema):
    """One indicator on one line, with the line itself."""

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
    outcome: Literal["counted", "known-good", "expired", "not-yet-valid", "revoked"]
    known_good: str
    parties: list[PartyOut]


class HitsOut(Schema):
    """A page of hits; give `next` as `after` for what follows."""

    items: list[HitOut]
    next: str | None


@router.get("/runs", response=RunsOut, summary="Runs, newest first")
@needs(Permission.RUNS_READ)
def list_runs(request: HttpRequest, page: Page = 1) -> dict[str, Any]:
    """A page of 50 runs."""
    found, count = queries.runs(viewer_of(request), page=page)
    return {"count": count, "items": [asdict(one) for one in found]}


@router.get("/runs/{uid}", response=RunDetailOut, summary="One run with its logs")
@needs(Permission.RUNS_READ)
def show_run(request: HttpRequest, uid: UUID) -> dict[str, Any]:
    """A run and what each of its logs came to."""
    viewer = viewer_of(request)
    found = queries.run(viewer, uid)
    return {**asdict(found), "files": [asdict(one) for one in queries.run_files(viewer, uid)]}


@router.get("/hits", response=HitsOut, summary="Hits with their evidence")
@needs(Permission.RUNS_READ)
def list_hits(
    request: HttpRequest,
    run: UUID | None = None,
    outcome: Literal["", "counted", "known-good", "expired", "not-yet-valid", "revoked"] = "",
    organisation: Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")] = "",
    indicator: UUID | None = None,
    after: After = None,
) -> dict[str, Any]:
    """A page of 50 hits of runs that are done."""
    search = queries.HitSearch(run, outcome, organisation, indicator)
    found = queries.hits(viewer_of(request), search, after=after)
    return {"items": [asdict(one) for one in found.rows], "next": found.next}
