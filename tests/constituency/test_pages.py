"""The pages of this room: everybody sees theirs and 404 elsewhere, in both languages."""

import pytest
from tests.cast import PEOPLE, browser_of, email_of

from tocsin.constituency.access import Permission, Viewer, may
from tocsin.constituency.models import ApiToken, AuditEntry, Person

pytestmark = pytest.mark.django_db

PAGES = {
    "/organisations/": Permission.CONSTITUENCY_READ,
    "/organisations/?q=bank": Permission.CONSTITUENCY_READ,
    "/organisations/indus-power/": Permission.CONSTITUENCY_READ,
    "/organisations/indus-power/networks/": Permission.CONSTITUENCY_READ,
    "/organisations/indus-power/domains/": Permission.CONSTITUENCY_READ,
    "/sectors/": Permission.CONSTITUENCY_READ,
    "/whose/": Permission.CONSTITUENCY_READ,
    "/whose/?q=198.18.40.1&at=2026-11-23T11:00": Permission.CONSTITUENCY_READ,
    "/whose/?q=nonsense": Permission.CONSTITUENCY_READ,
    "/people/": Permission.PEOPLE_READ,
    "/audit/": Permission.AUDIT_READ,
    "/audit/?q=ayesha&actor=operator": Permission.AUDIT_READ,
}


@pytest.mark.parametrize("address", PAGES)
def test_exactly_those_with_the_permission_see_a_page(
    cast: dict[str, Viewer], constituency: None, address: str
) -> None:
    for name in PEOPLE:
        status = browser_of(name).get(address).status_code
        assert status == (200 if may(cast[name], PAGES[address]) else 404), name
    assert browser_of("sana").get(address).status_code == 404
    assert browser_of("stranger").get(address).status_code == 404


def test_everybody_has_a_page_of_their_own_in_their_language(cast: dict[str, Viewer]) -> None:
    for name, (_, language) in PEOPLE.items():
        page = browser_of(name).get("/me/")
        assert page.status_code == 200
        assert f'lang="{language}"' in page.content.decode()


def test_a_person_chooses_a_language(cast: dict[str, Viewer]) -> None:
    browser = browser_of("ayesha")
    assert browser.post("/me/language/", {"language": "ur"}).status_code == 302
    assert Person.objects.get(email=email_of("ayesha")).language == "ur"
    assert 'dir="rtl"' in browser.get("/me/").content.decode()


def test_a_person_makes_sees_once_and_revokes_a_token(cast: dict[str, Viewer]) -> None:
    browser = browser_of("ayesha")
    page = browser.post("/me/tokens/", {"name": "script", "days": "7", "scopes": ["intel:read"]})
    assert "tocsin_" in page.content.decode()
    token = ApiToken.objects.get()
    assert token.scopes == ["intel:read"]
    assert browser.post("/me/tokens/", {"name": "x", "days": "7", "scopes": ["people:write"]}).status_code == 200
    assert ApiToken.objects.count() == 1
    assert browser_of("parveen").post(f"/me/tokens/{token.uid}/revoke/").status_code == 404
    assert browser.post(f"/me/tokens/{token.uid}/revoke/").status_code == 302
    assert ApiToken.objects.get().revoked_at is not None


def test_an_administrator_adds_somebody_and_gets_them_a_link(cast: dict[str, Viewer]) -> None:
    adeel, luqman = browser_of("adeel"), browser_of("luqman")
    form = {"email": "new@team.example", "name": "New", "language": "en", "roles": ["analyst"]}
    assert luqman.post("/people/", form).status_code == 404
    assert adeel.post("/people/", form).status_code == 302
    assert Person.objects.filter(email="new@team.example").exists()
    assert luqman.post("/people/sign-in-link/", {"email": "new@team.example"}).status_code == 404
    page = adeel.post("/people/sign-in-link/", {"email": "new@team.example"})
    assert "/sign-in/" in page.content.decode().replace("<wbr>", "")
    assert AuditEntry.objects.filter(action="constituency.sign-in-link-made", actor_name=email_of("adeel")).count() == 1
