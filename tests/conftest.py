"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of third-party data, read in place; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("TOCSIN_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the third-party data is not on this machine (set TOCSIN_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """Our own samples."""
    return Path(__file__).parent / "samples"
