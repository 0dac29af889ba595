"""``kill -9`` at any point of an ingest, then handed in again: the same as if nothing had happened."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).parents[2]
KILLS = 20


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database beside the tests' own; empty for SQLite."""
    if connection.vendor == "sqlite":
        yield ""
        return
    address, name = os.environ["TOCSIN_STORAGE_DATABASE"], f"killing_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield address.replace("/tocsin?", f"/{name}?", 1)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_an_ingest_killed_at_any_point_and_run_again_is_as_if_unbroken(tmp_path: Path, database: str) -> None:
    seed = random.randrange(1 << 30)  # noqa: S311 (chance, not secrecy)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.intel.killing", str(tmp_path), str(KILLS), str(seed)],
        cwd=ROOT,
        env=os.environ
        | {
            "TOCSIN_STORAGE_FOLDER": str(tmp_path / "storage"),
            "TOCSIN_STORAGE_DATABASE": database,
            "DJANGO_SETTINGS_MODULE": "tocsin.project.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert sum(kill["was_killed"] for kill in told["kills"]) >= KILLS, (
        f"seed {seed}: too few kills came in time: {told}"
    )
    wrong = [kill for kill in told["kills"] if kill["digest"] != told["unbroken"]]
    assert wrong == [], f"seed {seed}"
