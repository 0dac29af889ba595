"""Every page in both languages, wide and at 360 pixels: no error, nothing from outside, nothing sticks out."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenPage

#: One process runs them all: they share one served world.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


LISTS = (
    "/",
    "/findings/",
    "/findings/?state=all",
    "/hits/",
    "/runs/",
    "/indicators/",
    "/deliveries/",
    "/sources/",
    "/warning-lists/",
    "/objects/",
    "/agreements/",
    "/agreements/import/",
    "/agreements/what-if/?agreement=agr--harbour",
    "/holds/",
    "/ledger/",
    "/ledger/checkpoints/",
    "/exchange/partners/",
    "/exchange/receipts/",
    "/exchange/collected/",
    "/organisations/",
    "/sectors/",
    "/whose/?q=198.18.10.77",
    "/people/",
    "/audit/",
    "/me/",
    "/components/",
    "/api/v1/docs/",
    "/sign-out/",
)
#: a list, and the link in it that leads to one thing
OBJECTS = (
    ("/findings/", "/findings/FND-"),
    ("/runs/", "/runs/"),
    ("/hits/", "/indicators/"),
    ("/deliveries/", "/deliveries/"),
    ("/sources/", "/sources/"),
    ("/organisations/", "/organisations/"),
    ("/objects/", "/objects/"),
    ("/agreements/", "/agreements/agr--"),
    ("/holds/", "/holds/"),
    ("/ledger/", "/ledger/"),
    ("/exchange/partners/", "/exchange/partners/"),
)


def _nothing_sticks_out(page: Page) -> None:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} pixels wider than the screen"


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("path", LISTS)
def test_a_list_fits_every_screen(open_page: OpenPage, path: str, language: str) -> None:
    page = open_page(path, language=language)
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ur" else "ltr")
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        _nothing_sticks_out(page)


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize(("path", "beginning"), OBJECTS)
def test_one_thing_fits_the_screen(open_page: OpenPage, path: str, beginning: str, language: str) -> None:
    page = open_page(path, language=language, width=360, theme="dark")
    page.locator(f'#list a[href^="{beginning}"]').first.click()
    page.wait_for_load_state("networkidle")
    assert re.search(rf"{re.escape(beginning)}.", page.url)
    expect(page.locator("h1")).to_have_count(1)
    _nothing_sticks_out(page)


def test_tables_become_cards_on_a_small_screen(open_page: OpenPage) -> None:
    page = open_page("/findings/", width=360)
    assert page.locator("table.rows tbody td").first.evaluate("cell => getComputedStyle(cell).display") == "flex"
    label = page.locator('td[data-label="Severity"]').first.evaluate(
        "cell => getComputedStyle(cell, '::before').content"
    )
    assert label == '"Severity"'


def test_the_menu_opens_on_a_small_screen_and_closes_with_escape(open_page: OpenPage) -> None:
    page = open_page("/findings/", width=360)
    menu, button = page.locator("#menu"), page.locator("[data-menu]")
    expect(menu).to_be_hidden()
    button.click()
    expect(menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()


def test_charts_are_drawn_and_their_numbers_can_be_read(open_page: OpenPage) -> None:
    page = open_page("/")
    drawings = page.locator(".chart-drawing svg")
    expect(drawings.first).to_be_visible()
    assert drawings.count() == 3
    numbers = page.locator(".chart-numbers").first
    expect(numbers.locator("table")).to_be_hidden()
    numbers.locator("summary").click()
    expect(numbers.locator("table")).to_be_visible()


def test_urdu_is_set_in_nastaliq_and_addresses_in_a_latin_face(open_page: OpenPage) -> None:
    page = open_page("/findings/", language="ur")
    assert page.evaluate("document.fonts.check('16px \"Noto Nastaliq Urdu\"', 'مسائل')")
    loaded = page.evaluate("[...document.fonts].filter(face => face.status === 'loaded').map(face => face.family)")
    assert {"Inter", '"Noto Nastaliq Urdu"'} <= set(loaded) or {"Inter", "Noto Nastaliq Urdu"} <= set(loaded)
    height = page.locator("h1").evaluate(
        "h => parseFloat(getComputedStyle(h).lineHeight) / parseFloat(getComputedStyle(h).fontSize)"
    )
    assert height >= 2
    assert page.locator("td .raw").first.evaluate("cell => getComputedStyle(cell).direction") == "ltr"


#: Contrast (WCAG 2.2) of every piece of text with the ground that it stands on; gives those below 4.5.
_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const layer = (colour) => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); };
    const read = () => [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const poor = [];
    const walker = document.createTreeWalker(document.querySelector("body"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const said = walker.currentNode.textContent.trim();
        if (!said || !element.checkVisibility() || element.closest("script, [disabled], .disabled, .skip, svg")) continue;
        const grounds = [];
        for (let one = element; one; one = one.parentElement) grounds.unshift(getComputedStyle(one).backgroundColor);
        layer("white"); grounds.forEach(layer);
        const ground = read();
        layer(getComputedStyle(element).color);
        const [a, b] = [light(ground), light(read())].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(1)} ${element.className}: ${said.slice(0, 40)}`);
    }
    return [...new Set(poor)];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", "/components/", "/findings/", "/hits/", "/me/", "/agreements/agr--harbour/", "/holds/"]
)
def test_all_words_stand_out_from_their_ground(open_page: OpenPage, path: str, theme: str) -> None:
    assert open_page(path, theme=theme).evaluate(_CONTRAST) == []
