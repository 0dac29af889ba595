"""Pages of the exchange for our own people: who sees them, and what they let in."""

import re
from typing import Any

import pytest
from tests.cast import browser_of, cast
from tests.exchange.conftest import World

from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.exchange import actions, queries

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def _said(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def khyber(cast: dict[str, Viewer]) -> None:
    """A partner with one client."""
    actions.add_partner(actor=OPERATOR, slug="khyber", party="khyber", title="Khyber Security")
    actions.add_client(actor=OPERATOR, partner="khyber", name="khyber-collector")


@pytest.mark.usefixtures("khyber")
def test_whoever_may_not_sees_what_does_not_exist(cast: dict[str, Viewer]) -> None:
    for address in ("/exchange/partners/", "/exchange/partners/khyber/", "/exchange/receipts/", "/exchange/collected/"):
        for name in (*cast, "stranger"):
            status = browser_of(name).get(address).status_code
            assert status == (200 if name in ("ayesha", "luqman", "parveen", "asad") else 404), (address, name)
    assert browser_of("luqman").get("/exchange/partners/nobody/").status_code == 404


@pytest.mark.usefixtures("khyber")
def test_only_who_looks_after_partners_changes_anything(cast: dict[str, Viewer]) -> None:
    for address in (
        "/exchange/partners/",
        "/exchange/partners/khyber/state/",
        "/exchange/partners/khyber/clients/",
        "/exchange/partners/khyber/clients/khyber-collector/",
    ):
        for name in (*cast, "stranger"):
            status = browser_of(name).post(address, {"step": "off"}).status_code
            assert (status != 404) == (name in ("luqman", "parveen")), (address, name, status)


def test_a_partner_is_entered_and_a_mistake_is_said_on_the_form(cast: dict[str, Viewer]) -> None:
    browser = browser_of("parveen")
    assert "No partners yet" in _said(browser.get("/exchange/partners/"))
    given = {"slug": "bolan", "title": "Bolan CERT", "party": "bolan"}
    assert browser.post("/exchange/partners/", given).headers["Location"] == "/exchange/partners/bolan/"
    again = browser.post("/exchange/partners/", given)
    assert again.status_code == 400
    assert browser.post("/exchange/partners/", {"slug": "B o"}).status_code == 400
    assert len(queries.partners(OPERATOR)) == 1


@pytest.mark.usefixtures("khyber")
def test_credentials_are_shown_once_and_never_again() -> None:
    browser = browser_of("parveen")
    given = {"name": "khyber-two", "with_password": "on", "with_token": "on", "days": "30"}
    shown = browser.post("/exchange/partners/khyber/clients/", given)
    secrets = re.findall(r'class="secret">(.*?)</p>', shown.content.decode())
    assert shown.status_code == 200
    assert len(secrets) == 2
    page = browser.get("/exchange/partners/khyber/")
    for secret in secrets:
        assert re.sub(r"<[^>]+>", "", secret) not in _said(page)
    row = next(row for row in queries.clients(OPERATOR, "khyber") if row.name == "khyber-two")
    assert set(row.kinds) == {"password", "token"}
    assert row.expires_at is not None
    assert browser.post("/exchange/partners/khyber/clients/", given).status_code == 400
    assert browser.post("/exchange/partners/khyber/clients/", {"name": "none"}).status_code == 400


@pytest.mark.usefixtures("khyber")
def test_a_client_is_shut_out_let_in_and_given_a_new_password() -> None:
    browser, address = browser_of("luqman"), "/exchange/partners/khyber/clients/khyber-collector/"
    browser.post(address, {"step": "off"})
    assert not queries.clients(OPERATOR, "khyber")[0].is_enabled
    browser.post(address, {"step": "on"})
    assert queries.clients(OPERATOR, "khyber")[0].is_enabled
    assert 'class="secret"' in browser.post(address, {"step": "password"}).content.decode()
    assert browser.post(address, {"step": "burn"}).status_code == 404
    browser.post("/exchange/partners/khyber/state/", {"step": "off"})
    assert not queries.partners(OPERATOR)[0].is_enabled


@pytest.mark.usefixtures("khyber")
def test_a_client_of_another_partner_is_not_reached_from_here() -> None:
    actions.add_partner(actor=OPERATOR, slug="bolan", party="bolan", title="Bolan CERT")
    address = "/exchange/partners/bolan/clients/khyber-collector/"
    assert browser_of("luqman").post(address, {"step": "off"}).status_code == 404
    assert queries.clients(OPERATOR, "khyber")[0].is_enabled


def test_what_was_collected_is_on_a_receipt_and_on_the_page_of_the_object(
    cast: dict[str, Viewer], world: World
) -> None:
    found = world.shared(1)[0]["id"]
    assert len(world.caller().objects()) == 1
    browser = browser_of("ayesha")
    assert "khyber" in _said(browser.get("/exchange/receipts/?partner=khyber"))
    said = _said(browser.get(f"/exchange/collected/?object={found}"))
    assert "khyber" in said
    assert "2026-03-01" in said
    assert "Nobody has collected it" in _said(browser.get("/exchange/collected/?object=indicator--none"))
    assert f"/exchange/collected/?object={found}" in browser.get(f"/objects/{found}/").content.decode()
    assert "khyber" in _said(browser.get("/exchange/partners/khyber/"))
