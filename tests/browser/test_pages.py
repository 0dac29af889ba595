"""Every page in both languages, wide and at 360 pixels: no error, nothing from outside, nothing sticks out."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenPage

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
)


def _nothing_sticks_out(page: Page) -> None:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} pixels wider than the screen"


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", LISTS)
def test_a_list_fits_the_screen(open_page: OpenPage, path: str, width: int, language: str) -> None:
    page = open_page(path, language=language, width=width)
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ur" else "ltr")
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_their_ground(open_page: OpenPage, theme: str) -> None:
    page = open_page("/", theme=theme)
    ratio = page.evaluate(
        """() => {
            const light = (text) => {
                const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
                    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const canvas = document.createElement("canvas").getContext("2d");
            const flat = (colour) => {
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return `rgb(${canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)})`;
            };
            const style = getComputedStyle(document.body);
            const [a, b] = [light(flat(style.backgroundColor)), light(flat(style.color))].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05);
        }"""
    )
    assert ratio >= 7, "body text must reach the contrast of WCAG 2.2 AAA"
