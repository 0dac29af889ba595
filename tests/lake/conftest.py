"""A lake of its own for each test, and observations to put into it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin.lake.observations import ObservationContext, PlacedObservation
from tocsin.lake.store import Lake
from tocsin.vocab.records import ObservationRecord

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def context() -> ObservationContext:
    return ObservationContext("partner", "provider/feed", "b7a9d7d6-6f2e-4c5e-9a3a-0f3f3c1b2a10", NOON)


@pytest.fixture
def rows() -> Sequence[PlacedObservation]:
    return [
        (
            "report.csv",
            number + 2,
            ObservationRecord(
                NOON + timedelta(minutes=number),
                "vulnerable/vulnerable-system",
                identifier="open-rdp",
                ip=f"198.18.0.{number}",
                port=3389,
                protocol="tcp",
                details={"extra.tag": "rdp", "source.geolocation.cc": "PK"},
            ),
        )
        for number in range(200)
    ]
