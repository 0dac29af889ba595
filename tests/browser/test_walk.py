"""The whole path of a duty officer, by mouse, by keyboard, and without JavaScript."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.conftest import OpenPage, watch
from tests.browser.served import Console
from tests.browser.world import ANALYST

#: One process runs them all: they share one served world.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_link_signs_in_once_and_shows_nothing_to_strangers(browser: Browser, console: Console) -> None:
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    watch(page, console.base, faults)
    answer = page.goto(console.base + "/findings/")
    assert answer is not None
    assert answer.status == 404
    link = console.tocsin("person", "link", ANALYST).split()[-1]
    page.goto(console.base + "/" + link.split("/", 3)[3])
    expect(page.locator("main")).to_contain_text("Ayesha")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#menu")).to_be_visible()
    answer = page.goto(console.base + "/" + link.split("/", 3)[3])
    assert answer is not None
    assert answer.status == 404
    # Chromium itself logs each 404 of a document as an error; nothing else may be there.
    assert all("404" in fault for fault in faults)
    context.close()


def test_from_the_situation_to_the_evidence_and_back_to_who_said_so(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator("#menu").get_by_role("link", name="Findings").click()
    page.get_by_role("link", name="Karakoram Bank").first.click()
    expect(page.locator("h1")).to_have_text("Karakoram Bank")
    hits = page.locator(".panel", has_text="Hits").locator("mark")
    expect(hits.first).to_have_text("c2-007.bad-actor.example")
    page.locator(".panel", has_text="Hits").get_by_role("link", name="c2-007.bad-actor.example").click()
    expect(page.locator("h1")).to_have_text("c2-007.bad-actor.example")
    page.get_by_role("link", name="Open list of names").click()
    page.locator("#content").get_by_role("link", name=re.compile(r"\d{4}-\d\d-\d\d")).first.click()
    accounts = page.locator(".accounts-sum")
    expect(accounts).to_contain_text("received 122")
    expect(accounts).to_contain_text("rejected 1")
    expect(page.locator("#list")).to_contain_text("not a domain!")


def test_a_finding_is_judged_with_its_reason(open_page: OpenPage) -> None:
    page = open_page("/findings/?q=198.18.10.77")
    page.locator('#list a[href^="/findings/FND-"]').first.click()
    page.get_by_label("New state").select_option("acknowledged")
    page.get_by_label("Reason").fill("The control room is cleaning it.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".alert-success")).to_contain_text("acknowledged")
    expect(page.locator(".history")).to_contain_text("The control room is cleaning it.")


def test_a_list_narrows_while_one_types_and_its_address_can_be_sent(open_page: OpenPage) -> None:
    page = open_page("/indicators/")
    box = page.locator("[data-search]")
    box.press_sequentially("c2-11", delay=30)
    expect(page.locator("#list tbody tr")).to_have_count(10)
    expect(box).to_be_focused()
    expect(page).to_have_url(re.compile(r"q=c2-11"))
    page.reload()
    expect(page.locator("#list tbody tr")).to_have_count(10)


def test_a_long_list_is_walked_page_by_page(open_page: OpenPage) -> None:
    page = open_page("/indicators/")
    first = page.locator("#list tbody tr a").first.inner_text()
    page.locator("a[rel=next]").click()
    expect(page.locator("a[rel=first]")).to_be_visible()
    assert page.locator("#list tbody tr a").first.inner_text() != first


def test_a_list_is_downloaded_as_it_is_filtered(open_page: OpenPage) -> None:
    page = open_page("/findings/?state=all&q=198.18.20")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()
    lines = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("reference,organisation,")
    assert len(lines) == 1 + page.locator("#list tbody tr").count()
    assert all("karakoram-bank" in line for line in lines[1:])


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    page = open_page("/findings/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("?j")
    expect(page.locator("[data-search]")).to_have_value("?j")
    page.locator("[data-search]").fill("")
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused.startswith("/findings/FND-")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(focused)))
    page.keyboard.press("g")
    page.keyboard.press("1")
    expect(page.locator("h1")).to_have_text("Situation")


def test_what_has_the_focus_is_marked(open_page: OpenPage) -> None:
    page = open_page("/findings/")
    page.keyboard.press("/")
    page.keyboard.press("Tab")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    shadow = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
    assert width >= 2 or shadow != "none"


@pytest.mark.parametrize("width", [1280, 360])
def test_everything_works_without_javascript(open_page: OpenPage, width: int) -> None:
    page = open_page("/findings/?state=all", width=width, script=False)
    expect(page.locator("#menu")).to_be_visible()
    page.locator("[data-search]").fill("198.18.20.9")
    page.locator(".filters-go").click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.locator('.top a[hreflang="ur"]').click()
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert "q=198.18.20.9" in page.url


def test_language_and_theme_are_chosen_in_one_click_and_stay(open_page: OpenPage) -> None:
    page = open_page("/hits/")
    page.locator('.top a[hreflang="ur"]').click()
    page.locator(".only-light").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("#menu a").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "ur")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_systems_theme_is_followed_where_nobody_chose(browser: Browser, console: Console, lead_state: Any) -> None:
    context = browser.new_context(storage_state=lead_state, color_scheme="dark")
    page = context.new_page()
    page.goto(console.base + "/me/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    context.close()


def test_a_token_is_shown_once_and_can_be_revoked(open_page: OpenPage) -> None:
    page = open_page("/me/")
    page.get_by_label("Name").fill("sensor")
    page.get_by_label("intel:read").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.locator(".secret")).to_contain_text("tocsin_")
    page.get_by_role("link", name="I have kept it").click()
    row = page.locator("tr", has_text="sensor")
    row.get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="sensor")).to_contain_text("revoked")
