"""How far growing logs were searched: kept in one small file, so that a restart goes on where the last run was.

A place is told by device and inode, and by what stands at the file's beginning and just before the place, so that an inode used again,
a file emptied and refilled, a copy and a compressed copy are all recognised for what they are.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from tocsin.engine.headers import Columns
from tocsin.vocab.errors import InputError, Unreadable

_VERSION = 1
#: How much of a file's beginning, and of what stands before a place, tells whether it is the same file.
HEAD_BYTES, TAIL_BYTES = 1024, 64
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in one file: behind a whole line. ``lines`` stand before it; ``head`` and ``tail`` are digests
    of the file's first bytes and of those before the place."""

    device: int
    inode: int
    offset: int = 0
    lines: int = 0
    columns: Columns = None
    modified: int = 0
    head: str = ""
    tail: str = ""

    def is_in(self, about: os.stat_result) -> bool:
        """Whether the place is in the file of this device and inode."""
        return (self.device, self.inode) == (about.st_dev, about.st_ino)

    def fits(self, file: BinaryIO) -> bool:
        """Whether a file, plain or as unpacked from its beginning, has the same bytes before the place. It is read up to there.

        Raises ``Unreadable`` where it cannot be read.
        """
        head, tail = beginning_and_end(file, self.offset)
        return (digest(head), digest(tail)) == (self.head, self.tail)


def beginning_and_end(file: BinaryIO, offset: int) -> tuple[bytes, bytes]:
    """A file's first bytes and those just before ``offset``. Seeks where the file can, else reads up to there."""
    if not file.seekable():
        return _on_the_way(file, offset)
    file.seek(0)
    head = file.read(min(offset, HEAD_BYTES))
    file.seek(max(0, offset - TAIL_BYTES))
    return head, file.read(min(offset, TAIL_BYTES))


def _on_the_way(file: BinaryIO, offset: int) -> tuple[bytes, bytes]:
    head = last = file.read(min(offset, HEAD_BYTES))
    read = len(head)
    while read < offset and (part := file.read(min(_STEP, offset - read))):
        last = last[-TAIL_BYTES:] + part
        read += len(part)
    return head, last[-TAIL_BYTES:]


def digest(text: bytes) -> str:
    """What tells these bytes from others."""
    return f"{len(text)}:{hashlib.sha256(text).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Written:
    """How long the output was: what stands behind that was written by a run that did not live to note it."""

    device: int
    inode: int
    length: int


@dataclass(slots=True)
class Positions:
    """Everything a restart must know: the places of each log (files rotated away first), and the output's length if it is a file."""

    logs: dict[str, list[Place]] = field(default_factory=dict)
    written: Written | None = None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Positions as they were saved; none where the file does not exist. Raises ``Unreadable`` where it is something else."""
        try:
            saved = json.loads(path.read_bytes())
            if saved["version"] != _VERSION:
                raise ValueError("another version")
            logs = {log: [_place(one) for one in places] for log, places in saved["logs"].items()}
            return cls(logs, Written(**saved["written"]) if saved["written"] else None)
        except FileNotFoundError:
            return cls()
        except OSError as problem:
            raise Unreadable(f"{path}: the positions cannot be read ({problem.strerror})") from problem
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise Unreadable(
                f"{path}: is no file of positions, or a damaged one; remove it to search from the beginning"
            ) from problem

    def save(self, path: Path) -> None:
        """Replace the file, atomically and durably. Raises ``InputError`` where it cannot be written."""
        logs = {log: [asdict(place) for place in places] for log, places in self.logs.items()}
        written = asdict(self.written) if self.written else None
        text = json.dumps({"version": _VERSION, "written": written, "logs": logs}, indent=1)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with temporary.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as problem:
            raise InputError(f"{path}: the positions cannot be written ({problem.strerror})") from problem


def _place(saved: dict[str, Any]) -> Place:
    columns = saved.pop("columns")
    return Place(**saved, columns=tuple(columns) if columns else None)
