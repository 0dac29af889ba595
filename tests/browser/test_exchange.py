"""What a liaison and an approver do in the console: an agreement taken in, a hold decided, an entry replayed, a client made."""

import re

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import OpenPage
from tests.browser.served import Console

#: One process runs them all: they share one served world.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_clause_leads_to_its_line(open_page: OpenPage) -> None:
    page = open_page("/agreements/agr--harbour/")
    page.locator("li", has_text="no count with fewer than").locator("a.line").click()
    expect(page).to_have_url(re.compile(r"#line-\d+$"))
    expect(page.locator(".file li:target")).to_contain_text("k_anonymity: 9")


def test_a_text_is_looked_at_before_it_counts(open_page: OpenPage) -> None:
    page = open_page("/agreements/what-if/?agreement=agr--harbour")
    text = page.get_by_label("The text").input_value()
    page.goto(page.url.split("/agreements")[0] + "/agreements/import/")
    page.get_by_label("The text").fill(
        text.replace("revision: 5", "revision: 6").replace("k_anonymity: 9", "k_anonymity: 3")
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("1 clause lets more out.")
    expect(page.locator(".diff")).to_contain_text("categories.counts.k_anonymity")
    expect(page.locator(".pill-effect-widens").first).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("button", name="Look at it")).to_be_visible()


def test_a_what_if_shows_what_would_have_stayed(open_page: OpenPage) -> None:
    page = open_page("/agreements/what-if/?agreement=agr--harbour")
    box = page.get_by_label("The text")
    box.fill(box.input_value().replace("status: in_force", "status: suspended"))
    page.get_by_role("button", name="Try it").click()
    stayed = page.locator(".figure-box", has_text="would have stayed").locator(".figure-number")
    assert int(stayed.inner_text()) > 0
    page.locator("#list").get_by_role("link").first.click()
    expect(page.locator("h1")).to_contain_text("Entry")


def test_a_hold_is_released_with_what_the_approver_says_and_the_entry_is_replayed(open_page: OpenPage) -> None:
    page = open_page("/holds/")
    page.locator("tr", has_text="Its TLP label cannot be read.").get_by_role("link").click()
    expect(page.locator(".panel", has_text="The object")).to_contain_text("c2-005.bad-actor.example")
    page.get_by_label("TLP label", exact=True).select_option("GREEN")
    page.get_by_label("Reason").fill("The sender says on the phone: green.")
    page.get_by_role("button", name="Release").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("main")).to_contain_text("The sender says on the phone: green.")
    page.locator(".facts a[href^='/ledger/']").last.click()
    page.get_by_role("link", name="Decide it again").click()
    expect(page.locator(".alert-success")).to_contain_text("the answer is the same")


def test_several_holds_are_refused_together_by_the_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/holds/")
    chosen = page.locator("input.choose")
    number = chosen.count()
    assert number > 1
    chosen.nth(0).focus()
    page.keyboard.press("Space")
    chosen.nth(1).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Decide the chosen").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("One reason for 2 holds.")
    page.get_by_label("Reason").fill("Links without what they link.")
    page.get_by_role("button", name="Refuse all").click()
    expect(page.locator(".alert-success")).to_contain_text("2 holds are decided.")
    expect(page.locator("input.choose")).to_have_count(number - 2)


def test_the_ledger_is_verified_against_its_checkpoints(open_page: OpenPage, console: Console) -> None:
    page = open_page("/ledger/")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".alert-success")).to_contain_text("Consistent, and as it was signed.")


def test_credentials_are_shown_once(open_page: OpenPage) -> None:
    page = open_page("/exchange/partners/beacon/")
    page.get_by_label("Name").fill("beacon-second")
    page.get_by_role("button", name="Make it").click()
    secret = page.locator(".secret").inner_text()
    assert len(secret) > 15
    page.get_by_role("link", name="They are handed over").click()
    expect(page.locator("main")).to_contain_text("beacon-second")
    assert secret not in page.content()


def test_seen_here_is_one_click_on_the_page_of_an_object(open_page: OpenPage) -> None:
    page = open_page("/objects/?q=c2-001.bad-actor.example")
    page.locator("#list").get_by_role("link", name="c2-001.bad-actor.example").click()
    page.get_by_role("button", name="It was seen").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Seen 1 time.")
    expect(page.locator(".panel", has_text="Who has collected it")).to_contain_text("Nobody has collected it")
