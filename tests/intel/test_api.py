"""What programs may read of intel."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.cast import bearer_of
from tests.intel.conftest import enter

from tocsin.agreements.release import release
from tocsin.constituency import queries as constituency
from tocsin.constituency.access import OPERATOR, STRANGER, Permission, Viewer
from tocsin.intel import queries
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id

UID = indicator_id("domain-name", "evil.example")


@pytest.fixture
def delivery(take: Callable[..., Any], cast: dict[str, Viewer]) -> str:
    enter("partner", "plain/domains", "misp/warning-lists")
    lists = json.dumps({"name": "Good sites", "version": 1, "type": "hostname", "list": ["evil.example"]})
    take("partner", "misp/warning-lists", lists, name="list.json")
    return str(take("partner", "plain/domains", "evil.example\nbad.example\nno domain!\n").uid)


def got(path: str, name: str = "ayesha", *scopes: Permission) -> Any:
    token = bearer_of(name, *scopes)["HTTP_AUTHORIZATION"]
    return Client().get(f"/api/v1{path}", headers={"authorization": token})


def test_everything_of_the_room_is_there(delivery: str) -> None:
    (source,) = got("/sources").json()
    assert (source["name"], source["tlp"], source["deliveries"]) == ("partner", "amber", 2)
    assert got("/sources/partner").json() == source
    (last, _) = got("/deliveries").json()["rows"]
    assert last["accounts"] == {"received": 3, "kept": 2, "duplicate": 0, "rejected": 1}
    assert got(f"/deliveries/{delivery}").json() == last
    assert got(f"/deliveries/{delivery}/files").json()[0]["name"] == "list.txt"
    assert got(f"/deliveries/{delivery}/rejected").json()["rows"][0]["line"] == 3
    page = got("/indicators?text=EVIL[.]example").json()
    assert [row["uid"] for row in page["rows"]] == [str(UID)]
    detail = got(f"/indicators/{UID}").json()
    assert (detail["known_good"], detail["provenances"][0]["source"]) == (["Good sites"], "partner")
    assert got("/warning-lists").json()[0]["slug"] == "good-sites"
    assert got("/warning-lists/good-sites").json()["size"] == 1
    assert got("/warning-lists/good-sites/entries").json() == {"next": None, "rows": ["evil.example"]}


def test_pages_follow_each_other(delivery: str) -> None:
    first = got("/indicators?size=1").json()
    second = got(f"/indicators?size=1&after={first['next']}").json()
    assert second["next"] is None
    assert {row["value"] for row in (*first["rows"], *second["rows"])} == {"evil.example", "bad.example"}


@pytest.mark.parametrize(
    "path",
    [
        "/sources/absent",
        "/deliveries/00000000-0000-4000-8000-000000000000",
        "/deliveries/00000000-0000-4000-8000-000000000000/rejected",
        "/indicators/00000000-0000-4000-8000-000000000000",
        "/indicators?after=nonsense",
        "/deliveries?after=nonsense",
        "/warning-lists/absent",
        "/warning-lists/absent/entries",
    ],
)
def test_what_is_absent_is_not_found(delivery: str, path: str) -> None:
    assert got(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/sources", "/deliveries", "/indicators", f"/indicators/{UID}", "/warning-lists", "/indicators.jsonl"]
)
def test_who_has_no_business_with_intel_gets_404(delivery: str, path: str) -> None:
    assert Client().get(f"/api/v1{path}").status_code == 404
    assert got(path, "adeel").status_code == 404
    assert got(path, "ayesha", Permission.RUNS_READ).status_code == 404
    assert got(path, "parveen").status_code == 200


def test_a_download_is_in_the_audit_log_before_it_leaves(delivery: str) -> None:
    answer = got("/indicators.jsonl?source=partner&type=domain-name")
    (line,) = constituency.audit_entries(OPERATOR, action="intel.released").rows
    assert line.subject == "indicators type=domain-name source=partner"
    rows = [json.loads(row) for row in b"".join(answer.streaming_content).splitlines()]
    assert {row["value"] for row in rows} == {"evil.example", "bad.example"}
    assert rows[0]["tlp"] == "amber"


def test_release_lets_nothing_out_to_who_may_not_see_it(db: Any) -> None:
    with pytest.raises(NotFound):
        release(actor=STRANGER, what="everything", permission=Permission.INTEL_READ, rows=iter([1]))
    assert constituency.audit_entries(OPERATOR, action="intel.released").rows == ()
    assert list(release(actor=OPERATOR, what="x", permission=Permission.INTEL_READ, rows=[1, 2])) == [1, 2]


def test_the_number_of_statements_does_not_grow_with_the_page(
    delivery: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        queries.indicators(OPERATOR, queries.IndicatorSearch(source="partner"))
