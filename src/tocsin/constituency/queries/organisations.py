"""Organisations, sectors and what organisations hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.constituency.models import Contact, Domain, Network, Organisation, Province, Sector
from tocsin.constituency.models.holdings import Holding
from tocsin.constituency.queries.paging import Page, page
from tocsin.constituency.rules.attribution import address_key
from tocsin.vocab import clock
from tocsin.vocab.errors import NotFound


@dataclass(frozen=True, slots=True)
class Name:
    """A thing with a slug and a name in both languages."""

    slug: str
    name_en: str
    name_ur: str

    def name_in(self, language: str) -> str:
        """The name in a language, in English where there is none."""
        return (self.name_ur or self.name_en) if language == "ur" else self.name_en


@dataclass(frozen=True, slots=True)
class SectorRow(Name):
    """A sector with the number of its active organisations."""

    organisations: int


@dataclass(frozen=True, slots=True)
class OrganisationRow(Name):
    """An organisation in a list. Counts are of what it holds now."""

    uid: UUID
    sector: Name | None
    province: Name | None
    is_provider: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class ContactRow:
    """How to reach an organisation, and for what: 24/7, ciso, abuse or legal."""

    role: str
    name: str
    email: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A network, domain, number or registry id with its validity; ``asn`` only of networks."""

    text: str
    valid_from: datetime | None
    valid_until: datetime | None
    origin: str
    asn: int | None = None

    def is_valid_at(self, at: datetime) -> bool:
        """Whether it was held at a moment."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class OrganisationDetail(OrganisationRow):
    """An organisation with all that is around it; long lists are asked for by page (:func:`networks`, :func:`domains`)."""

    parent: Name | None
    children: tuple[Name, ...]
    contacts: tuple[ContactRow, ...]
    autonomous_systems: tuple[HoldingRow, ...]
    registry_handles: tuple[HoldingRow, ...]
    network_total: int
    domain_total: int


def organisations(
    viewer: Viewer,
    *,
    search: str = "",
    sector: str = "",
    province: str = "",
    only_active: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> Page[OrganisationRow]:
    """Organisations by slug. ``search`` is part of a name or slug, or an address or domain that they hold now."""
    require(viewer, Permission.CONSTITUENCY_READ)
    rows = Organisation.objects.select_related("sector", "province")
    if only_active:
        rows = rows.filter(is_active=True)
    if sector:
        rows = rows.filter(sector__slug=sector)
    if province:
        rows = rows.filter(province__slug=province)
    if search.strip():
        rows = _searched(rows, search.strip())
    return page(rows.order_by("slug"), _row, offset, limit)


def organisation(viewer: Viewer, slug: str) -> OrganisationDetail:
    """One organisation. Raises :class:`NotFound`."""
    require(viewer, Permission.CONSTITUENCY_READ)
    found = _organisation(slug)
    row = _row(found)
    return OrganisationDetail(
        **{field: getattr(row, field) for field in row.__dataclass_fields__},
        parent=_name(found.parent),
        children=tuple(Name(one.slug, one.name_en, one.name_ur) for one in found.children.all()),
        contacts=tuple(_contact(one) for one in found.contacts.filter(is_active=True)),
        autonomous_systems=tuple(_held(str(one), one) for one in found.autonomous_systems.all()),
        registry_handles=tuple(_held(str(one), one) for one in found.registry_handles.all()),
        network_total=found.networks.count(),
        domain_total=found.domains.count(),
    )


def networks(viewer: Viewer, slug: str, *, offset: int = 0, limit: int = 50) -> Page[HoldingRow]:
    """An organisation's networks, past ones too, in order of address. Raises :class:`NotFound`."""
    require(viewer, Permission.CONSTITUENCY_READ)
    return page(_organisation(slug).networks.all(), lambda one: _held(one.cidr, one, one.asn), offset, limit)


def domains(viewer: Viewer, slug: str, *, offset: int = 0, limit: int = 50) -> Page[HoldingRow]:
    """An organisation's domains, past ones too, by name. Raises :class:`NotFound`."""
    require(viewer, Permission.CONSTITUENCY_READ)
    return page(_organisation(slug).domains.all(), lambda one: _held(one.name, one), offset, limit)


def contacts(viewer: Viewer, slug: str, role: str = "") -> Sequence[ContactRow]:
    """An organisation's contacts, of one role or all. Raises :class:`NotFound`."""
    require(viewer, Permission.CONSTITUENCY_READ)
    rows = _organisation(slug).contacts.filter(is_active=True)
    return [_contact(row) for row in (rows.filter(role=role) if role else rows)]


def sectors(viewer: Viewer) -> Sequence[SectorRow]:
    """All sectors by slug."""
    require(viewer, Permission.CONSTITUENCY_READ)
    rows = Sector.objects.annotate(total=Count("organisations", filter=Q(organisations__is_active=True))).order_by(
        "slug"
    )
    return [SectorRow(row.slug, row.name_en, row.name_ur, row.total) for row in rows]


def provinces(viewer: Viewer) -> Sequence[Name]:
    """All provinces by slug."""
    require(viewer, Permission.CONSTITUENCY_READ)
    return [Name(row.slug, row.name_en, row.name_ur) for row in Province.objects.order_by("slug")]


def _organisation(slug: str) -> Organisation:
    found = Organisation.objects.select_related("sector", "province", "parent").filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no organisation {slug[:80]!r}.")
    return found


def _searched(rows: QuerySet[Organisation], text: str) -> QuerySet[Organisation]:
    named = Q(slug__icontains=text) | Q(name_en__icontains=text) | Q(name_ur__icontains=text)
    return rows.filter(named | Q(pk__in=_holders(text)))


def _holders(text: str) -> QuerySet[Network, int] | QuerySet[Domain, int]:
    """Rows of the organisations that hold the address, or the domain or one above it, now."""
    at = clock.now()
    now = Q(valid_from=None) | Q(valid_from__lte=at)
    now &= Q(valid_until=None) | Q(valid_until__gt=at)
    try:
        key = address_key(text)
    except ValueError:
        labels = text.lower().rstrip(".").split(".")
        above = [".".join(labels[start:]) for start in range(min(len(labels), 20))]
        return Domain.objects.filter(now, name__in=above).values_list("organisation_id", flat=True)
    return Network.objects.filter(now, first__lte=key, last__gte=key).values_list("organisation_id", flat=True)


def _name(row: Sector | Province | Organisation | None) -> Name | None:
    return Name(row.slug, row.name_en, row.name_ur) if row else None


def _row(row: Organisation) -> OrganisationRow:
    return OrganisationRow(
        slug=row.slug,
        name_en=row.name_en,
        name_ur=row.name_ur,
        uid=row.uid,
        sector=_name(row.sector),
        province=_name(row.province),
        is_provider=row.is_provider,
        is_active=row.is_active,
    )


def _contact(row: Contact) -> ContactRow:
    return ContactRow(row.role, row.name, row.email, row.phone, row.language)


def _held(text: str, row: Holding, asn: int | None = None) -> HoldingRow:
    return HoldingRow(text, row.valid_from, row.valid_until, row.origin, asn)
