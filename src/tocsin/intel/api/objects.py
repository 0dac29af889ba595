"""STIX objects for programs of our own people: what is known of one, and what we say about it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Schema
from pydantic import AwareDatetime, Field

from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.intel import actions, queries
from tocsin.intel.api.base import After, Frozen, PageOut, Size, router
from tocsin.vocab.markings import Tlp

_PLAIN = r"^[^\x00]*$"
StixId = Annotated[str, Path(max_length=300, pattern=_PLAIN, description="The STIX id of an object.")]


class ObjectOut(Frozen):
    """The newest version of an object; `marking` is empty if it has none and `unknown` if it cannot be read."""

    stix_id: str
    type: str
    name: str
    modified_at: AwareDatetime
    spec_version: str
    confidence: int | None
    is_revoked: bool
    marking: str
    derived_marking: str
    originator: str
    sources: list[str]
    added_at: AwareDatetime


class StandingOut(Frozen):
    """The sum of all that sources say of an object and of what it is merged with."""

    confidence: int | None
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    is_revoked: bool
    marking: str


class GiverOut(Frozen):
    """Who gave a version, when, how often, and in which delivery last."""

    source: str
    first_at: AwareDatetime
    last_at: AwareDatetime
    count: int
    delivery: UUID | None


class VersionOut(Frozen):
    """A stored version; `subject` is what agreements are told of it."""

    modified_at: AwareDatetime
    sha256: str
    size: int
    is_revoked: bool
    marking: str
    added_at: AwareDatetime
    givers: list[GiverOut]
    subject: dict[str, Any]


class ValueOut(Frozen):
    """A value that the object speaks of, how many others do (`is_more`: at least so many), and some of them."""

    type: str
    value: str
    others: int
    is_more: bool
    some: list[str]


class SightingOut(Frozen):
    """A sighting; `hosts` is the smallest cell behind its count, null if unknown."""

    stix_id: str
    source: str
    is_ours: bool
    count: int
    hosts: int | None
    first_seen_at: AwareDatetime | None
    last_seen_at: AwareDatetime | None
    said_at: AwareDatetime
    said_by: str


class SeenOut(Frozen):
    """All sightings together."""

    count: int
    ours: int
    sources: int
    hosts: int | None
    first_seen_at: AwareDatetime | None
    last_seen_at: AwareDatetime | None
    rows: list[SightingOut]


class RemarkOut(Frozen):
    """A report of a false positive or a retraction: who, why, when."""

    stix_id: str
    source: str
    is_ours: bool
    reason: str
    said_at: AwareDatetime
    said_by: str


class MergeOut(Frozen):
    """A merge that stands."""

    uid: UUID
    canonical: str
    members: list[str]
    reason: str
    made_by: str
    made_at: AwareDatetime


class ObjectDetailOut(Frozen):
    """An object with everything known about it."""

    object: ObjectOut
    standing: StandingOut
    content: dict[str, Any]
    versions: list[VersionOut]
    values: list[ValueOut]
    seen: SeenOut
    false_positives: list[RemarkOut]
    retractions: list[RemarkOut]
    merge: MergeOut | None
    merged: list[ObjectOut]


class ObjectsOut(PageOut):
    """A page of objects."""

    rows: list[ObjectOut]


class WantedObjects(Schema):
    """What objects to look for; everything given must hold."""

    stix_id: str = Field("", max_length=300, pattern=_PLAIN, description="A STIX id.")
    type: str = Field("", max_length=250, pattern=_PLAIN, description="A STIX type.")
    value: str = Field("", max_length=2000, pattern=_PLAIN, description="A value that it speaks of, in any spelling.")
    source: str = Field("", max_length=120, pattern=_PLAIN, description="Who gave it.")
    marking: Literal["", "none", "unknown", "clear", "green", "amber", "amber+strict", "red"] = Field(
        "", description="Its own TLP label."
    )

    def search(self) -> queries.ObjectSearch:
        """As the room's reads want it."""
        return queries.ObjectSearch(self.stix_id, self.type, self.value, self.source, self.marking)


class SightingIn(Schema):
    """Seen: how often and when. Without `hosts`, the smallest cell behind the count, an agreement that asks for k-anonymity holds it."""

    count: int = Field(ge=0, le=999_999_999)
    first_seen_at: AwareDatetime | None = None
    last_seen_at: AwareDatetime | None = None
    hosts: int | None = Field(None, ge=0, le=999_999_999)
    tlp: Tlp | None = Field(None, description="Its label; that of the object unless said.")


class ReasonIn(Schema):
    """Why we say so, for whoever gets it."""

    reason: str = Field(min_length=1, max_length=4000, pattern=_PLAIN)
    tlp: Tlp | None = Field(None, description="The label of what we say; that of the object unless said.")


class SaidOut(Frozen):
    """The STIX object that says so."""

    stix_id: str


@router.get("/objects", response=ObjectsOut, summary="STIX objects, what was kept last first")
@needs(Permission.INTEL_READ)
def stix_objects(request: HttpRequest, wanted: Query[WantedObjects], after: After = None, size: Size = 50) -> Any:
    """By their newest version."""
    return queries.objects(viewer_of(request), wanted.search(), after=after, size=size)


@router.get("/objects/{stix_id}", response=ObjectDetailOut, summary="One STIX object")
@needs(Permission.INTEL_READ)
def stix_object(request: HttpRequest, stix_id: StixId) -> Any:
    """With its versions, who gave them, what else speaks of its values, and what is said about it."""
    return queries.stix_object(viewer_of(request), stix_id)


@router.post("/objects/{stix_id}/sightings", response=SaidOut, summary="Say that an object was seen")
@needs(Permission.INTEL_INGEST)
def sight(request: HttpRequest, stix_id: StixId, said: SightingIn) -> dict[str, Any]:
    """Saying the same again changes nothing."""
    viewer = viewer_of(request)
    told = actions.sight(
        actor=viewer,
        about=stix_id,
        count=said.count,
        first_seen_at=said.first_seen_at,
        last_seen_at=said.last_seen_at,
        hosts=said.hosts,
        tlp=said.tlp,
    )
    return {"stix_id": told}


@router.post("/objects/{stix_id}/false-positive", response=SaidOut, summary="Say that an object is a false positive")
@needs(Permission.INTEL_INGEST)
def report_false_positive(request: HttpRequest, stix_id: StixId, said: ReasonIn) -> dict[str, Any]:
    """The newest reason counts; hits on its value are known as good from now on."""
    viewer = viewer_of(request)
    told = actions.report_false_positive(actor=viewer, about=stix_id, reason=said.reason, tlp=said.tlp)
    return {"stix_id": told}


@router.post("/objects/{stix_id}/retraction", response=SaidOut, summary="Withdraw an object")
@needs(Permission.INTEL_INGEST)
def retract(request: HttpRequest, stix_id: StixId, said: ReasonIn) -> dict[str, Any]:
    """Ours is revoked for good (409 if it is already); of another's we say that it should be."""
    viewer = viewer_of(request)
    return {"stix_id": actions.retract(actor=viewer, stix_id=stix_id, reason=said.reason, tlp=said.tlp)}
