"""What programs may read of findings, and the one thing they may say: a judgement."""

from base64 import b16encode
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.findings import actions, queries
from tocsin.findings.rules import State

router = Router(tags=["findings"])

Page = Annotated[int, Query(ge=1, le=100_000, description="Page, from 1.")]
Word = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


class FindingOut(Schema):
    """One open problem of one constituent."""

    reference: str
    organisation: str
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


class FindingsOut(Schema):
    """A page of findings, the worst and latest first; `count` is the number of all that fit."""

    count: int
    items: list[FindingOut]


class FindingSourceOut(Schema):
    """What one feed of one source says below a finding."""

    source: str
    feed: str
    observations: int
    first_seen_at: datetime
    last_seen_at: datetime


class ChangeOut(Schema):
    """One change of state."""

    at: datetime
    actor: str
    before: str
    after: str
    reason: str


class FindingDetailOut(Schema):
    """A finding with its sources, its history and what may follow."""

    finding: FindingOut
    sources: list[FindingSourceOut]
    changes: list[ChangeOut]
    next_states: list[str]


class ObservationOut(Schema):
    """One observation behind a finding."""

    uid: str
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


class JudgementIn(Schema):
    """A person's judgement about a finding."""

    state: State
    reason: str = Field(max_length=4000, pattern=r"^[^\x00]*$", description="Why, in a few words.")


@router.get("/findings", response=FindingsOut, summary="Findings, the worst and latest first")
@needs(Permission.FINDINGS_READ)
def list_findings(
    request: HttpRequest,
    search: Word = "",
    organisation: Word = "",
    sector: Word = "",
    classification: Word = "",
    severity: Literal["", "info", "low", "medium", "high", "critical"] = "",
    state: Literal["", "new", "acknowledged", "false-positive", "accepted-risk", "reopened", "withdrawn"] = "",
    only_open: bool = False,
    page: Page = 1,
) -> dict[str, Any]:
    """A page of 50 findings."""
    wanted = queries.FindingSearch(search, organisation, sector, classification, severity, state, only_open)
    found, count = queries.findings(viewer_of(request), wanted, page=page)
    return {"count": count, "items": [asdict(one) for one in found]}


@router.get("/findings/{reference}", response=FindingDetailOut, summary="One finding with its history")
@needs(Permission.FINDINGS_READ)
def show_finding(request: HttpRequest, reference: str) -> dict[str, Any]:
    """A finding, who says so, what was done."""
    return asdict(queries.finding(viewer_of(request), reference))


@router.get("/findings/{reference}/observations", response=list[ObservationOut], summary="What a finding rests on")
@needs(Permission.FINDINGS_READ)
def list_observations(request: HttpRequest, reference: str) -> list[dict[str, Any]]:
    """The latest 100 observations, newest first."""
    found = queries.observations(viewer_of(request), reference)
    return [{**asdict(one), "uid": b16encode(one.uid).decode().lower()} for one in found]


@router.post("/findings/{reference}/judgement", response=FindingDetailOut, summary="Judge a finding")
@needs(Permission.FINDINGS_TRIAGE)
def judge(request: HttpRequest, reference: str, judgement: JudgementIn) -> dict[str, Any]:
    """Move a finding to another state; 409 if that state cannot follow, 400 without a reason."""
    viewer = viewer_of(request)
    actions.triage(actor=viewer, reference=reference.upper(), state=judgement.state, reason=judgement.reason)
    return asdict(queries.finding(viewer, reference))
