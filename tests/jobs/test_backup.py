"""Backup and restore on the real database: the same comes back, or nothing changes."""

import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction

from tocsin.jobs import backup as backups
from tocsin.jobs import changes, checks, holdings, tasks
from tocsin.jobs.archive import ArchiveWriter, unpack
from tocsin.jobs.backup import backup, restore
from tocsin.jobs.databases import applied_migrations
from tocsin.jobs.holdings import Holdings, record
from tocsin.jobs.models import ChangeEntry, LakePart
from tocsin.lake.durable import create_held
from tocsin.lake.store import Lake
from tocsin.vocab.errors import Conflict, TocsinError, Unreadable

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = pa.schema([("n", pa.int64())])
STRANGE = "tab\tnewline\nquote' backslash\\ اردو \\N NULL"


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The raw bytes that a room of ours would tell of: as change entries, so that they are part of the database's state."""

    def told(using: str) -> Holdings:
        return Holdings(
            raw=frozenset(ChangeEntry.objects.using(using).filter(kind="raw").values_list("subject", flat=True))
        )

    real = list(holdings.job_modules())
    only_ours = [module for module in real if not hasattr(module, "holdings")]
    for module in (holdings, checks):
        monkeypatch.setattr(module, "job_modules", lambda: iter([*only_ours, SimpleNamespace(holdings=told)]))
    return set()


def publish(lake: Lake, name: str, *values: int) -> str:
    with lake.writing():
        with lake.stage("numbers", name, NUMBERS) as writer:
            writer.write(pa.table({"n": list(values)}, schema=NUMBERS))
        part = writer.close().publish()
        with transaction.atomic():
            record(part)
    return part.path


@pytest.fixture
def filled(lake: Lake, raw: set[str]) -> Lake:
    """A lake of two parts, two raw files and one buried one, and a database that counts them."""
    for number in range(2):
        publish(lake, f"d{number}", number)
    for data in (b"raw bytes\n" * 1000, b"", b"buried"):
        raw.add(lake.raw.put(io.BytesIO(data)).sha256)
    lake.raw.bury(lake.raw.put(io.BytesIO(b"buried")).sha256, "kept for 400 days")
    with transaction.atomic():
        changes.append_many("intel", "raw", [(digest, {"text": STRANGE}) for digest in sorted(raw)])
        changes.append("intel", "x", STRANGE, {"list": [1, 2.5, None, True], "text": STRANGE})
    changes.latest()
    return lake


def state(lake: Lake) -> dict[str, Any]:
    """Everything that must be the same afterwards."""
    lists = {
        "changes": list(ChangeEntry.objects.order_by("id").values_list()),
        "parts": list(LakePart.objects.order_by("id").values_list()),
        "types": ContentType.objects.count(),
        "migrations": applied_migrations(),
    }
    files = {
        str(path.relative_to(lake.root)): path.read_bytes()
        for folder in ("parts", "raw")
        for path in (lake.root / folder).rglob("*")
        if path.is_file()
    }
    return {**lists, "files": files}


def forget_everything(lake: Lake) -> None:
    """A machine on which nothing is but the tables."""
    ChangeEntry.objects.all().delete()
    LakePart.objects.all().delete()
    for folder in ("parts", "raw"):
        for path in sorted((lake.root / folder).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".tocsin") or path.suffix == ".tmp")


def test_what_was_backed_up_comes_back(filled: Lake, storage: Path, tmp_path: Path) -> None:
    before = state(filled)
    made = backup(tmp_path / "b.tar.zst")
    assert (made.parts, made.raw, made.engine) == (2, 3, connection.vendor)
    forget_everything(filled)
    assert state(filled) != before
    got = restore(tmp_path / "b.tar.zst")
    assert state(filled) == before
    assert got == made
    assert list(checks.problems()) == []
    assert left_over(storage) == left_over(tmp_path) == []


def test_new_rows_after_a_restore_get_new_ids(filled: Lake, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar.zst")
    highest = ChangeEntry.objects.latest("id").pk
    forget_everything(filled)
    restore(tmp_path / "b.tar.zst")
    with transaction.atomic():
        changes.append("intel", "x", "after")
    assert ChangeEntry.objects.latest("id").pk > highest
    assert changes.since("c")[-1].subject == "after"


def test_a_backup_holds_one_moment_while_others_write(filled: Lake, tmp_path: Path) -> None:
    """Each write is a pair of rows in one transaction: a backup with half a pair, or a part that is not there, would show."""
    ending = threading.Event()
    started = threading.Event()

    def write() -> None:
        number = 0
        while not ending.is_set():
            number += 1
            publish(filled, f"more{number}", number)
            with transaction.atomic():
                changes.append_many("intel", "pair", [(str(number), {}), (str(number), {})])
            started.set()
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    started.wait(20)
    try:
        made = [backup(tmp_path / f"{number}.tar.zst") for number in range(3)]
    finally:
        ending.set()
        writer.join()
    assert made[-1].parts > 2
    for number, report in enumerate(made):
        restore(tmp_path / f"{number}.tar.zst", is_replacing=True)
        pairs = list(ChangeEntry.objects.filter(kind="pair").values_list("subject", flat=True))
        assert len(pairs) == 2 * len(set(pairs))
        assert LakePart.objects.count() == report.parts
        assert list(checks.problems()) == []


def test_a_restore_refuses_what_is_there_unless_told_to_replace_it(filled: Lake, tmp_path: Path) -> None:
    before = state(filled)
    backup(tmp_path / "b.tar.zst")
    publish(filled, "newer", 9)
    with pytest.raises(Conflict, match="--replace"):
        restore(tmp_path / "b.tar.zst")
    assert LakePart.objects.count() == 3
    restore(tmp_path / "b.tar.zst", is_replacing=True)
    assert state(filled) == before


def test_a_restore_repairs_damaged_files(filled: Lake, tmp_path: Path) -> None:
    before = state(filled)
    backup(tmp_path / "b.tar.zst")
    for path in [*filled.root.glob("parts/*/*"), *filled.root.glob("raw/??/??/*.zst")]:
        path.write_bytes(b"damaged")
    assert len(list(checks.problems())) == 3
    restore(tmp_path / "b.tar.zst", is_replacing=True)
    assert state(filled) == before


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same backup with members changed or left out, manifest untouched."""
    target = path.with_name("changed.tar.zst")
    data = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as source, tarfile.open(fileobj=out, mode="w") as copy:
        for header in source:
            stream = source.extractfile(header)
            assert stream
            content = change(header.name, stream.read())
            if content is not None:
                header.size = len(content)
                copy.addfile(header, io.BytesIO(content))
    target.write_bytes(zstandard.ZstdCompressor().compress(out.getvalue()))
    return target


def without_manifest(name: str, data: bytes) -> bytes | None:
    return None if name == "manifest.json" else data


def with_another_part(name: str, data: bytes) -> bytes | None:
    return data[:-1] + b"?" if name.endswith("d1.parquet") else data


def without_a_part(name: str, data: bytes) -> bytes | None:
    return None if name.endswith("d1.parquet") else data


def uncounted_part_missing(name: str, data: bytes) -> bytes | None:
    """The manifest does not promise the part either, but the database counts it."""
    if name != "manifest.json":
        return without_a_part(name, data)
    manifest = orjson.loads(data)
    del manifest["members"]["lake/parts/numbers/d1.parquet"]
    return orjson.dumps(manifest)


def from_a_newer_tocsin(name: str, data: bytes) -> bytes | None:
    if name != "manifest.json":
        return data
    manifest = orjson.loads(data)
    manifest["database"]["migrations"].append(["jobs", "9999_future"])
    return orjson.dumps(manifest)


def from_another_engine(name: str, data: bytes) -> bytes | None:
    return (
        data.replace(f'"engine": "{connection.vendor}"'.encode(), b'"engine": "another"')
        if name == "manifest.json"
        else data
    )


def with_another_format(name: str, data: bytes) -> bytes | None:
    return data.replace(b'"format": 1', b'"format": 2') if name == "manifest.json" else data


def with_a_strange_manifest(name: str, data: bytes) -> bytes | None:
    return b"[]" if name == "manifest.json" else data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_manifest, "no manifest"),
        (with_another_part, r"damaged: 1 of its files .*d1\.parquet"),
        (without_a_part, r"damaged: 1 of its files .*d1\.parquet"),
        (uncounted_part_missing, r"lacks the part numbers/d1\.parquet"),
        (from_a_newer_tocsin, r"newer Tocsin .*jobs\.9999_future"),
        (from_another_engine, "was made from another"),
        (with_another_format, "format 2"),
        (with_a_strange_manifest, "not one of Tocsin"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_backup_that_is_not_whole_changes_nothing(
    filled: Lake, storage: Path, tmp_path: Path, change: Callable[[str, bytes], bytes | None], said: str
) -> None:
    backup(tmp_path / "b.tar.zst")
    publish(filled, "newer", 9)
    before = state(filled)
    with pytest.raises(TocsinError, match=said):
        restore(rewritten(tmp_path / "b.tar.zst", change), is_replacing=True)
    assert state(filled) == before
    assert left_over(storage) == []


def test_a_backup_that_was_cut_off_anywhere_changes_nothing(filled: Lake, storage: Path, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar.zst")
    whole, before = (tmp_path / "b.tar.zst").read_bytes(), state(filled)
    for length in (*range(0, len(whole) - 200, len(whole) // 15), len(whole) - 200):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(Unreadable):
            restore(tmp_path / "cut", is_replacing=True)
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 4
    (tmp_path / "flipped").write_bytes(flipped)
    with pytest.raises(Unreadable):
        restore(tmp_path / "flipped", is_replacing=True)
    assert state(filled) == before
    assert left_over(storage) == []


def test_a_restore_that_fails_in_the_middle_changes_nothing_that_counts(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "b.tar.zst")
    publish(filled, "newer", 9)
    before = state(filled)

    def breaks(staged: Path, lake: Path) -> None:
        raise OSError("the disk went away")

    monkeypatch.setattr(backups, "_move", breaks)
    with pytest.raises(OSError, match="went away"):
        restore(tmp_path / "b.tar.zst", is_replacing=True)
    assert state(filled) == before
    assert list(checks.problems()) == []


def test_a_backup_never_replaces_a_file_and_leaves_nothing_when_it_fails(filled: Lake, tmp_path: Path) -> None:
    (tmp_path / "b.tar.zst").write_bytes(b"precious")
    with pytest.raises(Conflict, match="exists already"):
        backup(tmp_path / "b.tar.zst")
    assert (tmp_path / "b.tar.zst").read_bytes() == b"precious"
    filled.part_file("numbers/d1.parquet").unlink()
    with pytest.raises(Unreadable, match=r"d1\.parquet is missing"):
        backup(tmp_path / "c.tar.zst")
    assert not (tmp_path / "c.tar.zst").exists()
    assert left_over(tmp_path) == []


def test_only_its_owner_can_read_a_backup(filled: Lake, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar.zst")
    assert (tmp_path / "b.tar.zst").stat().st_mode & 0o077 == 0


def test_a_restore_waits_for_workers_and_writers_to_end(filled: Lake, storage: Path, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar.zst")
    _, held = create_held(storage / "workers", "host")
    with held, pytest.raises(Conflict, match="stop tocsin serve"):
        restore(tmp_path / "b.tar.zst", is_replacing=True)
    with filled.writing(), pytest.raises(Conflict, match="being written by process"):
        restore(tmp_path / "b.tar.zst", is_replacing=True)


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "database/../../up", "other/file", "database/.hidden", "database"]
)
def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        header = tarfile.TarInfo(name)
        header.size = 1
        tar.addfile(header, io.BytesIO(b"x"))
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "evil").write_bytes(zstandard.ZstdCompressor().compress(packed.getvalue()))
    with pytest.raises(Unreadable, match="which no backup of Tocsin holds"):
        unpack(alone / "evil", alone / "folder" / "inner")
    assert sorted(path.name for path in alone.rglob("*")) == ["evil"]


def test_an_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        header = tarfile.TarInfo("database/link")
        header.type, header.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(header)
    (tmp_path / "evil").write_bytes(zstandard.ZstdCompressor().compress(packed.getvalue()))
    with pytest.raises(Unreadable, match="which no backup of Tocsin holds"):
        unpack(tmp_path / "evil", tmp_path / "folder")


def test_a_killed_backup_leaves_no_file_with_its_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 1000)
    program = f"""
import os, signal
from pathlib import Path
from tocsin.jobs.archive import ArchiveWriter
with ArchiveWriter(Path({str(tmp_path / "b.tar.zst")!r})) as archive:
    archive.add("database/x", Path({str(source)!r}))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert not (tmp_path / "b.tar.zst").exists()
    with ArchiveWriter(tmp_path / "b.tar.zst") as archive:
        archive.add("database/x", source)
        archive.finish({})
    assert unpack(tmp_path / "b.tar.zst", tmp_path / "out")["members"]["database/x"]["size"] == 1000


def test_tasks_that_waited_are_waiting_again(filled: Lake, tmp_path: Path) -> None:
    from tests.jobs import chores

    tasks.enqueue(chores.note, path="x", text=STRANGE)
    backup(tmp_path / "b.tar.zst")
    restore(tmp_path / "b.tar.zst", is_replacing=True)
    (report,) = tasks.reports("ready")
    assert report.arguments == {"path": "x", "text": STRANGE}


@pytest.fixture(autouse=True)
def tables_as_before() -> Iterator[None]:
    """On PostgreSQL a restore makes the schema anew, without what ``migrate`` adds after migrations: add it for the tests to come."""
    yield
    from django.core.management.sql import emit_post_migrate_signal

    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
