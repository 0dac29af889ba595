"""Headers keep a page from loading or running anything that is not ours."""

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from tests.cast import browser_of

from tocsin.web.security import CONTENT_SECURITY_POLICY


def test_the_policy_allows_only_what_is_named_and_nothing_unsafe() -> None:
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/no/such/page/", "/static/no-such-file.css", "/api/v1/no-such"])
def test_every_answer_carries_the_headers_even_an_error(path: str) -> None:
    answer = Client().get(path)
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.usefixtures("cast")
def test_a_page_stays_in_no_cache() -> None:
    assert browser_of("ayesha").get("/").headers["Cache-Control"] == "private, no-store"


@pytest.mark.usefixtures("cast")
def test_pages_hold_no_inline_script_style_or_handler() -> None:
    page = browser_of("luqman").get("/components/").content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert " onclick" not in page
    for script in page.split("<script")[1:]:
        head = script.partition(">")[0]
        assert "src=" in head or 'type="application/json"' in head


def test_every_file_that_a_page_loads_is_here() -> None:
    for name in (
        "vendor/tabler.min.css",
        "vendor/tabler.rtl.min.css",
        "vendor/htmx.min.js",
        "vendor/vega.js",
        "vendor/icons.svg",
    ):
        assert finders.find(f"web/{name}"), f"run 'python -m tocsin.web.assets': {name} is missing"


@pytest.mark.django_db
def test_a_forged_form_changes_nothing_and_tells_a_stranger_nothing() -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/me/language/", {"language": "ur"}).status_code == 404
    assert stranger.post("/no/such/page/", {}).status_code == 404


@pytest.mark.usefixtures("cast")
def test_a_forged_form_is_refused_in_words() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = browser_of("ayesha").cookies
    answer = browser.post("/me/language/", {"language": "ur"})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()


def test_the_session_cookie_is_out_of_reach_of_scripts() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
