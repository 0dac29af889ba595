"""Files that are either wholly there or not at all, whatever kills the process or the power."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from tocsin.vocab.errors import Conflict

#: What an operating system says when there is no room: disk, quota, or the process's own file size limit.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def sync_folder(folder: Path) -> None:
    """Make the names inside ``folder`` (creations, renames, removals) survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create ``folder`` and its parents, each durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder.parent)


def move_into_place(temporary: Path, final: Path) -> None:
    """Rename a synced temporary file to its final name in one step, and make the new name durable."""
    temporary.rename(final)
    sync_folder(final.parent)


def remove(path: Path) -> None:
    """Remove a file durably; one that is gone already is fine."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file in one step: readers see the old bytes or all of the new ones."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with no_room(path.parent), temporary.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    move_into_place(temporary, path)


@contextmanager
def no_room(where: Path) -> Iterator[None]:
    """Turn "the disk is full" into one sentence for people. Raises ``Conflict``; other errors pass unchanged."""
    try:
        yield
    except OSError as error:
        # pyarrow wraps the system's error and keeps its number only in the text
        if error.errno in _FULL or any(f"errno {number}]" in str(error).lower() for number in _FULL):
            raise Conflict(
                f"There is no room to write below {where}: free some space and run it again; nothing was stored."
            ) from error
        raise


def create_held(folder: Path, stem: str) -> tuple[Path, BinaryIO]:
    """A fresh temporary file that its writer holds a lock on, so that :func:`is_abandoned` can tell living from
    dead."""
    make_folder(folder)
    while True:
        path = folder / f".{stem}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
        out = path.open("xb")
        fcntl.flock(out, fcntl.LOCK_EX)
        if os.fstat(out.fileno()).st_nlink:  # not swept between the two calls
            return path, out
        out.close()


def is_abandoned(path: Path) -> bool:
    """Whether nobody holds the temporary file ``path`` any more: its writer was killed."""
    try:
        with path.open("rb") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return False
    return True


class HashingFile:
    """A write-only file that hashes what passes through it, so that nothing need be read again. Enough of a file for
    pyarrow."""

    def __init__(self, out: BinaryIO, hasher: Any) -> None:
        self._out = out
        self._hasher = hasher
        self._size = 0
        self._is_abandoned = False

    @property
    def closed(self) -> bool:
        """Whether the file below is closed."""
        return self._out.closed

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, data: Any) -> int:
        """Write and hash ``data`` (bytes or any buffer); returns its length in bytes."""
        length = memoryview(data).nbytes
        if self._is_abandoned:
            return length
        self._hasher.update(data)
        self._out.write(data)
        self._size += length
        return length

    def abandon(self) -> None:
        """Swallow whatever still comes: the writer above may only be closed by letting it write its end."""
        self._is_abandoned = True

    def tell(self) -> int:
        """The position, which is always the end."""
        return self._size

    def readable(self) -> bool:
        """No."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No: a part is written from its beginning to its end."""
        return False

    def flush(self) -> None:
        """Pass buffered bytes to the operating system."""
        if not self._is_abandoned:
            self._out.flush()

    def close(self) -> None:
        """Leave the file open: its owner still has to sync it."""
        self.flush()
