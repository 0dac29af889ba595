"""Tocsin as people run it: its own command line fills a storage folder, its own server serves it, a real Chromium looks at it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

#: Nothing of Chromium's own may go to the network while a test watches for requests that do.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """The Chromium of this machine, if it has one."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


def launch(playwright: Playwright) -> Browser:
    """Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS), headless=True)


@dataclass(frozen=True, slots=True)
class Console:
    """A served console: its address and the storage folder that it serves."""

    base: str
    environment: dict[str, str]

    def tocsin(self, *words: str) -> str:
        """Run one command on the same storage; its standard output. Raises ``RuntimeError`` with what it said if it fails."""
        return tocsin(self.environment, *words)

    def sign_in(self, context: BrowserContext, email: str) -> Page:
        """A page on which the person has just signed in with a fresh link."""
        link = self.tocsin("person", "link", email).split()[-1]
        page = context.new_page()
        page.goto(self.base + "/" + link.split("/", 3)[3])
        page.get_by_role("button").last.click()
        page.wait_for_url(lambda address: "/sign-in/" not in address)
        return page


def tocsin(environment: dict[str, str], *words: str) -> str:
    """Run one command of Tocsin. Exit code 1 is an answer (nothing found); anything above is a ``RuntimeError``."""
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode > 1:
        raise RuntimeError(f"tocsin {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def environment_of(storage: Path) -> dict[str, str]:
    """The environment of commands on a storage folder with a database and a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return {
        **own,
        "TOCSIN_STORAGE_FOLDER": str(storage),
        "TOCSIN_SERVER_PORT": str(port),
        "TOCSIN_SERVER_HOST": "127.0.0.1",
    }


@contextlib.contextmanager
def serving(environment: dict[str, str]) -> Iterator[Console]:
    """The console of a storage folder, ready to answer; ended at the end."""
    base = f"http://127.0.0.1:{environment['TOCSIN_SERVER_PORT']}"
    server = subprocess.Popen([sys.executable, "-m", "tocsin", "serve", "--no-work"], env=environment)
    try:
        _wait_for(base, server)
        yield Console(base, environment)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(base: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers a stranger as it should: with 404."""
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            urlopen(base, timeout=10)  # noqa: S310 (our own server)
        except HTTPError as answer:
            if answer.code == 404:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the console did not begin to serve within 90 seconds")
