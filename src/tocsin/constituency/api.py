"""What programs may read of the constituency, its people and the audit log. Every operation declares its permission."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from tocsin.constituency import queries
from tocsin.constituency.access import Permission, needs, viewer_of

router = Router(tags=["constituency"])

Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="How many rows to leave out.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many rows to give at most.")]
#: A time with its zone, in years that every database knows in every zone.
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))]
Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


class _Frozen(Schema):
    """An answer; nobody changes it on its way out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class NameOut(_Frozen):
    """A slug with its name in English and Urdu."""

    slug: str
    name_en: str
    name_ur: str


class SectorOut(NameOut):
    """A sector with the number of its active organisations."""

    organisations: int


class OrganisationOut(NameOut):
    """An organisation in a list."""

    uid: UUID
    sector: NameOut | None
    province: NameOut | None
    is_provider: bool
    is_active: bool


class ContactOut(_Frozen):
    """How an organisation is reached, and for what."""

    role: str
    name: str
    email: str
    phone: str
    language: str


class HoldingOut(_Frozen):
    """A network, domain, AS number or registry id with its validity (from inclusive, until exclusive; null is open)."""

    text: str
    asn: int | None
    valid_from: AwareDatetime | None
    valid_until: Moment | None
    origin: str


class OrganisationDetailOut(OrganisationOut):
    """An organisation with what is around it; networks and domains come by page."""

    parent: NameOut | None
    children: list[NameOut]
    contacts: list[ContactOut]
    autonomous_systems: list[HoldingOut]
    registry_handles: list[HoldingOut]
    network_total: int
    domain_total: int


class _PageOut(_Frozen):
    """Some rows of ``total``."""

    total: int
    offset: int
    limit: int


class OrganisationsOut(_PageOut):
    """A page of organisations."""

    rows: list[OrganisationOut]


class HoldingsOut(_PageOut):
    """A page of networks or domains."""

    rows: list[HoldingOut]


class ConsideredOut(_Frozen):
    """A network or domain that covers what was asked; ``passed_over`` says why it did not win (null: it won)."""

    owner: str | None
    place: str
    valid_from: AwareDatetime | None
    valid_until: Moment | None
    label: str
    passed_over: str | None


class WhoseOut(_Frozen):
    """Whose an address or domain was at a moment; ``owner`` null is nobody's."""

    asked: str
    at: AwareDatetime
    owner: str | None
    reason: str
    text: str
    considered: list[ConsideredOut]

    @staticmethod
    def resolve_reason(found: Any) -> str:
        """The reason as a word."""
        return str(found.reason.name).lower()


class PersonOut(_Frozen):
    """Somebody of the team."""

    uid: UUID
    email: str
    name: str
    language: str
    roles: list[str]
    is_active: bool
    added_at: AwareDatetime
    last_login: AwareDatetime | None


class PeopleOut(_PageOut):
    """A page of people."""

    rows: list[PersonOut]


class AuditEntryOut(_Frozen):
    """One line of the audit log."""

    number: int
    at: AwareDatetime
    actor_name: str
    actor_kind: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditEntriesOut(_PageOut):
    """A page of the audit log."""

    rows: list[AuditEntryOut]


@router.get("/organisations", response=OrganisationsOut, summary="Organisations by slug")
@needs(Permission.CONSTITUENCY_READ)
def organisations(
    request: HttpRequest,
    search: Word = "",
    sector: Word = "",
    province: Word = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """``search`` is part of a name or slug, or an address or domain that an organisation holds now."""
    return queries.organisations(
        viewer_of(request), search=search, sector=sector, province=province, offset=offset, limit=limit
    )


@router.get("/organisations/{slug:slug}", response=OrganisationDetailOut, summary="One organisation")
@needs(Permission.CONSTITUENCY_READ)
def organisation(request: HttpRequest, slug: str) -> Any:
    """With its contacts, autonomous systems and registry ids."""
    return queries.organisation(viewer_of(request), slug)


@router.get("/organisations/{slug:slug}/networks", response=HoldingsOut, summary="An organisation's networks")
@needs(Permission.CONSTITUENCY_READ)
def networks(request: HttpRequest, slug: str, offset: Offset = 0, limit: Limit = 50) -> Any:
    """Past ones too, in order of address."""
    return queries.networks(viewer_of(request), slug, offset=offset, limit=limit)


@router.get("/organisations/{slug:slug}/domains", response=HoldingsOut, summary="An organisation's domains")
@needs(Permission.CONSTITUENCY_READ)
def domains(request: HttpRequest, slug: str, offset: Offset = 0, limit: Limit = 50) -> Any:
    """Past ones too, by name."""
    return queries.domains(viewer_of(request), slug, offset=offset, limit=limit)


@router.get("/sectors", response=list[SectorOut], summary="Sectors by slug")
@needs(Permission.CONSTITUENCY_READ)
def sectors(request: HttpRequest) -> Any:
    """With the number of their active organisations."""
    return queries.sectors(viewer_of(request))


@router.get("/whose", response=WhoseOut, summary="Whose is this address or domain")
@needs(Permission.CONSTITUENCY_READ)
def whose(
    request: HttpRequest,
    subject: Annotated[str, Query(min_length=1, max_length=260, description="An address or a domain.")],
    at: Annotated[Moment | None, Query(description="As of this time; now by default.")] = None,
) -> Any:
    """The owner at that time, with everything that was considered and why it was passed over."""
    return queries.whose(viewer_of(request), subject, at)


@router.get("/people", response=PeopleOut, summary="The people of the team")
@needs(Permission.PEOPLE_READ)
def people(request: HttpRequest, offset: Offset = 0, limit: Limit = 50) -> Any:
    """By e-mail address, those who have left too."""
    return queries.people(viewer_of(request), offset=offset, limit=limit)


@router.get("/audit", response=AuditEntriesOut, summary="The audit log")
@needs(Permission.AUDIT_READ)
def audit(
    request: HttpRequest,
    actor: Word = "",
    action: Word = "",
    subject: Word = "",
    since: Moment | None = None,
    until: Moment | None = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """The newest first. ``action`` may be a whole room, such as ``constituency``."""
    return queries.audit_entries(
        viewer_of(request),
        actor=actor,
        action=action,
        subject=subject,
        since=since,
        until=until,
        offset=offset,
        limit=limit,
    )
