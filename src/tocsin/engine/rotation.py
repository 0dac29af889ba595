"""Where a log's lines went: the names that rotation gives, and which file is the one that a place was in.

``logrotate`` and its like rename a log (and may compress it afterwards), or copy it and empty the original. Either way the lines that
nobody read yet are in a file beside it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tocsin.engine.positions import Place
from tocsin.text.streams import members
from tocsin.vocab.errors import Unreadable

#: What is put behind a log's name: ``.1``, ``-20261123``, ``.2026-11-23T10:00``, each perhaps compressed.
_SUFFIX = re.compile(r"[.\-_]\d[\d.\-_T:]*(\.(gz|bz2|xz|zst))?", re.ASCII)
_PACKED = re.compile(r"\.(gz|bz2|xz|zst)\Z")


def rotated(log: Path) -> list[Path]:
    """The rotated files of a log, oldest first. Where a file and its compressed copy are both there, the copy is not finished: left out."""
    found = []
    with suppress(OSError):
        names = set(os.listdir(log.parent))
        for name in names:
            if name.startswith(log.name) and _SUFFIX.fullmatch(name, len(log.name)):
                if _PACKED.search(name) and _PACKED.sub("", name) in names:
                    continue
                with suppress(OSError):
                    found.append((os.stat(log.parent / name).st_mtime_ns, log.parent / name))
    return [path for _, path in sorted(found)]


def by_inode(log: Path, place: Place) -> Path | None:
    """The file beside a log, or the log itself, that a place is in: of that inode, and with the same bytes before the place."""
    with suppress(OSError), os.scandir(log.parent) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.inode() == place.inode and place.is_in(os.stat(entry.path)) and holds(Path(entry.path), place):
                    return Path(entry.path)
    return None


def by_content(log: Path, place: Place) -> Path | None:
    """The newest copy, perhaps compressed, of the file that a place was in. None is looked for where the place is at a beginning."""
    if not place.offset:
        return None
    return next((path for path in reversed(rotated(log)) if holds(path, place)), None)


def holds(path: Path, place: Place) -> bool:
    """Whether a file, plain or compressed, has the bytes that stood before the place."""
    with suppress(Unreadable, OSError), unpacked(path) as stream:
        return stream is not None and place.fits(stream)
    return False


def later(log: Path, than: int, known: list[Place], until: int | None = None) -> list[Path]:
    """Generations that nobody saw: rotated files last written after ``than`` (nanoseconds), not after ``until``, none of the known."""
    found = []
    for path in rotated(log):
        about = os.stat(path)
        in_time = than < about.st_mtime_ns and (until is None or about.st_mtime_ns <= until)
        if in_time and not any(_is_of(path, about, place) for place in known):
            found.append(path)
    return found


def _is_of(path: Path, about: os.stat_result, place: Place) -> bool:
    return place.is_in(about) or (place.offset > 0 and holds(path, place))


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO | None]:
    """A plain file, or what a compressed one holds; ``None`` for anything else. Raises ``Unreadable``."""
    found = members(path, ahead=False)
    if not _PACKED.search(path.name):
        with path.open("rb") as file:
            yield file
        return
    try:
        member = next(found, None)
        yield member.open() if member and not member.is_inside else None
    finally:
        found.close()  # type: ignore[attr-defined]
