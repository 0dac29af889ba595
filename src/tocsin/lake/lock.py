"""The one writer lock of a lake: held by one process, let go by the operating system when that process dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tocsin.lake.durable import make_folder
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict

_POLL_SECONDS = 0.05


@contextmanager
def held(path: Path, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path``.

    Raises ``Conflict`` naming the holder's process id when the lock is still held after ``wait_seconds``.
    """
    make_folder(path.parent)
    with path.open("a+b") as lock:
        _take(lock, path, wait_seconds)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {now().isoformat(timespec='seconds')}\n".encode())
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_UN)


def _take(lock: BinaryIO, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Conflict(_sentence(lock, path)) from None
            time.sleep(_POLL_SECONDS)


def _sentence(lock: BinaryIO, path: Path) -> str:
    lock.seek(0)
    pid, _, since = lock.read(200).decode("ascii", "replace").strip().partition(" ")
    holder = f"process {pid} (since {since})" if pid else "another process"
    return f"The lake {path.parent} is being written by {holder}: wait until it has ended, then try again."
