"""The files of a set: ``NAME``, and ``NAME.delta`` beside it where rows were added or removed since it was compiled.

A reader takes no lock. He opens the base, then the delta, and then looks whether the base still stands under its name: if so, what he
opened was the set's state at the moment he opened the delta, because a base never comes back. A delta of another base, left by a
compilation that was interrupted after its renaming, is passed over by everybody (it names its base).

A writer locks the base while he reads it and until his file has its name. Compiling locks the base that it replaces, and its own
file before it appears, until the old delta is gone: so nobody's additions are written beside a base that they were not made for.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tocsin.vocab.errors import Conflict, InputError, Unreadable

_TRIES = 1000


def delta_of(path: Path) -> Path:
    """Where the delta of a set lies."""
    return path.with_name(f"{path.name}.delta")


def opened_pair(path: Path) -> tuple[BinaryIO, BinaryIO | None]:
    """Base and delta of one moment, open; ``None`` where there is no delta. Raises ``Unreadable`` where the base cannot be opened."""
    for _ in range(_TRIES):
        base = _opened(path)
        if base is None:
            break
        try:
            delta = _opened(delta_of(path))
        except BaseException:
            base.close()
            raise
        if _stands_at(base, path):
            return base, delta
        base.close()
        if delta:
            delta.close()
    raise Unreadable(f"{path}: the set cannot be opened (No such file or directory)")


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise Unreadable(f"{path}: the set cannot be opened ({problem.strerror})") from problem


def _stands_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


@contextmanager
def locked(path: Path, *, is_patient: bool) -> Iterator[bool]:
    """The writer's lock on the base at ``path``; gives whether there is one. An impatient writer gets ``Conflict`` while another has it."""
    while True:
        file = _opened(path)
        if file is None:
            yield False
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
            except BlockingIOError as problem:
                raise Conflict(
                    f"{path}: somebody else is changing this set; try again when he has finished"
                ) from problem
            if _stands_at(file, path):
                yield True
                return


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of a delta when it is complete and on disk. The caller holds the lock."""
    with _beside(path) as (file, temporary):
        yield file
        _finish(file, temporary)
        temporary.replace(path)
        _sync_folder(path)


@contextmanager
def replacing_base(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of a base when it is complete and on disk; the old one's delta goes."""
    with _beside(path) as (file, temporary):
        yield file
        _finish(file, temporary)
        fcntl.flock(file, fcntl.LOCK_EX)
        while not _take_place(temporary, path):
            pass
        delta_of(path).unlink(missing_ok=True)
        _sync_folder(path)


def _take_place(temporary: Path, path: Path) -> bool:
    """False where another set has appeared where there was none."""
    with locked(path, is_patient=True) as is_there:
        if is_there:
            temporary.replace(path)
            return True
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        temporary.replace(path)
    return True


@contextmanager
def _beside(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as problem:
        raise InputError(f"{path}: cannot be written ({problem.strerror})") from problem
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, temporary
    finally:
        temporary.unlink(missing_ok=True)


def _finish(file: BinaryIO, temporary: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)


def _sync_folder(path: Path) -> None:
    """A new name is as durable as the file itself; file systems that cannot do it are left alone."""
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
