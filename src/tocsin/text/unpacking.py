"""Single-stream decompression with bounds: gzip, bzip2, xz and zstd, recognised by their first bytes.

Every layer is a raw stream that refuses with :class:`Unreadable` what it cannot vouch for: damage, a missing end, and a bomb.
A bomb is more than ``max_expansion`` bytes out for each byte of the *outermost* file, so that a bomb wrapped in a bomb gains
nothing; the rule speaks only once ``expansion_floor`` bytes are out, because a small file of equal lines is no attack.
"""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import zstandard
from isal import igzip, igzip_threaded, isal_zlib

from tocsin.vocab.errors import Unreadable

if TYPE_CHECKING:  # importing the settings takes longer than opening a set of a million indicators
    from tocsin.vocab.settings import Intake

BUFFER = 1 << 18
_PIECE = 1 << 16
# A zstd block of 4 bytes may stand for 128 KiB, and the library gives all of a piece's output at once: 2 KiB in is 64 MiB out.
_ZSTD_PIECE = 1 << 11
_LARGEST_WINDOW = 1 << 27

_DAMAGE: Any = (
    OSError,
    EOFError,
    zlib.error,
    isal_zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    tarfile.TarError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on untrusted bytes. Sizes in bytes of decompressed data."""

    max_line_bytes: int = 1 << 20
    max_expansion: int = 200
    max_members: int = 100_000
    max_member_bytes: int = 64 << 30
    max_depth: int = 3
    expansion_floor: int = 64 << 20

    @classmethod
    def of(cls, intake: "Intake") -> "Limits":
        """The bounds that the settings ask for."""
        return cls(
            max_line_bytes=intake.max_line_bytes,
            max_expansion=intake.max_expansion,
            max_members=intake.max_members,
            max_member_bytes=intake.max_member_bytes,
        )


class Outermost:
    """The file as it lies on disk (or comes through a pipe): what every expansion is measured against.

    ``size`` is the file's size, or ``None`` for a pipe, where the bytes read so far count.
    """

    def __init__(self, size: int | None, on_read: Callable[[int], None] | None = None) -> None:
        self.size = size
        self.read = 0
        self._unpacked: dict[int, int] = {}
        self._on_read = on_read

    def took(self, count: int) -> None:
        """Note bytes taken from the file."""
        self.read += count
        if self._on_read:
            self._on_read(count)

    def gave(self, depth: int, count: int) -> int:
        """Note bytes unpacked at a depth; the sum over all members there, since many small members make a bomb as well."""
        total = self._unpacked[depth] = self._unpacked.get(depth, 0) + count
        return total

    @property
    def weight(self) -> int:
        """Bytes that decompressed ones are compared with."""
        return self.read if self.size is None else self.size


class Raw(io.RawIOBase):
    """A readable, unseekable stream over ``source``; ``head`` are bytes of it that were already taken.

    Bytes go straight into the asker's buffer through all layers that can do so, and as they come: a line in a pipe does not wait for
    the buffer to be full.
    """

    def __init__(self, source: Any, head: bytes = b"") -> None:
        super().__init__()
        self._source = source
        self._readinto = getattr(source, "readinto1", None) or getattr(source, "readinto", None)
        self._head = head

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; 0 at the end."""
        if not self._head:
            return self._pull(buffer)
        part, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _pull(self, buffer: Any) -> int:
        return cast("int", self._readinto(buffer))  # type: ignore[misc]


class Counted(Raw):
    """The outermost file, telling how much of it was read."""

    def __init__(self, source: BinaryIO, outermost: Outermost) -> None:
        super().__init__(source)
        self._outermost = outermost

    def _pull(self, buffer: Any) -> int:
        count = super()._pull(buffer)
        self._outermost.took(count)
        return count


class Bounded(Raw):
    """A decompressed stream that refuses to grow into a bomb and puts the file's name into every complaint."""

    def __init__(self, source: Any, name: str, depth: int, outermost: Outermost, limits: Limits) -> None:
        super().__init__(source)
        self._name = name
        self._depth = depth
        self._outermost = outermost
        self._limits = limits
        self._out = 0

    def _pull(self, buffer: Any) -> int:
        try:
            count = super()._pull(buffer)
        except Unreadable:
            raise
        except EOFError as error:
            raise Unreadable(f"{self._name}: the packed data end too early; fetch the file again") from error
        except _DAMAGE as error:
            raise Unreadable(f"{self._name}: the packed data are damaged ({error}); fetch the file again") from error
        self._out += count
        limits, total = self._limits, self._outermost.gave(self._depth, count)
        if total > limits.expansion_floor and total > limits.max_expansion * max(self._outermost.weight, 1):
            raise Unreadable(
                f"{self._name}: refused as a decompression bomb: it unpacks to more than {limits.max_expansion} times its size"
            )
        if self._out > limits.max_member_bytes:
            raise Unreadable(
                f"{self._name}: unpacks to more than {limits.max_member_bytes} bytes, the most that is accepted"
            )
        return count


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes
    needs_input: bool

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zstd:
    """zstandard's one-shot object in the shape of the standard library's decompressors."""

    needs_input = True

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        return self._frame.decompress(data)

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data


class _Frames(Raw):
    """Concatenated compressed frames, each decompressed by a fresh object from ``start``."""

    def __init__(self, source: Any, start: Callable[[], Any], piece: int, padding: bytes = b"") -> None:
        super().__init__(source)
        self._start = start
        self._piece = piece
        self._padding = padding
        self._frame: _Decompressor | None = None
        self._rest = b""
        self._ready = b""

    def _pull(self, buffer: Any) -> int:
        while not self._ready:
            if self._frame is None and not self._next_frame():
                return 0
            frame = cast("_Decompressor", self._frame)
            data = b""
            if frame.needs_input:
                data = self._rest or self._source.read(self._piece)
                self._rest = b""
                if not data:
                    raise EOFError("compressed data end before their end mark")
            self._ready = frame.decompress(data, BUFFER)
            if frame.eof:
                self._rest, self._frame = frame.unused_data, None
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _next_frame(self) -> bool:
        """Start on the next frame if there is one; padding between frames is passed over."""
        while True:
            self._rest = self._rest or self._source.read(self._piece)
            if not self._rest:
                return False
            self._rest = self._rest.lstrip(self._padding) if self._padding else self._rest
            if self._rest:
                self._frame = self._start()
                return True


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=2 * _LARGEST_WINDOW)


def compression(head: bytes) -> str | None:
    """``gz``, ``bz2``, ``xz`` or ``zst`` by the first bytes of a stream; ``None`` if it is none of them."""
    if head[:3] == b"\x1f\x8b\x08":
        return "gz"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bz2"
    if head[:6] == b"\xfd7zXZ\x00":
        return "xz"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[:1] and 0x50 <= head[0] <= 0x5F):
        return "zst"
    return None


def unpacked(kind: str, source: Any, *, ahead: bool) -> Any:
    """A file object of the decompressed bytes of ``source``; errors are the libraries' own (see :class:`Bounded`).

    ``ahead``: a second thread inflates ahead, where the format can.
    """
    if kind == "gz":
        inflate: Any = igzip_threaded.open if ahead else igzip.open
        return inflate(source, "rb")
    if kind == "bz2":
        return _Frames(source, bz2.BZ2Decompressor, _PIECE)
    if kind == "xz":
        return _Frames(source, _xz, _PIECE, padding=b"\0")
    return _Frames(source, _Zstd, _ZSTD_PIECE)
