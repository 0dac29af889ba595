"""Fixtures that every room's tests may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

# A loaded machine is slow, not wrong.
hypothesis_settings.register_profile("tocsin", deadline=None)
hypothesis_settings.load_profile("tocsin")


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


@pytest.fixture(scope="session", autouse=True)
def emptied_audit_log() -> Iterator[None]:
    """Lets Django empty what only grows (the audit log, the ledger) between tests that commit: SQLite's triggers, which refuse that,
    are put back at once."""
    from django.db.backends.sqlite3.base import DatabaseWrapper

    operations = DatabaseWrapper.ops_class
    plain = operations.sql_flush

    def sql_flush(self: Any, *arguments: Any, **named: Any) -> list[str]:
        statements: list[str] = plain(self, *arguments, **named)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        return [*(f"DROP TRIGGER {name}" for name, _ in triggers), *statements, *(sql for _, sql in triggers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage folder of its own for each test: lake, sets and locks lie there, never in anybody's real one."""
    from msgspec.structs import replace

    folder = tmp_path_factory.mktemp("storage")
    settings.TOCSIN = replace(settings.TOCSIN, storage=replace(settings.TOCSIN.storage, folder=str(folder)))
    settings.STORAGE = folder
    return folder
