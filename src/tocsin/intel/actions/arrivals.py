"""The files of a delivery as they arrive: listed, hashed, kept."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

import orjson

from tocsin.formats.feed import Options
from tocsin.lake.store import Lake
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.identity import INDICATOR_NAMESPACE

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file as it was handed in: its name inside the delivery, where it lies, its SHA-256 and size in bytes."""

    name: str
    path: Path
    sha256: str
    size: int


@contextmanager
def laid_down(paths: Sequence[str | Path], folder: Path) -> Iterator[list[Path]]:
    """The paths, with standard input (``-``) written to a file below ``folder`` first: it can be read only once."""
    if "-" not in map(str, paths):
        yield [Path(path) for path in paths]
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="stdin-") as temporary:
        spooled = Path(temporary, "stdin")
        with spooled.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, _CHUNK)
        yield [spooled if str(path) == "-" else Path(path) for path in paths]


def arrivals(paths: Sequence[Path]) -> list[Arrival]:
    """Every file of the delivery, folders walked in order, hidden files left out. Raises ``Unreadable``."""
    found = []
    for path in paths:
        if path.is_dir():
            found += [_arrival(file, file.relative_to(path).as_posix()) for file in _files_below(path)]
        else:
            found.append(_arrival(path, path.name))
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts):
            yield file


def _arrival(path: Path, name: str) -> Arrival:
    hasher, size = sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    return Arrival(name, path, hasher.hexdigest(), size)


def digest_of(files: Sequence[Arrival], options: Options) -> str:
    """What makes two deliveries the same: names and bytes of their files, and how they were to be read."""
    told = {
        "files": sorted((file.name, file.sha256) for file in files),
        "columns": options.columns,
        "defanged": options.defanged,
        "arguments": dict(options.feed_arguments),
    }
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=_plain)).hexdigest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def delivery_uid(source: str, feed: str, digest: str) -> UUID:
    """The same delivery has the same name on every try, so that an interrupted one is taken up again and not doubled."""
    return uuid5(INDICATOR_NAMESPACE, f"delivery\t{source}\t{feed}\t{digest}")


def keep(files: Sequence[Arrival], lake: Lake, progress: Callable[[int], None] | None = None) -> None:
    """Put every file into the raw store. Raises ``Unreadable`` if one has changed since it was hashed."""
    for file in files:
        try:
            with file.path.open("rb") as stream:
                ref = lake.raw.put(stream, progress)
        except OSError as error:
            raise Unreadable(f"{file.path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
        if ref.sha256 != file.sha256:
            raise Unreadable(f"{file.path} changed while it was being read; hand it in again when it is complete.")
