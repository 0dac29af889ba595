"""One served world for all browser tests of a process, and pages that fail on any console error or outside request."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from tests.browser.served import Console, chromium, environment_of, launch, serving
from tests.browser.world import LEAD, make_world

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests skip with the reason, except in CI, where they fail."""
    if chromium() is None:
        reason = "there is no Chromium on this machine (apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def console(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The small world, served."""
    folder = tmp_path_factory.mktemp("world")
    environment = environment_of(folder / "var")
    make_world(folder / "files", environment)
    with serving(environment) as served:
        yield served


@pytest.fixture(scope="session")
def lead_state(browser: Browser, console: Console) -> Any:
    """The cookies of a browser in which Luqman, the lead, is signed in."""
    context = browser.new_context()
    console.sign_in(context, LEAD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What went wrong inside the pages of a test; anything in here at its end is a failure."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture
def open_page(browser: Browser, console: Console, lead_state: Any, faults: list[str]) -> Iterator[OpenPage]:
    """``open_page(path, language="en", theme="light", width=1280, script=True)``: a page as the lead sees it, watched."""
    contexts: list[BrowserContext] = []

    def opened(path: str, language: str = "en", theme: str = "light", width: int = 1280, script: bool = True) -> Page:
        context = browser.new_context(
            storage_state=lead_state,
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_cookies(
            [
                {"name": "tocsin_language", "value": language, "url": console.base},
                {"name": "tocsin_theme", "value": theme, "url": console.base},
            ]
        )
        page = context.new_page()
        watch(page, console.base, faults)
        page.goto(console.base + path)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()


def watch(page: Page, base: str, faults: list[str]) -> None:
    """Note every console error, every exception and every request to another host."""

    def hear(said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            faults.append(f"{page.url}: {said.text} ({said.location.get('url', '')})")

    def see(asked: Request) -> None:
        if not asked.url.startswith((base, "data:")):
            faults.append(f"{page.url} asks {asked.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("request", see)
