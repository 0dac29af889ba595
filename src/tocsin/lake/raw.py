"""Raw bytes by content hash: evidence, kept exactly as received, compressed on disk where that helps."""

import io
import os
import re
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import orjson
import zstandard

from tocsin.lake import durable
from tocsin.vocab.clock import now
from tocsin.vocab.errors import InputError, NotFound, Unreadable

CHUNK_BYTES = 1 << 20
_LEVEL = 3
_DAY_SECONDS = 86_400.0
_HASH = re.compile(r"[0-9a-f]{64}")
_TOMBSTONE = ".buried.json"

#: Openings of gzip, bzip2, xz, zstd and zip: compressing these again only costs time, and a zip must stay seekable.
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06")

#: A first chunk that shrinks by less than this is not worth compressing.
_WORTH = 0.9


class Readable(Protocol):
    """Anything with ``read(size)`` that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class RawRef:
    """Bytes in the raw store: their SHA-256 (lower-case hex) and their length before compression."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Why bytes are no longer there."""

    sha256: str
    buried_at: datetime
    reason: str
    size: int | None


class RawStore:
    """Bytes named by their SHA-256 below ``root``, in fan-out folders: ``ab/cd/abcd….zst`` or ``….bin``.

    Storing needs no lock: the same bytes always land under the same name, and a name appears only when all bytes are on
    disk.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, stream: Readable, progress: Callable[[int], None] | None = None) -> RawRef:
        """Store all bytes of ``stream`` in flat memory; ``progress`` is told the size of each chunk.

        Storing the same bytes again changes nothing, except that buried bytes are there again. Raises ``Conflict`` if
        the disk is full.
        """
        with durable.no_room(self._root):
            temporary, out = durable.create_held(self._root / "incoming", "raw")
            try:
                with out:
                    ref, suffix = _copy(stream, out, progress)
                    out.flush()
                    os.fsync(out.fileno())
                    self._keep(ref.sha256, suffix, temporary)
            finally:
                temporary.unlink(missing_ok=True)
        return ref

    def _keep(self, digest: str, suffix: str, temporary: Path) -> None:
        stored = self._find(digest)
        if stored is None:
            final = self._place(digest, suffix)
            durable.make_folder(final.parent)
            durable.move_into_place(temporary, final)
        else:
            os.utime(stored)  # its age for ``sweep`` starts again: somebody is about to refer to it
        if self._place(digest, _TOMBSTONE).exists():
            durable.remove(self._place(digest, _TOMBSTONE))

    def open(self, digest: str) -> BinaryIO:
        """The bytes as received. A stream that may not be seekable. Raises ``NotFound``, with the reason if they were
        buried."""
        buried = self.tombstone(digest)
        if buried:
            raise NotFound(f"The raw bytes {digest} were removed on {buried.buried_at:%Y-%m-%d}: {buried.reason}.")
        stored = self._find(digest)
        if stored is None:
            raise NotFound(f"The raw bytes {digest} are not in the store {self._root}.")
        source = stored.open("rb")
        if stored.suffix == ".bin":
            return source
        reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True, closefd=True)
        return io.BufferedReader(cast("io.RawIOBase", reader), CHUNK_BYTES)

    def has(self, digest: str) -> bool:
        """Whether the bytes can be opened."""
        return self._find(digest) is not None and not self._place(digest, _TOMBSTONE).exists()

    def files(self, digest: str) -> list[Path]:
        """The files that hold the bytes or tell of their burial: what a backup has to take. None if nothing is known of them."""
        places = (self._place(digest, suffix) for suffix in (".zst", ".bin", _TOMBSTONE))
        return [place for place in places if place.exists()]

    def names(self) -> Iterator[str]:
        """The hash of everything that can be opened, sorted."""
        for path in sorted(self._root.glob("??/??/*")):
            if path.suffix in (".zst", ".bin") and _HASH.fullmatch(path.stem) and self.has(path.stem):
                yield path.stem

    def verify(self, digest: str) -> int:
        """Read the bytes back and hash them; gives their size. Raises ``Unreadable`` if they are not what their name
        says."""
        hasher, size = sha256(), 0
        try:
            with self.open(digest) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    hasher.update(chunk)
                    size += len(chunk)
        except (zstandard.ZstdError, OSError) as error:
            raise Unreadable(f"The raw bytes {digest} cannot be read back: {error}.") from error
        if hasher.hexdigest() != digest:
            raise Unreadable(f"The raw bytes {digest} have changed on disk: they now hash to {hasher.hexdigest()}.")
        return size

    def bury(
        self, digest: str, reason: str = "kept for as long as their source allows", at: datetime | None = None
    ) -> Tombstone:
        """Replace the bytes by a tombstone that says when and why; burying twice keeps the first tombstone. ``at`` is
        aware UTC.

        Raises ``NotFound`` where there never were such bytes.
        """
        stored, tombstone = self._find(digest), self.tombstone(digest)
        if tombstone is None:
            if stored is None:
                raise NotFound(f"The raw bytes {digest} are not in the store {self._root}.")
            tombstone = Tombstone(digest, at or now(), reason, self.verify(digest))
            durable.write_whole(self._place(digest, _TOMBSTONE), orjson.dumps(tombstone, option=orjson.OPT_INDENT_2))
        if stored is not None:
            durable.remove(stored)
        return tombstone

    def tombstone(self, digest: str) -> Tombstone | None:
        """The tombstone of buried bytes, or ``None``."""
        try:
            told = orjson.loads(self._place(digest, _TOMBSTONE).read_bytes())
        except FileNotFoundError:
            return None
        return Tombstone(told["sha256"], datetime.fromisoformat(told["buried_at"]), told["reason"], told["size"])

    def sweep(self, committed: Container[str], older_than_seconds: float = _DAY_SECONDS) -> list[str]:
        """Remove what a killed writer left: half-written files, and bytes nobody refers to once they are old enough.

        The age protects a delivery whose bytes are stored but whose database commit is still to come. Gives the hashes
        removed.
        """
        for path in self._root.glob("incoming/.*.tmp"):
            if durable.is_abandoned(path):
                durable.remove(path)
        removed = []
        for digest in list(self.names()):
            stored = self._find(digest)
            if stored and digest not in committed and time.time() - stored.stat().st_mtime >= older_than_seconds:
                durable.remove(stored)
                removed.append(digest)
        return removed

    def _place(self, digest: str, suffix: str) -> Path:
        if not _HASH.fullmatch(digest):
            raise InputError(f"{digest[:80]!r} is not a SHA-256 in lower-case hexadecimal.")
        return self._root / digest[:2] / digest[2:4] / f"{digest}{suffix}"

    def _find(self, digest: str) -> Path | None:
        for suffix in (".zst", ".bin"):
            path = self._place(digest, suffix)
            if path.exists():
                return path
        return None


def _copy(stream: Readable, out: BinaryIO, progress: Callable[[int], None] | None) -> tuple[RawRef, str]:
    """Copy a stream to ``out``, compressed where its beginning shrinks; gives the reference and the suffix that tells
    which."""
    hasher, size = sha256(), 0
    chunk = stream.read(CHUNK_BYTES)
    is_worth = _is_worth_compressing(chunk)
    target = zstandard.ZstdCompressor(level=_LEVEL).stream_writer(out, closefd=False) if is_worth else out
    while chunk:
        hasher.update(chunk)
        size += len(chunk)
        target.write(chunk)
        if progress:
            progress(len(chunk))
        chunk = stream.read(CHUNK_BYTES)
    if target is not out:
        target.close()
    return RawRef(hasher.hexdigest(), size), ".zst" if is_worth else ".bin"


def _is_worth_compressing(beginning: bytes) -> bool:
    if beginning.startswith(_COMPRESSED) or not beginning:
        return False
    return len(zstandard.ZstdCompressor(level=1).compress(beginning)) < _WORTH * len(beginning)
