"""``tocsin check``: everything that is wrong is one sentence, and nothing else is."""

import io
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from typer.testing import CliRunner

from tocsin.jobs import checks, holdings
from tocsin.jobs.commands import app
from tocsin.jobs.holdings import Holdings, forget, record
from tocsin.jobs.models import LakePart
from tocsin.lake.store import Lake

pytestmark = pytest.mark.django_db
NUMBERS = pa.schema([("n", pa.int64())])


@pytest.fixture
def counted(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Raw bytes that a room tells of, and nothing that other rooms say."""
    raw: set[str] = set()
    room = SimpleNamespace(holdings=lambda using: Holdings(raw=frozenset(raw)), __name__="tocsin.tests.jobs")
    for module in (holdings, checks):
        monkeypatch.setattr(module, "job_modules", lambda: iter([room]))
    return raw


def publish(lake: Lake, name: str) -> str:
    with lake.writing():
        with lake.stage("numbers", name, NUMBERS) as writer:
            writer.write(pa.table({"n": [1]}, schema=NUMBERS))
        part = writer.close().publish()
        record(part)
    return part.path


def test_all_is_well_on_an_empty_machine(counted: set[str]) -> None:
    assert list(checks.problems()) == []


def test_all_is_well_when_everything_is_there(lake: Lake, counted: set[str]) -> None:
    publish(lake, "a")
    counted.add(lake.raw.put(io.BytesIO(b"x" * 1000)).sha256)
    buried = lake.raw.put(io.BytesIO(b"y")).sha256
    lake.raw.bury(buried)
    counted.add(buried)
    assert list(checks.problems()) == []


def test_missing_changed_and_uncounted_files_are_named(lake: Lake, counted: set[str]) -> None:
    missing, changed, uncounted = (publish(lake, name) for name in ("missing", "changed", "uncounted"))
    lake.part_file(missing).unlink()
    lake.part_file(changed).write_bytes(b"?")
    forget(uncounted)
    lost, broken = (lake.raw.put(io.BytesIO(data)).sha256 for data in (b"lost" * 999, b"broken" * 999))
    counted |= {lost, broken}
    lake.raw.files(lost)[0].unlink()
    lake.raw.files(broken)[0].write_bytes(b"?")
    found = "\n".join(checks.problems())
    for said in (
        f"The part {missing} is missing",
        f"The part {changed} has changed",
        f"The part {uncounted} is in the lake and counts nowhere",
        f"The raw bytes {lost} are missing",
        f"The raw bytes {broken} cannot be read back",
    ):
        assert said in found
    assert len(found.splitlines()) == 5
    assert len(list(checks.problems(is_quick=True))) == 3


def test_what_rooms_say_is_said(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    room = SimpleNamespace(
        checks=lambda: iter(["The books of delivery 7 do not balance."]), __name__="tocsin.intel.jobs"
    )
    for module in (holdings, checks):
        monkeypatch.setattr(module, "job_modules", lambda: iter([room]))
    assert list(checks.problems()) == ["The books of delivery 7 do not balance."]


def test_missing_migrations_are_said_first(lake: Lake, counted: set[str]) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="jobs").delete()
    (said,) = checks.problems()
    assert "jobs.0001" in said
    assert "tocsin init" in said


def test_sweeping_removes_only_what_counts_nowhere(lake: Lake, counted: set[str]) -> None:
    kept, orphan = publish(lake, "kept"), publish(lake, "orphan")
    raw = lake.raw.put(io.BytesIO(b"nobody has told of raw bytes")).sha256
    LakePart.objects.filter(path=orphan).delete()
    assert checks.sweep() == [orphan]
    assert lake.part_file(kept).exists()
    assert lake.raw.has(raw)


def test_the_command_leaves_with_one_if_something_is_wrong(lake: Lake, counted: set[str]) -> None:
    good = CliRunner().invoke(app, ["check"])
    assert (good.exit_code, good.output) == (0, "all is well\n")
    path = publish(lake, "a")
    lake.part_file(path).unlink()
    bad = CliRunner().invoke(app, ["check", "--quick"])
    assert bad.exit_code == 1
    assert bad.output.splitlines() == [
        f"The part {path} is missing from the lake: restore the last backup.",
        "1 problem",
    ]
    LakePart.objects.all().delete()
    publish(lake, "b")
    LakePart.objects.all().delete()
    swept = CliRunner().invoke(app, ["check", "--sweep"])
    assert swept.output.splitlines() == ["removed numbers/b.parquet", "all is well"]


@pytest.mark.django_db(transaction=True)
def test_a_part_is_recorded_once_and_only_inside_a_transaction(lake: Lake) -> None:
    with lake.writing():
        with lake.stage("numbers", "a", NUMBERS) as writer:
            writer.write(pa.table({"n": [1]}, schema=NUMBERS))
        part = writer.close().publish()
    with pytest.raises(transaction.TransactionManagementError):
        record(part)
    with transaction.atomic():
        record(part)
        record(part)
    assert dict(holdings.committed().parts) == {part.path: part.sha256}


def test_the_lake_lies_below_the_storage_folder(lake: Lake, storage: Path) -> None:
    assert lake.root == storage / "lake"
