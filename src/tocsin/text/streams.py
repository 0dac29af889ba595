"""One delivery as a sequence of members: a plain file, standard input, a compressed file, an archive or a folder.

What a file is, its first bytes say, never its name. Names inside archives are provenance and nothing else: no path of theirs is
ever opened. Members of a streamed archive come one after the other: read one before asking for the next.
"""

import io
import os
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from tocsin.text.unpacking import BUFFER, Bounded, Counted, Limits, Outermost, Raw, compression, unpacked
from tocsin.vocab.errors import Unreadable

__all__ = ["Limits", "Member", "files_below", "is_plain", "members"]

_CHUNK = 1 << 20
_HEAD = 512
_LONGEST_MAGIC = 10
_LARGEST_TAR_HEADER = 1 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".tgz", ".tbz2", ".txz")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN = {b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!\x1a\x07": "RAR", b"\x04\x22\x4d\x18": "LZ4"}


class Member:
    """One file of a delivery, decompressed. ``name`` is its path inside the delivery, ``stream`` its bytes: readable once.

    ``is_inside`` says that it lay in a folder or archive and was not itself named by anybody.
    """

    __slots__ = ("_limits", "_stream", "is_inside", "name")

    def __init__(self, name: str, stream: BinaryIO, limits: Limits | None = None, *, is_inside: bool = False) -> None:
        self.name = name
        self.is_inside = is_inside
        self._stream = stream
        self._limits = limits or Limits()

    @classmethod
    def of(cls, name: str, content: bytes, limits: Limits | None = None) -> "Member":
        """A member of known content."""
        return cls(name, io.BytesIO(content), limits)

    def open(self) -> BinaryIO:
        """The decompressed, bounded bytes. Reading may raise ``Unreadable``."""
        return self._stream

    def lines(self) -> Iterator[tuple[int, bytes]]:
        r"""Physical line numbers from 1 and lines without their end (``\n`` or ``\r\n``) or byte order mark.

        Raises ``Unreadable`` on a line longer than the limit, naming member and line.
        """
        number = 1
        for lines in self._blocks():
            yield from enumerate(lines, number)
            number += len(lines)

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """:meth:`lines` as UTF-8 text; a byte that is none becomes a lone surrogate, which goes back to that byte."""
        number = 1
        for lines in self._blocks():
            # Decoding a block costs a third of decoding its lines; no character reaches over a line feed.
            texts = b"\n".join(lines).decode("utf-8", "surrogateescape").split("\n")
            yield from enumerate(texts, number)
            number += len(lines)

    def _blocks(self) -> Iterator[list[bytes]]:
        limit = self._limits.max_line_bytes
        # No chunk is longer than the limit, so only a line that runs over from the last chunk can be.
        size = min(_CHUNK, limit)
        read, count, rest = self._stream.read, 0, b""
        chunk = read(size).removeprefix(_UTF8_MARK)
        while chunk:
            lines = chunk.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop()
            if lines:
                self._check_length(lines[0], count + 1)
            if len(rest) > limit:
                self._check_length(rest[: limit + 2], count + 1 + len(lines))
            if b"\r" in chunk or (lines and lines[0][-1:] == b"\r"):
                lines = [line[:-1] if line[-1:] == b"\r" else line for line in lines]
            if lines:
                yield lines
                count += len(lines)
            chunk = read(size)
        if rest:
            self._check_length(rest, count + 1)
            yield [rest.removesuffix(b"\r")]

    def _check_length(self, line: bytes, number: int) -> None:
        limit = self._limits.max_line_bytes
        if len(line) > limit and len(line.removesuffix(b"\r")) > limit:
            raise Unreadable(f"{self.name}, line {number}: longer than {limit} bytes, the most that is accepted")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a delivery we are: the name so far, how deep, the file that all expansion is measured against
    (and that file itself where it can seek)."""

    name: str
    depth: int
    outermost: Outermost
    limits: Limits
    file: BinaryIO | None = None
    is_nested: bool = False
    ahead: bool = True

    def inside(self, name: str) -> "_Place":
        """The place of a member; an archive that *is* the delivery adds no name of its own."""
        return replace(self, name=f"{self.name}/{name}" if self.is_nested else name, is_nested=True)

    def unwrapped(self) -> "_Place":
        """One layer further in."""
        if self.depth >= self.limits.max_depth:
            raise Unreadable(
                f"{self.name}: archives within archives deeper than {self.limits.max_depth} levels; unpack it first"
            )
        return replace(self, depth=self.depth + 1)


def members(
    path: str | Path,
    limits: Limits | None = None,
    on_read: Callable[[int], None] | None = None,
    *,
    ahead: bool = True,
) -> Iterator[Member]:
    """The members of a file, folder (sorted, recursively, hidden files left out) or ``-`` for standard input.

    ``on_read`` is told the number of bytes read from the file itself, for progress bars. ``ahead``: let a second thread unpack ahead; say
    no where the caller itself reads in a thread of its own. Raises ``Unreadable`` with one sentence
    for what is missing, damaged, encrypted, cut short or a bomb, as soon as reading comes to it.
    """
    limits = limits or Limits()
    if str(path) == "-":
        yield from _members_of(sys.stdin.buffer, _Place("-", 0, Outermost(None, on_read), limits, ahead=ahead))
        return
    path = Path(path)
    if not path.is_dir():
        yield from _file(path, path.name, limits, on_read, ahead=ahead)
        return
    for count, (file, name) in enumerate(files_below(path), 1):
        _check_count(count, str(path), limits)
        yield from _file(file, name, limits, on_read, is_nested=True, ahead=ahead)


def is_plain(head: bytes) -> bool:
    """Whether a file that begins with these 512 bytes (fewer where it is shorter) is neither compressed nor an archive of any kind."""
    packed = compression(head) or head.startswith((*_ZIP, *_FOREIGN))
    return not packed and not _is_tar(head)


def files_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a folder, recursively and sorted, each with its name below it; hidden files and folders are left out."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(root, name) for name in names if not name.startswith(".")]
    for file in sorted(found):
        if file.is_file():
            yield file, file.relative_to(folder).as_posix()


def _file(
    file: Path,
    name: str,
    limits: Limits,
    on_read: Callable[[int], None] | None,
    *,
    is_nested: bool = False,
    ahead: bool = True,
) -> Iterator[Member]:
    try:
        stream = file.open("rb")
        size = file.stat().st_size if file.is_file() else None
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    seekable = cast("BinaryIO", stream) if size is not None else None
    with stream:
        place = _Place(_shown(name), 0, Outermost(size, on_read), limits, seekable, is_nested, ahead)
        yield from _members_of(stream, place)


def _members_of(stream: Any, place: _Place, *, is_compressed: bool = False) -> Iterator[Member]:
    """The members of a stream whose kind only its first bytes tell."""
    counted = stream if place.depth or is_compressed else Counted(stream, place.outermost)
    head = _read_head(counted, place)
    foreign = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise Unreadable(f"{place.name}: a {foreign} archive, which Tocsin does not read; unpack it first")
    kind = compression(head)
    if head.startswith(_ZIP):
        yield from _zip(counted, head, place.unwrapped())
        return
    whole = io.BufferedReader(Raw(counted, head), BUFFER)
    if kind:
        yield from _compressed(kind, whole, place)
    elif _is_tar(head):
        # A tar inside a compressed stream is one layer with it.
        yield from _tar(whole, place if is_compressed else place.unwrapped())
    else:
        yield Member(place.name, cast("BinaryIO", whole), place.limits, is_inside=place.is_nested)


def _read_head(stream: Any, place: _Place) -> bytes:
    head = b""
    while len(head) < _HEAD and not _is_begun_text(head):
        try:
            part = stream.read(_HEAD - len(head))
        except OSError as error:
            raise Unreadable(f"{place.name}: cannot be read ({(error.strerror or str(error)).lower()})") from error
        if not part:
            break
        head += part
    return head


def _is_begun_text(head: bytes) -> bool:
    """Whether a few bytes show already that nothing is packed here: a line that comes through a pipe is not held back for the next."""
    return len(head) >= _LONGEST_MAGIC and b"\n" in head and b"\0" not in head and is_plain(head)


def _compressed(kind: str, stream: Any, place: _Place) -> Iterator[Member]:
    inner = place.unwrapped()
    with ExitStack() as stack:
        # A second thread is worth it only for the file itself, not for thousands of small members.
        source = unpacked(kind, stream, ahead=place.ahead and not place.is_nested and place.depth == 0)
        stack.callback(source.close)
        bounded = io.BufferedReader(Bounded(source, place.name, inner.depth, place.outermost, place.limits), BUFFER)
        name = next((place.name[: -len(end)] for end in _SUFFIXES if place.name.lower().endswith(end)), place.name)
        yield from _members_of(bounded, replace(inner, name=name or place.name), is_compressed=True)


def _zip(stream: Any, head: bytes, place: _Place) -> Iterator[Member]:
    with ExitStack() as stack:
        file = place.file
        if file is None or place.depth > 1:
            # A zip's table of contents is at its end: what cannot seek is first laid down in a temporary file.
            file = cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile()))
            _lay_down(Raw(stream, head), file, place)
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise Unreadable(
                f"{place.name}: a damaged or cut-off zip archive ({error}); fetch the file again"
            ) from error
        contents = archive.infolist()
        _check_count(len(contents), place.name, place.limits)
        for info in contents:
            if not info.is_dir():
                yield from _zip_member(archive, info, place)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: _Place) -> Iterator[Member]:
    inner = place.inside(_shown(info.filename))
    if info.flag_bits & 1:
        raise Unreadable(f"{inner.name}: encrypted; unpack it with its password first")
    try:
        stream = archive.open(info)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise Unreadable(f"{inner.name}: cannot be unpacked ({error}); unpack it first") from error
    with stream:
        bounded = Bounded(stream, inner.name, place.depth, place.outermost, place.limits)
        yield from _members_of(io.BufferedReader(bounded, BUFFER), inner)
    if place.file is not None and place.depth == 1:
        place.outermost.took(info.compress_size)


def _lay_down(source: Raw, file: BinaryIO, place: _Place) -> None:
    size = 0
    while part := source.read(_CHUNK):
        size += len(part)
        if size > place.limits.max_member_bytes:
            raise Unreadable(
                f"{place.name}: larger than {place.limits.max_member_bytes} bytes, the most that is accepted"
            )
        file.write(part)
    file.seek(0)


class _TarHeader(tarfile.TarInfo):
    """A tar header whose extensions (long names, pax records), which tarfile reads into memory whole, are bounded."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> "_TarHeader":
        header = super().frombuf(buf, encoding, errors)
        if header.type in _TAR_EXTENSIONS and header.size > _LARGEST_TAR_HEADER:
            raise tarfile.HeaderError("an extension header is implausibly large")
        return header


_TAR_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def _is_tar(head: bytes) -> bool:
    """Whether 512 bytes are a tar header: its checksum says so, in every variant of the format."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "replace")
    except tarfile.HeaderError:
        return False
    return True


def _tar(stream: Any, place: _Place) -> Iterator[Member]:
    try:
        archive = tarfile.open(  # noqa: SIM115
            fileobj=stream, mode="r|", tarinfo=_TarHeader, bufsize=BUFFER, errors="replace"
        )
        count = 0
        while header := archive.next():
            archive.members.clear()  # type: ignore[attr-defined]  # every header would stay in memory
            if header.isreg():
                count += 1
                _check_count(count, place.name, place.limits)
                yield from _tar_member(archive, header, place)
    except tarfile.TarError as error:
        raise Unreadable(f"{place.name}: a damaged or cut-off tar archive ({error}); fetch the file again") from error


def _tar_member(archive: tarfile.TarFile, header: tarfile.TarInfo, place: _Place) -> Iterator[Member]:
    inner = place.inside(_shown(header.name))
    stream = archive.extractfile(header)
    if stream is not None:
        bounded = Bounded(stream, inner.name, place.depth, place.outermost, place.limits)
        yield from _members_of(io.BufferedReader(bounded, BUFFER), inner)


def _check_count(count: int, name: str, limits: Limits) -> None:
    if count > limits.max_members:
        raise Unreadable(f"{name}: holds more than {limits.max_members} files, the most that is accepted")


def _shown(name: str) -> str:
    """A name as provenance: what cannot be printed (it may steer a terminal) is replaced."""
    return "".join(sign if sign.isprintable() else "�" for sign in name).removeprefix("./")
