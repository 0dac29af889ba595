"""One file that holds many, each with its hash: a tar, compressed with zstd, whose last member is the manifest.

The manifest comes last because hashes are known only when everything else is written; a file that was cut off has none.
"""

import io
import os
import re
import tarfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import orjson
import zstandard

from tocsin.lake.durable import HashingFile, make_folder, move_into_place, no_room
from tocsin.vocab.errors import Conflict, Unreadable

MANIFEST = "manifest.json"
_LEVEL = 3
_MOST_MANIFEST_BYTES = 1 << 30
#: What a member may be called; nothing else is ever written to disk.
_MEMBER = re.compile(r"(database|lake)(/[A-Za-z0-9_][A-Za-z0-9._-]{0,160}){1,4}")

Told = Callable[[int], None]


def _tell_nobody(_: int) -> None:
    """For callers without a progress bar."""


class ArchiveWriter:
    """Writes an archive under a temporary name; it appears when :meth:`finish` was called and the block ended well."""

    def __init__(self, path: Path, told: Told = _tell_nobody) -> None:
        self._path, self._told = path, told
        self._members: dict[str, dict[str, Any]] = {}
        self._is_finished = False

    def __enter__(self) -> Self:
        make_folder(self._path.parent.absolute())
        self._temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        handle = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds secrets
        self._out = os.fdopen(handle, "wb")
        self._packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(
            self._out, closefd=False
        )
        self._tar = tarfile.open(fileobj=cast("BinaryIO", self._packed), mode="w|", format=tarfile.PAX_FORMAT)
        return self

    @property
    def size(self) -> int:
        """Bytes of all members so far, unpacked."""
        return sum(member["size"] for member in self._members.values())

    def add(self, name: str, source: Path) -> None:
        """Put a file in under ``name``. Raises ``Conflict`` if the disk is full, ``Unreadable`` if the file is gone."""
        if not _MEMBER.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a member of an archive")
        try:
            with source.open("rb") as stream:
                header = tarfile.TarInfo(name)
                header.size, header.mode = os.fstat(stream.fileno()).st_size, 0o600
                reading = _HashingReader(stream, self._told)
                with no_room(self._path.parent):
                    self._tar.addfile(header, cast("BinaryIO", reading))
        except FileNotFoundError:
            raise Unreadable(f"{source} is missing: run tocsin check.") from None
        self._members[name] = {"size": header.size, "sha256": reading.digest}

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest: what the archive is about, and the size and hash of each member."""
        data = orjson.dumps({**about, "members": self._members}, option=orjson.OPT_INDENT_2)
        header = tarfile.TarInfo(MANIFEST)
        header.size, header.mode = len(data), 0o600
        with no_room(self._path.parent):
            self._tar.addfile(header, _bytes(data))
            self._tar.close()
            self._packed.close()  # type: ignore[no-untyped-call]
            self._out.flush()
            os.fsync(self._out.fileno())
        self._is_finished = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()
        if error is None and self._is_finished:
            move_into_place(self._temporary, self._path.absolute())
        else:
            self._temporary.unlink(missing_ok=True)


def unpack(path: Path, folder: Path, told: Told = _tell_nobody) -> dict[str, Any]:
    """Unpack an archive into an empty ``folder``, judge every hash, and give its manifest. ``told`` hears of packed bytes.

    Raises ``Unreadable`` unless the archive is whole and every member is what the manifest says. The folder is then the
    caller's to remove.
    """
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with path.open("rb") as source:
            reader = zstandard.ZstdDecompressor().stream_reader(cast("Any", _HashingReader(source, told)))
            with tarfile.open(fileobj=cast("BinaryIO", reader), mode="r|") as tar:
                for header in tar:
                    if manifest is not None:
                        raise Unreadable(f"{path} goes on after its manifest: it is not a backup made by Tocsin.")
                    stream = _stream(tar, header, path)
                    if header.name == MANIFEST:
                        manifest = _manifest(stream.read(_MOST_MANIFEST_BYTES), path)
                    else:
                        found[header.name] = _write(stream, folder / header.name)
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise Unreadable(f"{path} is not a whole backup ({error}): take another copy of it.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    if manifest is None:
        raise Unreadable(f"{path} has no manifest: it was cut off, take another copy of it.")
    _compare(path, manifest["members"], found)
    return manifest


def _stream(tar: tarfile.TarFile, header: tarfile.TarInfo, path: Path) -> BinaryIO:
    is_ours = header.name == MANIFEST or (_MEMBER.fullmatch(header.name) and ".." not in header.name)
    stream = tar.extractfile(header) if header.isreg() and is_ours else None
    if stream is None:
        raise Unreadable(f"{path} holds {header.name[:100]!r}, which no backup of Tocsin holds: it is not restored.")
    return cast("BinaryIO", stream)


def _manifest(data: bytes, path: Path) -> dict[str, Any]:
    try:
        read = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"The manifest of {path} cannot be read: {error}.") from error
    if not isinstance(read, dict) or not isinstance(read.get("members"), dict):
        raise Unreadable(f"The manifest of {path} is not one of Tocsin.")
    return read


def _write(stream: BinaryIO, target: Path) -> dict[str, Any]:
    make_folder(target.parent)
    hasher = sha256()
    with no_room(target.parent), target.open("xb") as raw:
        out = HashingFile(raw, hasher)
        while chunk := stream.read(1 << 20):
            out.write(chunk)
        raw.flush()
        os.fsync(raw.fileno())
    return {"size": out.size, "sha256": hasher.hexdigest()}


def _compare(path: Path, promised: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    wrong = sorted(name for name in promised.keys() | found.keys() if promised.get(name) != found.get(name))
    if wrong:
        raise Unreadable(
            f"{path} is damaged: {len(wrong)} of its files are not what its manifest says, such as {wrong[0]}."
        )


class _HashingReader:
    """A file that is read once: hashes what passes and tells how much."""

    def __init__(self, stream: BinaryIO, told: Told) -> None:
        self._stream, self._told, self._hasher = stream, told, sha256()

    @property
    def digest(self) -> str:
        return self._hasher.hexdigest()

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._hasher.update(chunk)
        self._told(len(chunk))
        return chunk


def _bytes(data: bytes) -> BinaryIO:
    return io.BytesIO(data)


def refuse_existing(path: Path) -> None:
    """Raise ``Conflict`` if there is a file already: a backup never replaces another."""
    if path.exists():
        raise Conflict(f"{path} exists already: name another file.")
