"""The cast and what partners say about it, for the tests of this room."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from tests.cast import cast, constituency
from tests.detection.conftest import intelligence
from tests.intel.conftest import enter

from tocsin.constituency.access import OPERATOR
from tocsin.findings import actions, queries
from tocsin.findings.actions import Absorbed
from tocsin.formats.feed import Options
from tocsin.intel import actions as intel

__all__ = ["cast", "constituency", "intelligence"]

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
#: A row of a report: time, address, RSIT type, identifier, malware, severity.
Said = tuple[str, str, str, str, str, str]
_COLUMNS = [
    "time.source",
    "source.ip",
    "classification.type",
    "classification.identifier",
    "malware.name",
    "extra.severity",
]


class Reports:
    """Takes reports about our own addresses in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def take(self, source: str, rows: Sequence[Said], *, at: datetime = MORNING, tlp: str = "green") -> bool:
        """One delivery of a source, which is entered at its first; whether it was new."""
        if source not in self._known:
            enter(source, "csv/observations", tlp=tlp)
            self._known.add(source)
        path = self._folder / f"{source}.csv"
        path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
        given = Options(columns={"columns": _COLUMNS, "time_zone": "UTC"})
        report = intel.ingest(
            actor=OPERATOR, source=source, feed="csv/observations", paths=[path], at=at, options=given
        )
        assert report.accounts.rejected == 0, str(report.accounts)
        return not report.is_unchanged


@pytest.fixture
def reports(constituency: None, tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """Where reports are taken in."""
    return Reports(tmp_path_factory.mktemp("reports"))


def infected(ip: str, *, at: str = "2026-11-23T08:00:00Z", malware: str = "mirai", identifier: str = "") -> Said:
    """An infected machine."""
    return (at, ip, "infected-system", identifier, malware, "")


def absorb() -> Absorbed:
    """As a worker does."""
    return actions.absorb(actor=OPERATOR)


def found(**search: object) -> list[queries.FindingView]:
    """Findings that fit."""
    return queries.findings(OPERATOR, queries.FindingSearch(**search), size=1000)[0]  # type: ignore[arg-type]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database beside the tests' own; empty for SQLite."""
    if connection.vendor == "sqlite":
        yield ""
        return
    address, name = os.environ["TOCSIN_STORAGE_DATABASE"], f"killing_findings_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield address.replace("/tocsin?", f"/{name}?", 1)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
