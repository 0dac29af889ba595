"""The cast and a few sources, for the tests of this room."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cast import cast, constituency

from tocsin.constituency.access import OPERATOR
from tocsin.intel import actions
from tocsin.intel.actions import IngestReport

__all__ = ["cast", "constituency"]

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


def enter(name: str, *feeds: str, **values: Any) -> None:
    """Enter a source."""
    row = actions.SourceRow(name=name, title=name.title(), feeds=list(feeds), **values)
    actions.add_source(actor=OPERATOR, row=row, at=MONDAY)


@pytest.fixture
def take(db: Any, tmp_path: Path) -> Callable[..., IngestReport]:
    """Take a delivery of one file with this text in, as if received at ``at``."""

    def taken(
        source: str, feed: str, text: str, *, name: str = "list.txt", at: datetime = MONDAY, **more: Any
    ) -> IngestReport:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return actions.ingest(actor=OPERATOR, source=source, feed=feed, paths=[path], at=at, **more)

    return taken
