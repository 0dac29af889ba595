"""The cast: people, organisations and who may see what, the same in every test, so that everybody knows them by name.

Ayesha is the analyst, Luqman the lead, Parveen the partner liaison, Asad the auditor, Adeel the administrator; each has that one role.
Sana is a stranger: she was in the team and has left. Indus Power, Karakoram Bank and Ravi Net are constituents in two sectors;
Ravi Net is a provider. Everything of theirs is in documentation and benchmarking space and under ``.example``.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tocsin.constituency import actions
from tocsin.constituency.access import OPERATOR, Permission, Role, Viewer, viewer_of_person
from tocsin.constituency.models import Person

#: name -> (role, language)
PEOPLE: dict[str, tuple[Role, str]] = {
    "ayesha": (Role.ANALYST, "en"),
    "luqman": (Role.LEAD, "ur"),
    "parveen": (Role.PARTNER_LIAISON, "en"),
    "asad": (Role.AUDITOR, "en"),
    "adeel": (Role.ADMINISTRATOR, "en"),
}
STRANGER_NAME = "sana"

INDUS_POWER = "indus-power"
KARAKORAM_BANK = "karakoram-bank"
RAVI_NET = "ravi-net"
#: 198.18.40.0/24 is Karakoram Bank's until this moment and Indus Power's from then on.
HANDED_OVER_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

CONSTITUENCY = """\
sectors:
  - {slug: energy, name_en: Energy, name_ur: توانائی}
  - {slug: finance, name_en: Finance, name_ur: مالیات}
  - {slug: telecom, name_en: Telecommunications, name_ur: مواصلات}
provinces:
  - {slug: sindh, name_en: Sindh, name_ur: سندھ}
organisations:
  - slug: indus-power
    name_en: Indus Power
    name_ur: انڈس پاور
    sector: energy
    province: sindh
    contacts:
      - {role: 24/7, name: Control room, email: control@indus-power.example, phone: +000 000 0001, language: ur}
    networks:
      - 198.18.10.0/24
      - 2001:db8:10::/48
      - {cidr: 198.18.40.0/24, valid_from: "2026-11-23T12:00:00Z"}
    domains: [indus-power.example]
  - slug: karakoram-bank
    name_en: Karakoram Bank
    name_ur: قراقرم بینک
    sector: finance
    contacts:
      - {role: abuse, email: abuse@karakoram-bank.example}
    networks:
      - 198.18.20.0/24
      - {cidr: 198.18.40.0/24, valid_until: "2026-11-23T12:00:00Z"}
    domains: [karakoram-bank.example]
  - slug: ravi-net
    name_en: Ravi Net
    name_ur: راوی نیٹ
    sector: telecom
    is_provider: true
    networks: [198.18.0.0/17]
    autonomous_systems: [AS64500]
"""


def email_of(name: str) -> str:
    """The address of somebody of the cast."""
    return f"{name}@team.example"


@pytest.fixture
def cast(db: Any) -> dict[str, Viewer]:
    """Everybody as a viewer by name; ``sana`` is in the database and a stranger."""
    for name, (role, language) in PEOPLE.items():
        actions.add_person(actor=OPERATOR, email=email_of(name), name=name.title(), roles=[role], language=language)
    actions.add_person(actor=OPERATOR, email=email_of(STRANGER_NAME), name="Sana", roles=[Role.LEAD])
    actions.change_person(actor=OPERATOR, email=email_of(STRANGER_NAME), is_active=False)
    return {name: viewer_of_person(Person.objects.get(email=email_of(name))) for name in (*PEOPLE, STRANGER_NAME)}


@pytest.fixture
def constituency(db: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The organisations of the cast, loaded as anybody would load them."""
    path = tmp_path_factory.mktemp("constituency") / "cast.yaml"
    path.write_text(CONSTITUENCY, "utf-8")
    actions.load(actor=OPERATOR, paths=[path])


def browser_of(name: str) -> Client:
    """A browser in which somebody of the cast is signed in; ``stranger`` is nobody at all."""
    client = Client()
    if name != "stranger":
        client.force_login(Person.objects.get(email=email_of(name)))
    return client


def bearer_of(name: str, *scopes: Permission) -> dict[str, str]:
    """Headers with an API token of somebody of the cast, with these scopes or with all that they have."""
    person = Person.objects.get(email=email_of(name))
    granted = scopes or tuple(viewer_of_person(person).permissions)
    made = actions.make_token(actor=OPERATOR, person=person.email, name="test", scopes=granted, days=1)
    return {"HTTP_AUTHORIZATION": f"Bearer {made.text}"}
