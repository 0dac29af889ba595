"""A storage folder of its own for each test, and tasks that real workers of other processes can import."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tocsin.jobs.holdings import the_lake
from tocsin.lake.store import Lake


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    settings.TOCSIN = replace(settings.TOCSIN, storage=replace(settings.TOCSIN.storage, folder=str(folder)))
    return folder


@pytest.fixture
def lake(storage: Path) -> Lake:
    return the_lake()
