"""The API of this room: who gets what, and 404 for everybody else."""

from typing import Any

import pytest
from django.test import Client
from tests.cast import PEOPLE, bearer_of, email_of

from tocsin.constituency.access import Permission, Viewer, may
from tocsin.constituency.models import Person

pytestmark = pytest.mark.django_db

OPERATIONS = {
    "/api/v1/organisations": Permission.CONSTITUENCY_READ,
    "/api/v1/organisations/indus-power": Permission.CONSTITUENCY_READ,
    "/api/v1/organisations/indus-power/networks": Permission.CONSTITUENCY_READ,
    "/api/v1/organisations/indus-power/domains": Permission.CONSTITUENCY_READ,
    "/api/v1/sectors": Permission.CONSTITUENCY_READ,
    "/api/v1/whose?subject=198.18.10.1": Permission.CONSTITUENCY_READ,
    "/api/v1/people": Permission.PEOPLE_READ,
    "/api/v1/audit": Permission.AUDIT_READ,
}


@pytest.mark.parametrize("address", OPERATIONS)
def test_exactly_those_with_the_permission_get_an_answer(
    cast: dict[str, Viewer], constituency: None, address: str
) -> None:
    for name in PEOPLE:
        viewer = cast[name]
        scopes = sorted(viewer.permissions)
        status = Client().get(address, **bearer_of(name, *scopes)).status_code  # type: ignore[arg-type]
        assert status == (200 if may(viewer, OPERATIONS[address]) else 404), name
    assert Client().get(address).status_code == 404
    assert Client().get(address, HTTP_AUTHORIZATION="Bearer nonsense").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_wrong_method_tells_a_stranger_nothing_and_a_program_that_it_is_wrong(
    cast: dict[str, Viewer], method: str
) -> None:
    assert getattr(Client(), method)("/api/v1/sectors").status_code == 404
    headers: Any = bearer_of("ayesha", Permission.CONSTITUENCY_READ)
    assert getattr(Client(), method)("/api/v1/sectors", **headers).status_code == 405


def _get(address: str, name: str = "luqman") -> Any:
    headers: Any = bearer_of(name)
    answer = Client().get(address, **headers)
    return answer.status_code, answer.json()


def test_organisations_are_found_by_name_address_and_domain(cast: dict[str, Viewer], constituency: None) -> None:
    def slugs(query: str) -> list[str]:
        status, answer = _get(f"/api/v1/organisations?{query}")
        assert status == 200
        return [row["slug"] for row in answer["rows"]]

    assert slugs("") == ["indus-power", "karakoram-bank", "ravi-net"]
    assert slugs("search=bank") == ["karakoram-bank"]
    assert slugs("search=قراقرم") == ["karakoram-bank"]
    assert slugs("search=198.18.10.7") == ["indus-power", "ravi-net"]
    assert slugs("search=2001:db8:10::1") == ["indus-power"]
    assert slugs("search=www.indus-power.example") == ["indus-power"]
    assert slugs("sector=telecom") == ["ravi-net"]
    assert slugs("province=sindh") == ["indus-power"]
    assert slugs("offset=1&limit=1") == ["karakoram-bank"]


def test_an_organisation_comes_with_what_is_around_it(cast: dict[str, Viewer], constituency: None) -> None:
    _, answer = _get("/api/v1/organisations/indus-power")
    assert answer["sector"] == {"slug": "energy", "name_en": "Energy", "name_ur": "توانائی"}
    assert answer["contacts"][0]["role"] == "24/7"
    assert (answer["network_total"], answer["domain_total"]) == (3, 1)
    _, networks = _get("/api/v1/organisations/indus-power/networks?limit=1")
    assert (networks["total"], [row["text"] for row in networks["rows"]]) == (3, ["198.18.10.0/24"])
    assert _get("/api/v1/organisations/nobody")[0] == 404
    assert _get("/api/v1/organisations/nobody/networks")[0] == 404


def test_sectors_count_their_organisations(cast: dict[str, Viewer], constituency: None) -> None:
    _, answer = _get("/api/v1/sectors")
    assert {row["slug"]: row["organisations"] for row in answer} == {"energy": 1, "finance": 1, "telecom": 1}


def test_whose_answers_with_reasons_and_as_of_a_time(cast: dict[str, Viewer], constituency: None) -> None:
    status, answer = _get("/api/v1/whose?subject=198.18.40.1&at=2026-11-23T11:59:59Z")
    assert (status, answer["owner"], answer["reason"]) == (200, "karakoram-bank", "declared")
    assert {one["owner"]: one["passed_over"] for one in answer["considered"]} == {
        "karakoram-bank": None,
        "indus-power": "not yet valid then",
        "ravi-net": "a shorter prefix",
    }
    status, answer = _get("/api/v1/whose?subject=not%20one")
    assert (status, "neither an address nor a domain" in answer["detail"]) == (400, True)
    assert _get("/api/v1/whose?subject=198.18.40.1&at=2026-11-23T11:59:59")[0] == 422


def test_people_and_the_log_are_given_by_page(cast: dict[str, Viewer]) -> None:
    _, people = _get("/api/v1/people?limit=2")
    assert (people["total"], [row["email"] for row in people["rows"]]) == (6, [email_of("adeel"), email_of("asad")])
    _, log = _get("/api/v1/audit?action=constituency.person-added&limit=1")
    assert (log["total"], log["rows"][0]["subject"]) == (6, email_of("sana"))


def test_a_missing_form_token_tells_a_stranger_nothing_and_a_person_what_is_wrong(cast: dict[str, Viewer]) -> None:
    visitor = Client(enforce_csrf_checks=True)
    assert visitor.post("/me/language/", {"language": "ur"}).status_code == 404
    visitor.force_login(Person.objects.get(email=email_of("ayesha")))
    assert visitor.post("/me/language/", {"language": "ur"}).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/audit?since=0001-01-01T00:00:00%2B23:00",
        "/api/v1/whose?subject=198.18.0.1&at=9999-12-31T23:59:59-23:00",
        "/api/v1/organisations?search=%00",
        "/api/v1/organisations?limit=0",
        "/api/v1/audit?offset=-1",
    ],
)
def test_impossible_questions_are_told_so(cast: dict[str, Viewer], address: str) -> None:
    assert _get(address)[0] == 422


@pytest.mark.parametrize("address", ["/api/v1/organisations/a%00b", "/api/v1/organisations/%F0%9F%94%94/networks"])
def test_names_that_no_organisation_can_have_are_not_found(cast: dict[str, Viewer], address: str) -> None:
    headers: Any = bearer_of("luqman")
    assert Client().get(address, **headers).status_code == 404
