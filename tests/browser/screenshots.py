"""``python -m tests.browser.screenshots``: the console in both languages, from the sample nation, into docs/screenshots.

The sample nation is made first if it is not there (``python -m sample.run``). What is exchanged with partners is shown from the small world
of the browser's tests, which has an agreement. Third-party data is never in a picture.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser.served import Console, chromium, environment_of, launch, serving

_ROOT = Path(__file__).parents[2]
_STORAGE = Path(os.environ.get("TOCSIN_STORAGE_FOLDER") or _ROOT / "var" / "nation")
_PICTURES = _ROOT / "docs" / "screenshots"
_OFFICER = "screenshots@cert.example"

#: name of the picture -> where to find it: a path, or a list and the beginning of the link to follow
_SCENES: dict[str, tuple[str, str]] = {
    "situation": ("/", ""),
    "findings": ("/findings/", ""),
    "finding": ("/findings/?severity=high&classification=malicious-code/infected-system", "/findings/FND-"),
    "hits": ("/hits/", ""),
    "delivery": ("/deliveries/?source=open-list", "/deliveries/"),
    "indicator": ("/hits/", "/indicators/"),
    "organisation": ("/findings/", "/organisations/"),
}

#: The same of the small world.
_EXCHANGED: dict[str, tuple[str, str]] = {
    "agreement": ("/agreements/agr--harbour/", ""),
    "hold": ("/holds/", "/holds/"),
    "ledger": ("/ledger/", ""),
    "object": ("/objects/?type=malware", "/objects/"),
    "partner": ("/exchange/partners/beacon/", ""),
}


def main() -> None:
    """Make the nation if need be, serve it, take every picture."""
    if chromium() is None:
        sys.exit("There is no Chromium on this machine (apt-get install chromium).")
    if not (_STORAGE / "done").exists():
        subprocess.run([sys.executable, "-m", "sample.run", "--serve", "no"], cwd=_ROOT, check=True)
    environment = environment_of(_STORAGE)
    with serving(environment) as console, sync_playwright() as playwright:
        if _OFFICER not in console.tocsin("person", "list"):
            console.tocsin("person", "add", _OFFICER, "--name", "Amina Qureshi", "--role", "lead")
        browser = launch(playwright)
        for language, theme, width, names in (
            ("en", "light", 1280, tuple(_SCENES)),
            ("ur", "light", 1280, tuple(_SCENES)),
            ("en", "dark", 1280, ("situation",)),
            ("ur", "light", 360, ("situation", "findings")),
        ):
            context = browser.new_context(
                viewport={"width": width, "height": 900 if width > 400 else 780}, reduced_motion="reduce"
            )
            _choose(context, console, language, theme)
            page = console.sign_in(context, _OFFICER)
            for name in names:
                _take(
                    page,
                    console,
                    _SCENES[name],
                    "-".join(
                        (
                            name,
                            language,
                            *(() if theme == "light" else (theme,)),
                            *(() if width > 400 else (str(width),)),
                        )
                    ),
                )
            context.close()
        browser.close()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        _take_exchanged(browser, Path(folder))
        browser.close()


def _take_exchanged(browser: Browser, folder: Path) -> None:
    """The pictures of the small world."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.project.settings"
    django.setup()
    from tests.browser.world import LEAD, make_world

    environment = environment_of(folder / "var")
    make_world(folder / "files", environment)
    with serving(environment) as console:
        for language in ("en", "ur"):
            context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            _choose(context, console, language, "light")
            page = console.sign_in(context, LEAD)
            for name, scene in _EXCHANGED.items():
                _take(page, console, scene, f"{name}-{language}")
            context.close()


def _choose(context: BrowserContext, console: Console, language: str, theme: str) -> None:
    context.add_cookies(
        [
            {"name": "tocsin_language", "value": language, "url": console.base},
            {"name": "tocsin_theme", "value": theme, "url": console.base},
        ]
    )


def _take(page: Page, console: Console, scene: tuple[str, str], file: str) -> None:
    path, follow = scene
    page.goto(console.base + path)
    if follow:
        page.locator(f'#list a[href^="{follow}"]').first.click()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"{file}.png")
    print(f"docs/screenshots/{file}.png")


if __name__ == "__main__":
    main()
