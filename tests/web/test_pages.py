"""Every page: what it needs, who gets it, and that nobody else can tell it from nothing."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.cast import INDUS_POWER, PEOPLE, browser_of

from tocsin.constituency.access import Permission, Viewer

_FILLED = {
    "uid": str(uuid.UUID(int=7)),
    "slug": INDUS_POWER,
    "name": "nobody",
    "reference": "FND-2026-0001",
    "token": "guess",
    "number": "4711",
    "stix_id": "indicator--4711",
}


def _pages() -> list[tuple[str, Any]]:
    """Address (with its parts filled in) and view of every page; the API has its own tests."""
    return [
        (address, view)
        for address, view in _walk(get_resolver().url_patterns, "/")
        if not address.startswith("/api/") or "docs" in address
    ]


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for one in patterns:
        address = prefix + re.sub(r"<\w+:(\w+)>", lambda found: _FILLED.get(found[1], "guess"), str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, address)
        elif isinstance(one, URLPattern):
            yield address, one.callback


PAGES = _pages()


def _lists() -> list[tuple[str, frozenset[Permission]]]:
    """Pages that show something even in an empty database: no object in the address, no form behind it."""
    skipped = (
        "/warning-lists/indus",
        "/partners/indus",
        "sign-in/",
        "revoke",
        "/me/language/",
        "/me/tokens/",
        "sign-in-link",
        "/ledger/verify/",
        "/holds/several/",
    )
    own = (uuid.UUID(int=7).hex[:8], "nobody", "FND-", "4711/")
    return [
        (address, view.needed)
        for address, view in PAGES
        if not any(part in address for part in (*skipped, *own)) and str(uuid.UUID(int=7)) not in address
    ]


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 25
    assert {"/", "/findings/", "/hits/", "/deliveries/", "/organisations/", "/audit/", "/components/"} <= {
        a for a, _ in PAGES
    }


@pytest.mark.parametrize(("address", "view"), PAGES, ids=[address for address, _ in PAGES])
def test_every_page_declares_what_it_needs_or_why_it_is_open(address: str, view: Any) -> None:
    assert hasattr(view, "needed") or view.open_because, f"{address} lacks constituency.access.needs(…)"


@pytest.mark.django_db
@pytest.mark.parametrize("address", [address for address, _ in PAGES])
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_a_stranger_gets_the_same_404_everywhere(address: str, method: str) -> None:
    answer = getattr(Client(), method)(address)
    # The API says it in JSON, the console in words.
    nothing = Client().get(f"/{'api/v1/' if address.startswith('/api/') else ''}there/never/was/such/a/page/")
    assert answer.status_code == 404
    assert answer.content == nothing.content


@pytest.mark.usefixtures("constituency")
@pytest.mark.parametrize("name", [*PEOPLE, "sana"])
def test_each_of_the_team_gets_what_their_role_allows_and_404_elsewhere(name: str, cast: dict[str, Viewer]) -> None:
    browser = browser_of(name)
    viewer = cast[name]
    for address, needed in _lists():
        is_allowed = viewer.kind == "person" and needed <= viewer.permissions
        assert browser.get(address).status_code == (200 if is_allowed else 404), address


@pytest.mark.usefixtures("cast", "constituency")
@pytest.mark.parametrize("address", [address for address, _ in _lists() if not address.endswith((".csv", ".json"))])
@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_page_has_one_heading_a_title_and_a_way_past_the_menu(address: str, language: str) -> None:
    browser = browser_of("luqman")
    browser.get(f"/?language={language}")
    page = browser.get(address).content.decode()
    assert page.count("<h1") == 1
    assert 'href="#content"' in page
    assert re.search(r"<title>\s*\S+.* · ", page)
    assert f'<html lang="{language}"' in page


@pytest.mark.usefixtures("cast")
def test_the_menu_shows_only_what_may_be_opened() -> None:
    menu = browser_of("parveen").get("/").content.decode()
    assert 'href="/deliveries/"' in menu
    assert 'href="/findings/"' not in menu
    assert 'href="/audit/"' not in menu


@pytest.mark.usefixtures("cast")
def test_the_menu_marks_where_one_is() -> None:
    page = browser_of("ayesha").get("/deliveries/").content.decode()
    assert page.count('aria-current="page"') == 1
    assert re.search(r'<a href="/deliveries/" aria-current="page">', page)


@pytest.mark.usefixtures("cast", "constituency")
def test_an_address_in_the_search_finds_whoever_holds_it() -> None:
    page = browser_of("ayesha").get("/organisations/", {"q": "198.18.10.9"}).content.decode()
    assert "Indus Power" in page
    assert "Karakoram Bank" not in page


@pytest.mark.usefixtures("cast", "constituency")
def test_an_organisation_is_named_in_the_readers_language() -> None:
    page = browser_of("luqman").get(f"/organisations/{INDUS_POWER}/").content.decode()
    assert "انڈس پاور" in page
    assert "198.18.10.0/24" in page


@pytest.mark.usefixtures("cast", "constituency")
def test_whose_it_was_is_answered_as_of_the_moment_asked_for() -> None:
    browser = browser_of("ayesha")
    before = browser.get("/whose/", {"q": "198.18.40.5", "at": "2026-11-23T11:59"}).content.decode()
    after = browser.get("/whose/", {"q": "198.18.40.5", "at": "2026-11-23T12:00"}).content.decode()
    verdict = re.compile(r'class="verdict"><a href="/organisations/([\w-]+)/"')
    assert verdict.search(before)[1] == "karakoram-bank"  # type: ignore[index]
    assert verdict.search(after)[1] == "indus-power"  # type: ignore[index]


@pytest.mark.usefixtures("cast")
def test_a_question_that_makes_no_sense_is_answered_in_words() -> None:
    answer = browser_of("ayesha").get("/whose/", {"q": "not an address!"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.usefixtures("cast")
def test_nonsense_in_filters_is_ignored() -> None:
    browser = browser_of("luqman")
    for address in (
        "/findings/?severity=purple&state=x&page=-1",
        "/hits/?outcome=x&indicator=y",
        "/audit/?since=yesterday",
        "/indicators/?type=x",
    ):
        assert browser.get(address).status_code == 200, address


@pytest.mark.usefixtures("cast")
def test_a_place_in_a_list_that_was_never_given_is_nothing() -> None:
    assert browser_of("ayesha").get("/deliveries/?after=zzz").status_code == 404
