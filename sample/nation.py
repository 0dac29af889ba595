"""The constituency of the sample nation: sectors, provinces, organisations with their networks, names and contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from random import Random
from typing import Any

import yaml

#: slug, English, Urdu; then how an organisation of the sector is called in both languages.
SECTORS = (
    ("government", "Government", "حکومت", "Directorate of {en}", "نظامتِ {ur}"),
    ("banking", "Banking", "بینکاری", "{en} Bank", "{ur} بینک"),
    ("telecom", "Telecommunications", "مواصلات", "{en} Telecom", "{ur} ٹیلی کام"),
    ("energy", "Energy", "توانائی", "{en} Power", "{ur} پاور"),
    ("health", "Health", "صحت", "{en} Hospital", "{ur} ہسپتال"),
    ("education", "Education", "تعلیم", "University of {en}", "جامعہ {ur}"),
    ("transport", "Transport", "نقل و حمل", "{en} Railways", "{ur} ریلوے"),
    ("media", "Media", "ذرائع ابلاغ", "{en} News", "{ur} نیوز"),
)

PROVINCES = (
    ("north", "Northern Province", "شمالی صوبہ"),
    ("river", "River Province", "دریائی صوبہ"),
    ("coast", "Coast Province", "ساحلی صوبہ"),
    ("hills", "Hill Province", "پہاڑی صوبہ"),
    ("capital", "Capital Territory", "دارالحکومت"),
)

PLACES = (
    ("Noor", "نور"),
    ("Sitara", "ستارہ"),
    ("Chinar", "چنار"),
    ("Moti", "موتی"),
    ("Zarin", "زریں"),
    ("Bahar", "بہار"),
    ("Shama", "شمع"),
    ("Gulab", "گلاب"),
    ("Kohsar", "کوہسار"),
    ("Darya", "دریا"),
    ("Sahil", "ساحل"),
    ("Firoza", "فیروزہ"),
    ("Aabshar", "آبشار"),
    ("Maidan", "میدان"),
    ("Chashma", "چشمہ"),
    ("Mehr", "مہر"),
    ("Roshan", "روشن"),
    ("Safar", "سفر"),
    ("Umeed", "امید"),
    ("Zaitoon", "زیتون"),
    ("Saba", "صبا"),
    ("Ufaq", "افق"),
    ("Neelam", "نیلم"),
    ("Shaheen", "شاہین"),
    ("Barkha", "برکھا"),
    ("Deodar", "دیودار"),
)

PER_SECTOR = len(PLACES)


@dataclass(slots=True)
class Holding:
    """A network of an organisation, for a time."""

    cidr: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(slots=True)
class Organisation:
    """A constituent of the sample nation."""

    slug: str
    name_en: str
    name_ur: str
    sector: str
    province: str
    domain: str
    is_provider: bool = False
    networks: list[Holding] = field(default_factory=list)

    @property
    def ipv4(self) -> IPv4Network:
        """Its first network, which never changes hands."""
        return IPv4Network(self.networks[0].cidr)

    @property
    def ipv6(self) -> IPv6Network:
        """Its IPv6 network."""
        return IPv6Network(self.networks[1].cidr)


@dataclass(frozen=True, slots=True)
class Handover:
    """A network that changed hands at noon of the day: whoever held it when something happened is affected."""

    network: IPv4Network
    before: Organisation
    after: Organisation
    at: datetime


@dataclass(frozen=True, slots=True)
class Nation:
    """The whole constituency and the day on which everything happens."""

    day: datetime
    organisations: tuple[Organisation, ...]
    handovers: tuple[Handover, ...]

    def of_sector(self, slug: str) -> list[Organisation]:
        """The organisations of one sector."""
        return [organisation for organisation in self.organisations if organisation.sector == slug]


def make_nation(day: datetime, seed: int) -> Nation:
    """208 organisations in 8 sectors. ``day`` is midnight UTC of the day of the logs."""
    random = Random(f"nation {seed}")
    ipv4 = IPv4Network("198.18.0.0/15").subnets(new_prefix=24)
    wide = IPv4Network("240.0.0.0/8").subnets(new_prefix=20)
    ipv6 = IPv6Network("2001:db8::/32").subnets(new_prefix=48)
    organisations = []
    for sector, _, _, name_en, name_ur in SECTORS:
        for en, ur in PLACES:
            slug = f"{en.lower()}-{sector}"
            organisation = Organisation(
                slug,
                name_en.format(en=en),
                name_ur.format(ur=ur),
                sector,
                random.choice(PROVINCES)[0],
                f"{slug}.example",
                is_provider=sector == "telecom",
            )
            organisation.networks = [Holding(str(next(ipv4))), Holding(str(next(ipv6)))]
            if sector == "telecom":
                organisation.networks.append(Holding(str(next(wide))))
            organisations.append(organisation)
    handovers = tuple(_hand_over(organisations, IPv4Network(str(next(ipv4))), day, number) for number in range(3))
    return Nation(day, tuple(organisations), handovers)


def _hand_over(organisations: list[Organisation], network: IPv4Network, day: datetime, number: int) -> Handover:
    before, after = organisations[30 + number], organisations[140 + number]
    at = day + timedelta(hours=12)
    before.networks.append(Holding(str(network), day - timedelta(days=900), at))
    after.networks.append(Holding(str(network), at, None))
    return Handover(network, before, after, at)


def write_constituency(nation: Nation, path: Path) -> None:
    """The constituency as the YAML file that ``tocsin constituency load`` reads (``docs/how/constituency.md``)."""
    document = {
        "sectors": [{"slug": slug, "name_en": en, "name_ur": ur} for slug, en, ur, *_ in SECTORS],
        "provinces": [{"slug": slug, "name_en": en, "name_ur": ur} for slug, en, ur in PROVINCES],
        "organisations": list(_organisations(nation)),
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120), "utf-8")


def _organisations(nation: Nation) -> Iterator[dict[str, Any]]:
    for organisation in nation.organisations:
        yield {
            "slug": organisation.slug,
            "name_en": organisation.name_en,
            "name_ur": organisation.name_ur,
            "sector": organisation.sector,
            "province": organisation.province,
            "is_provider": organisation.is_provider,
            "networks": [_holding(holding) for holding in organisation.networks],
            "domains": [{"name": organisation.domain}],
            "contacts": list(_contacts(organisation)),
        }


def _holding(holding: Holding) -> dict[str, str]:
    shown = {"cidr": holding.cidr}
    if holding.valid_from:
        shown["valid_from"] = _iso(holding.valid_from)
    if holding.valid_until:
        shown["valid_until"] = _iso(holding.valid_until)
    return shown


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _contacts(organisation: Organisation) -> Iterator[dict[str, str]]:
    yield {
        "role": "24/7",
        "name": f"{organisation.name_en} operations",
        "email": f"noc@{organisation.domain}",
        "phone": "+000 000 0000",
        "language": "en",
    }
    yield {
        "role": "ciso",
        "name": f"{organisation.name_ur} سیکیورٹی",
        "email": f"ciso@{organisation.domain}",
        "language": "ur",
    }
