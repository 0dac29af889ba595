"""A storage folder of its own for each test, and tasks that real workers of other processes can import."""

from pathlib import Path

import pytest

from tocsin.jobs.holdings import the_lake
from tocsin.lake.store import Lake


@pytest.fixture
def lake(storage: Path) -> Lake:
    return the_lake()
