"""Backup and restore: database, committed parts and raw bytes in one file, put back whole or not at all."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from tocsin import __version__
from tocsin.jobs import databases
from tocsin.jobs.archive import ArchiveWriter, refuse_existing, unpack
from tocsin.jobs.holdings import Holdings, committed, room_names, the_lake
from tocsin.jobs.progress import Progress, SilentProgress
from tocsin.jobs.worker import live_workers
from tocsin.lake import durable
from tocsin.lake.store import Lake
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, Unreadable

FORMAT = 1


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: how many parts, raw files and bytes (unpacked), of which moment (ISO 8601, UTC), by which version."""

    made_at: str
    version: str
    engine: str
    parts: int
    raw: int
    size: int


def backup(path: Path, progress: Progress | None = None) -> BackupReport:
    """Write everything that counts at this moment into the file ``path``; others may go on working meanwhile.

    Raises ``Conflict`` if the file exists or the disk is full, ``Unreadable`` if something that counts is missing from the lake.
    """
    shown = progress or SilentProgress()
    refuse_existing(path)
    made_at = now().isoformat(timespec="seconds")
    with _work_folder(path.absolute().parent, "backup") as folder, ArchiveWriter(path, shown.advance) as archive:
        shown.begin("copying the database", None)
        with databases.copied(folder) as copy:
            holdings = committed(copy.alias)
        lake_files = dict(_lake_files(the_lake(), holdings))
        files = {f"database/{file.name}": file for file in copy.files} | lake_files
        shown.begin("packing", sum(file.stat().st_size for file in files.values() if file.exists()))
        for name, file in files.items():
            archive.add(name, file)
        about = {"engine": copy.engine, **copy.about}
        counts = {"parts": len(holdings.parts), "raw": len(holdings.raw)}
        told = {"format": FORMAT, "version": __version__, "made_at": made_at, "database": about, "holds": counts}
        archive.finish(told)
    return BackupReport(made_at, __version__, copy.engine, **counts, size=archive.size)


def restore(path: Path, *, is_replacing: bool = False, progress: Progress | None = None) -> BackupReport:
    """Put a backup in place of what Tocsin holds. Everything is unpacked and verified before anything is touched.

    The lake's files come first, where they are orphans until the database, in one step of its own, makes them count.
    Raises ``Conflict`` if there is something already and ``is_replacing`` is not set, or if somebody works; ``Unreadable`` if
    the backup is damaged.
    """
    shown = progress or SilentProgress()
    if not path.is_file():
        raise Unreadable(f"{path} is not a file.")
    if live_workers():
        raise Conflict("A worker is running: stop tocsin serve and tocsin work first.")
    storage = Path(settings.TOCSIN.storage.folder)
    if not is_replacing and (held := _held_already()):
        raise Conflict(f"This Tocsin is not empty ({held}): give --replace to put the backup in its place.")
    lake = the_lake()
    with lake.writing(), _work_folder(storage, "restore") as folder:
        shown.begin("unpacking and verifying", path.stat().st_size)
        manifest = unpack(path, folder, shown.advance)
        about = _judged(manifest, path)
        staged = Lake(folder / "lake")
        shown.begin("verifying raw bytes", None)
        for digest in staged.raw.names():
            staged.raw.verify(digest)
        shown.begin("putting it in place", None)
        with databases.loaded(about["engine"], about, folder / "database") as alias:
            holdings = committed(alias)
            _check_complete(staged, holdings, path)
            _move(staged.root, lake.root)
        lake.sweep(committed().parts)
    counts = {"parts": len(holdings.parts), "raw": len(holdings.raw)}
    size = sum(member["size"] for member in manifest["members"].values())
    return BackupReport(manifest["made_at"], manifest["version"], about["engine"], **counts, size=size)


def _lake_files(lake: Lake, holdings: Holdings) -> Iterator[tuple[str, Path]]:
    for path in sorted(holdings.parts):
        yield f"lake/parts/{path}", lake.part_file(path)
    for digest in sorted(holdings.raw):
        files = lake.raw.files(digest)
        if not files:
            raise Unreadable(f"The raw bytes {digest} are missing from the lake: run tocsin check.")
        for file in files:
            yield f"lake/{file.relative_to(lake.root)}", file


def _judged(manifest: Mapping[str, Any], path: Path) -> dict[str, Any]:
    if manifest.get("format") != FORMAT:
        raise Conflict(
            f"{path} has the format {manifest.get('format')}, this Tocsin reads {FORMAT}: use the version that made it."
        )
    about: dict[str, Any] = manifest["database"]
    return about


def _check_complete(staged: Lake, holdings: Holdings, path: Path) -> None:
    """Everything that the database in the backup counts must be in the backup's lake."""
    for part, digest in holdings.parts.items():
        file = staged.part_file(part)
        if not file.is_file():
            raise Unreadable(f"{path} lacks the part {part}, which its database counts.")
        if digest:
            staged.verify_part(part, digest)
    missing = [digest for digest in holdings.raw if not staged.raw.files(digest)]
    if missing:
        raise Unreadable(f"{path} lacks the raw bytes {missing[0]}, which its database counts.")


def _move(staged: Path, lake: Path) -> None:
    """Add the staged files to the lake. What has the same name has the same content, or was damaged and is now repaired."""
    for file in sorted(path for path in staged.rglob("*") if path.is_file()):
        target = lake / file.relative_to(staged)
        durable.make_folder(target.parent)
        durable.move_into_place(file, target)


def _held_already() -> str | None:
    """What is there that a restore would replace, in a few words."""
    tables = set(connection.introspection.table_names())
    ours = {name.rpartition(".")[2] for name in room_names()} - {"jobs", "web"}
    for model in apps.get_models():
        if model._meta.app_label in ours and model._meta.db_table in tables and model._default_manager.exists():
            return f"it has {model._meta.verbose_name_plural}"
    lake = the_lake()
    if lake.orphans(()) or any(lake.raw.names()):
        return "its lake has files"
    return None


@contextmanager
def _work_folder(parent: Path, what: str) -> Iterator[Path]:
    """A folder beside what is written, readable by us alone; those of killed runs are removed."""
    durable.make_folder(parent)
    for left in parent.glob(f".tocsin-{what}-*"):
        if not _runs(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f".tocsin-{what}-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
