"""Partners of the national team: Khyber (a vendor), Bolan (another team), Mehran (a member of a circle), under agreements in force."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from django.test import Client as Browser

from tocsin.agreements.actions import import_agreement, resume_agreement, suspend_agreement
from tocsin.constituency.access import OPERATOR
from tocsin.exchange import actions
from tocsin.exchange.models import Collection
from tocsin.exchange.queries import deciding, pseudonyms
from tocsin.intel.actions import keep_objects

ACCEPT = "application/taxii+json;version=2.1"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
US = "national-cert"

_TEMPLATE = """\
schema: tocsin-agreement/1
id: agr--{key}
revision: {revision}
status: in_force
legal:
  instrument: MoU
  signed: 2026-01-06
  effective: {{from: 2026-01-06T00:00:00Z, until: 2040-01-05T23:59:59Z}}
  governing_law: PK
parties:
  national-cert: {{name: National team, kind: national_csirt, country: PK, clearance_tlp: RED}}
  {key}: {{name: {key}, kind: vendor, country: {country}, clearance_tlp: RED}}
communities:
  circle: {{of: national-cert, members: [sector:*], tlp_max_in: AMBER}}
contacts:
  - {{party: national-cert, role: duty_officer, hours: 24x7, tz: UTC, email: duty@cert.example, pgp_fpr: TODO, phone: TODO}}
transport: {{channels: [taxii21], encrypt_at_or_above: GREEN, sign_everything: true, clock_skew_max_s: 120}}
purposes: [detection]
prohibited_purposes: [commercial_resale]
defaults:
  tlp: {default_tlp}
  pap: GREEN
  retention_days: {retention}
categories:
  indicators:
    directions: [national-cert>{key}, {key}>national-cert]
    stix: [{types}]
    tlp_max: AMBER
    onward: {{circle: {{tlp_max: AMBER, delay_hours: {delay}}}}}
  victims:
    directions: [{key}>national-cert]
    stix: [incident]
    tlp_max: RED
    onward: {{circle: deny}}
third_party: {{default: deny, allow_if: [tlp_clear_public, originator_consent], originator_exclusions: honour}}
personal_data:
  detectors: [cnic, pk_mobile]
  outbound: {{action: redact_or_hold, keep_if: [attacker_controlled_asset]}}
  inbound: {{retention_days: 90, dpo_log: true}}
actor_attribution: {{to_state: {{action: hold, approver: [role--director]}}}}
{credit}
marking: {{downgrade: originator_only, derived: max_of_inputs}}
ambiguity: hold
"""
TYPES = "indicator, malware, identity, opinion, note, sighting, relationship, ipv4-addr, domain-name, tool"


def agreement_text(key: str = "khyber", revision: int = 1, **changed: Any) -> bytes:
    """An agreement between us and ``key`` as a file."""
    values: dict[str, Any] = {
        "country": "INT",
        "default_tlp": "GREEN",
        "retention": 3650,
        "types": TYPES,
        "delay": 0,
        "credit": "",
    }
    return _TEMPLATE.format(key=key, revision=revision, **(values | changed)).encode()


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What processes remember of one database is not true of the next test's."""

    def forget() -> None:
        for kept in (deciding._SUBJECTS, deciding._OUTLOOKS, deciding._HORIZONS, pseudonyms._VEILS):
            kept.clear()

    forget()
    yield
    forget()


@dataclass
class World:
    """What tests do with the exchange, in few words."""

    passwords: dict[str, str] = field(default_factory=dict)

    def agree(self, key: str = "khyber", revision: int = 1, **changed: Any) -> None:
        """Bring a revision of the agreement with ``key`` into force."""
        text = agreement_text(key, revision, **changed)
        import_agreement(actor=OPERATOR, text=text, name=f"{key}.yaml", is_demo=True)

    def suspend(self, key: str = "khyber") -> None:
        """Suspend the agreement."""
        suspend_agreement(actor=OPERATOR, agreement=f"agr--{key}", reason="a test")

    def resume(self, key: str = "khyber") -> None:
        """Let it be in force again."""
        resume_agreement(actor=OPERATOR, agreement=f"agr--{key}", reason="a test")

    def partner(self, slug: str = "khyber", party: str | None = None, **values: Any) -> None:
        """A partner with one client of the same name and a password."""
        actions.add_partner(actor=OPERATOR, slug=slug, party=party or slug, title=slug.title(), **values)
        self.client(slug, slug)

    def client(self, partner: str, name: str, **values: Any) -> actions.MadeClient:
        """A client of a partner."""
        made = actions.add_client(actor=OPERATOR, partner=partner, name=name, **values)
        self.passwords[name] = made.password
        return made

    def keep(self, *objects: dict[str, Any], source: str = US) -> list[int]:
        """Keep objects as ours, or as ``source`` gave them; their ids."""
        kept = keep_objects(actor=OPERATOR, source=source, objects=[json.dumps(one).encode() for one in objects])
        assert [one.problem for one in kept] == [None] * len(kept)
        return [one.object_id or 0 for one in kept]

    def offer(self, **at: Any) -> Any:
        """Run the offering."""
        return actions.offer(actor=OPERATOR, **at)

    def shared(self, count: int, **values: Any) -> list[dict[str, Any]]:
        """Keep and offer indicators of ours; gives them."""
        objects = [indicator(number, **values) for number in range(count)]
        self.keep(*objects)
        self.offer()
        return objects

    def caller(self, name: str = "khyber") -> "Caller":
        """A TAXII client with the credentials of a client."""
        return Caller(name, self.passwords[name])


@dataclass
class Caller:
    """A TAXII client over Django's own."""

    name: str
    password: str
    root: str | None = None

    def headers(self, **more: Any) -> dict[str, Any]:
        """Accept and Authorization, and whatever is given; ``None`` leaves one out."""
        secret = base64.b64encode(f"{self.name}:{self.password}".encode()).decode()
        told = {"HTTP_ACCEPT": ACCEPT, "HTTP_AUTHORIZATION": f"Basic {secret}"} | more
        return {key: value for key, value in told.items() if value is not None}

    def base(self, collection: str | None = None) -> str:
        """The address of the root, or of a collection by alias."""
        root = f"/taxii2/{self.root or self.name}/"
        return f"{root}collections/{uid_of(self.root or self.name, collection)}/" if collection else root

    def get(self, path: str = "", collection: str | None = None, query: Any = None, **headers: Any) -> Any:
        """GET below the root, or below a collection of the root."""
        address = path if path.startswith("/") else self.base(collection) + path
        return Browser().get(address, query, **self.headers(**headers))

    def objects(self, collection: str = "all", **query: Any) -> list[dict[str, Any]]:
        """The objects of one page."""
        answer = self.get("objects/", collection, query)
        assert answer.status_code == 200, answer.content
        return list(answer.json().get("objects", []))

    def post(self, body: Any, collection: str = "inbox", **headers: Any) -> Any:
        """POST an envelope of these objects, or these very bytes."""
        raw = body if isinstance(body, bytes) else json.dumps({"objects": body}).encode()
        return Browser().generic(
            "POST",
            self.base(collection) + "objects/",
            raw,
            content_type=headers.pop("content_type", ACCEPT),
            **self.headers(**headers),
        )

    def delete(self, stix_id: str, collection: str = "inbox", query: str = "") -> Any:
        """DELETE an object."""
        return Browser().delete(f"{self.base(collection)}objects/{stix_id}/{query}", **self.headers())

    def walk(self, collection: str = "all", limit: int = 3, path: str = "objects/", **query: Any) -> list[Any]:
        """Everything that a collection shows, page by page, by ``next``."""
        found: list[Any] = []
        while True:
            answer = self.get(path, collection, {"limit": limit, **query})
            assert answer.status_code == 200, answer.content
            told = answer.json()
            found += told.get("objects", []) + told.get("versions", [])
            if not told.get("more"):
                return found
            query["next"] = told["next"]


def uid_of(partner: str, alias: str) -> str:
    """The id of a collection by its alias."""
    return str(Collection.objects.get(partner__slug=partner, alias=alias).uid)


def stix_id(kind: str, number: int) -> str:
    """An id that stays the same from run to run, of the version that SDOs have."""
    made = str(uuid5(NAMESPACE_URL, f"urn:tocsin:tests:{kind}:{number}"))
    return f"{kind}--{made[:14]}4{made[15:]}"


def moment(seconds: float = 0) -> str:
    """A time of STIX, so many seconds after the beginning of our tests."""
    told = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{told:%Y-%m-%dT%H:%M:%S}.{told.microsecond // 1000:03d}Z"


def indicator(number: int = 0, version: int = 0, **values: Any) -> dict[str, Any]:
    """An indicator in one of its versions."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": stix_id("indicator", number),
        "created": moment(),
        "modified": moment(version * 60),
        "name": f"Indicator {number}",
        "pattern": f"[ipv4-addr:value = '198.18.{number // 250 % 250}.{number % 250}']",
        "pattern_type": "stix",
        "valid_from": moment(),
        **values,
    }


def sdo(kind: str, number: int = 0, version: int = 0, **values: Any) -> dict[str, Any]:
    """Any other object with a name."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": stix_id(kind, number),
        "created": moment(),
        "modified": moment(version * 60),
        **values,
    }


def malware(number: int = 0, version: int = 0, **values: Any) -> dict[str, Any]:
    """A malware family."""
    return sdo("malware", number, version, **({"name": f"Malware {number}", "is_family": True} | values))


@pytest.fixture
def world(db: Any) -> World:
    """Khyber is a partner under an agreement in force; nothing is offered yet."""
    made = World()
    made.agree()
    made.partner()
    return made


Build = Callable[..., World]
