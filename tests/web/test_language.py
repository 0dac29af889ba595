"""Which language and theme a page takes, and that a choice works without JavaScript."""

import pytest
from django.test import Client
from tests.cast import browser_of


@pytest.mark.django_db
def test_a_stranger_reads_the_nations_language_and_can_choose_another() -> None:
    browser = Client()
    assert '<html lang="en" dir="ltr"' in browser.get("/").content.decode()
    chosen = browser.get("/anything/?language=ur&page=2")
    assert (chosen.status_code, chosen.headers["Location"]) == (302, "/anything/?page=2")
    page = browser.get("/")
    assert page.status_code == 404
    assert '<html lang="ur" dir="rtl"' in page.content.decode()
    assert "tabler.rtl.min" in page.content.decode()


@pytest.mark.usefixtures("cast")
def test_a_person_reads_their_own_language_until_this_browser_chooses() -> None:
    browser = browser_of("luqman")
    assert browser.get("/").headers["Content-Language"] == "ur"
    browser.get("/?language=en")
    assert browser.get("/").headers["Content-Language"] == "en"


@pytest.mark.usefixtures("cast")
def test_saving_a_language_makes_the_browser_forget_its_own_choice() -> None:
    browser = browser_of("ayesha")
    browser.get("/?language=en")
    browser.post("/me/language/", {"language": "ur"})
    assert browser.get("/").headers["Content-Language"] == "ur"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/?language=xx", "/?theme=pink", "/?language="])
def test_a_choice_that_does_not_exist_is_no_choice(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 404
    assert not answer.cookies


@pytest.mark.django_db
def test_a_choice_never_leads_to_another_host() -> None:
    answer = Client().get("/?language=ur", PATH_INFO="//evil.example/")
    assert answer.headers["Location"] == "/evil.example/"


@pytest.mark.django_db
def test_a_theme_is_remembered() -> None:
    browser = Client()
    browser.get("/?theme=dark")
    assert 'data-bs-theme="dark"' in browser.get("/").content.decode()
