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


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--bless``: golden samples are written anew; read the difference before you keep it."""
    parser.addoption("--bless", action="store_true", help="write the expected output of golden samples anew")


@pytest.fixture(scope="session")
def is_blessing(pytestconfig: pytest.Config) -> bool:
    """Whether golden samples are being written anew."""
    return bool(pytestconfig.getoption("--bless"))
