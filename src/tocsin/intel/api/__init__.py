"""What programs may read of intel: everything that the console shows, and downloads. Every operation declares its permission."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Schema
from pydantic import AwareDatetime, Field

from tocsin.agreements.release import release
from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.intel import queries
from tocsin.intel.api import objects
from tocsin.intel.api.base import After, Frozen, PageOut, Size, Word, router
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType

__all__ = ["objects", "router"]


class SourceOut(Frozen):
    """A source with what holds where its records are silent. Days in `valid_for` (null: until withdrawn) and `retain_for`."""

    name: str
    title: str
    description: str
    url: str
    feeds: list[str]
    tlp: Tlp
    pap: Pap
    confidence: int
    valid_for: int | None
    retain_for: int
    is_enabled: bool
    added_at: AwareDatetime
    deliveries: int
    last_delivery_at: AwareDatetime | None


class AccountsOut(Frozen):
    """The books of a delivery: received = kept + duplicate + rejected."""

    received: int
    kept: int
    duplicate: int
    rejected: int


class DeliveryOut(Frozen):
    """A delivery; `size` in bytes as received."""

    uid: UUID
    source: str
    feed: str
    gives: str
    state: str
    received_at: AwareDatetime
    digest: str
    size: int
    members: int
    accounts: AccountsOut
    indicators_new: int
    indicators_seen: int
    retracted: int
    observations: int
    tlp: Tlp
    pap: Pap
    actor: str
    seconds: float


class DeliveryFileOut(Frozen):
    """A file of a delivery; `buried_at` is set once its bytes were destroyed."""

    name: str
    sha256: str
    size: int
    buried_at: AwareDatetime | None


class RejectedRowOut(Frozen):
    """A row that was refused, with its place and the reason."""

    member: str
    line: int
    problem: str
    raw: str


class IndicatorOut(Frozen):
    """An indicator as the sum of what its sources say."""

    uid: UUID
    type: ObservableType
    value: str
    is_matchable: bool
    tlp: Tlp
    pap: Pap
    confidence: int
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    is_revoked: bool
    to_ids: bool
    version: int
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime
    malware: list[str]
    sources: list[str]


class ProvenanceOut(Frozen):
    """What one feed says about an indicator, and where it stands in its last delivery."""

    source: str
    feed: str
    malware: str | None
    classification: str
    external_id: str | None
    given: str | None
    confidence: int
    tlp: Tlp
    pap: Pap
    to_ids: bool
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    is_revoked: bool
    description: str | None
    references: list[str]
    tags: list[str]
    details: dict[str, Any] | None
    first_delivery: UUID
    first_delivery_at: AwareDatetime
    last_delivery: UUID
    last_delivery_at: AwareDatetime
    member: str
    line: int
    count: int


class IndicatorDetailOut(Frozen):
    """An indicator with every provenance and the warning lists that know its value as good."""

    indicator: IndicatorOut
    provenances: list[ProvenanceOut]
    known_good: list[str]
    false_positives: list[objects.RemarkOut]


class WarningListOut(Frozen):
    """A warning list; `scope` is `as-kind` or `exact-host`."""

    slug: str
    name: str
    source: str
    kind: str
    scope: str
    version: str
    matching_attributes: list[str]
    size: int
    is_enabled: bool
    changed_at: AwareDatetime


class DeliveriesOut(PageOut):
    """A page of deliveries."""

    rows: list[DeliveryOut]


class RejectedRowsOut(PageOut):
    """A page of refused rows."""

    rows: list[RejectedRowOut]


class IndicatorsOut(PageOut):
    """A page of indicators."""

    rows: list[IndicatorOut]


class EntriesOut(PageOut):
    """A page of a warning list's values."""

    rows: list[str]


class Wanted(Schema):
    """What indicators to look for; everything given must hold."""

    text: str = Field(
        "", max_length=2000, pattern=r"^[^\x00]*$", description="A value or its beginning, in any spelling."
    )
    type: ObservableType | None = Field(None, description="One type only.")
    source: str = Field("", max_length=60, pattern=r"^[^\x00]*$", description="A source's name.")
    malware: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="A family, in any case.")
    tag: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="A tag, in any case.")

    def search(self) -> queries.IndicatorSearch:
        """As the room's reads want it."""
        return queries.IndicatorSearch(self.text, self.type, self.source, self.malware, self.tag)


@router.get("/sources", response=list[SourceOut], summary="Sources by name")
@needs(Permission.INTEL_READ)
def sources(request: HttpRequest) -> Any:
    """With their defaults and the number of their deliveries."""
    return list(queries.sources(viewer_of(request)))


@router.get("/sources/{name}", response=SourceOut, summary="One source")
@needs(Permission.INTEL_READ)
def source(request: HttpRequest, name: str) -> Any:
    """With its defaults."""
    return queries.source(viewer_of(request), name)


@router.get("/deliveries", response=DeliveriesOut, summary="Deliveries, newest first")
@needs(Permission.INTEL_READ)
def deliveries(request: HttpRequest, source: Word = "", after: After = None, size: Size = 50) -> Any:
    """Of all sources or of one, each with its books."""
    return queries.deliveries(viewer_of(request), source=source or None, after=after, size=size)


@router.get("/deliveries/{uuid:uid}", response=DeliveryOut, summary="One delivery")
@needs(Permission.INTEL_READ)
def delivery(request: HttpRequest, uid: UUID) -> Any:
    """With its books."""
    return queries.delivery(viewer_of(request), uid)


@router.get("/deliveries/{uuid:uid}/files", response=list[DeliveryFileOut], summary="The files of a delivery")
@needs(Permission.INTEL_READ)
def delivery_files(request: HttpRequest, uid: UUID) -> Any:
    """As they were handed in."""
    return list(queries.delivery_files(viewer_of(request), uid))


@router.get("/deliveries/{uuid:uid}/rejected", response=RejectedRowsOut, summary="What was refused of a delivery")
@needs(Permission.INTEL_READ)
def rejected_rows(request: HttpRequest, uid: UUID, after: After = None, size: Size = 50) -> Any:
    """Every row with its place and the reason."""
    return queries.rejected_rows(viewer_of(request), uid, after=after, size=size)


@router.get("/indicators", response=IndicatorsOut, summary="Search indicators")
@needs(Permission.INTEL_READ)
def indicators(request: HttpRequest, wanted: Query[Wanted], after: After = None, size: Size = 50) -> Any:
    """With a text or a type in the order of values, the likeliest type first; else newest first."""
    return queries.indicators(viewer_of(request), wanted.search(), after=after, size=size)


@router.get("/indicators.jsonl", response={200: None}, summary="Download indicators, one JSON object a line")
@needs(Permission.INTEL_READ)
def download(request: HttpRequest, wanted: Query[Wanted]) -> StreamingHttpResponse:
    """All that fit the search. The download is in the audit log."""
    viewer, search = viewer_of(request), wanted.search()
    told = " ".join(f"{name}={value}" for name, value in wanted.dict(exclude_defaults=True).items())
    rows = release(
        actor=viewer,
        what=f"indicators {told}".strip(),
        permission=Permission.INTEL_READ,
        rows=queries.all_indicators(viewer, search),
    )
    return StreamingHttpResponse(_lines(rows), content_type="application/x-ndjson")


def _lines(rows: Iterator[queries.IndicatorView]) -> Iterator[bytes]:
    for row in rows:
        yield orjson.dumps(row) + b"\n"


@router.get("/indicators/{uuid:uid}", response=IndicatorDetailOut, summary="One indicator")
@needs(Permission.INTEL_READ)
def indicator(request: HttpRequest, uid: UUID) -> Any:
    """With every provenance, the most confident first."""
    return queries.indicator(viewer_of(request), uid)


@router.get("/warning-lists", response=list[WarningListOut], summary="Warning lists by name")
@needs(Permission.INTEL_READ)
def warning_lists(request: HttpRequest) -> Any:
    """Enabled or not."""
    return list(queries.warning_lists(viewer_of(request)))


@router.get("/warning-lists/{slug}", response=WarningListOut, summary="One warning list")
@needs(Permission.INTEL_READ)
def warning_list(request: HttpRequest, slug: str) -> Any:
    """Its values come by page."""
    return queries.warning_list(viewer_of(request), slug)


@router.get("/warning-lists/{slug}/entries", response=EntriesOut, summary="The values of a warning list")
@needs(Permission.INTEL_READ)
def warning_list_entries(request: HttpRequest, slug: str, after: After = None, size: Size = 50) -> Any:
    """In the list's own order."""
    return queries.warning_list_entries(viewer_of(request), slug, after=after, size=size)
