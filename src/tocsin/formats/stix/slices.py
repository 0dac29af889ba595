"""The objects of a STIX document as the exact bytes that stand in the file.

A document is a bundle, a TAXII envelope, an array, lines of any of these, or a single object. Objects are cut out one at a time, so a
document of any size uses no more memory than its largest object.
"""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from tocsin.formats.json_values import JsonSlice, Path, records, walk
from tocsin.text.streams import Member

#: The most bytes of a document that is one object itself.
MOST_LONE_BYTES = 4 << 20


def slices(member: Member) -> Iterator[JsonSlice]:
    """Every object in the order of the text; of what cannot be an object its beginning with a ``problem``.

    Raises ``Unreadable`` where the brackets of the text break off.
    """
    recorded = _Recorder(member.open())
    pieces = records(Member(member.name, cast("BinaryIO", recorded)), _wanted)
    yield from _objects(pieces, recorded.whole, member.name)


def _wanted(path: Path, first: bytes) -> bool | None:
    """Elements of a root array or of ``objects``, and the root's own type; everything else is passed over."""
    if path in (("objects", None), (None,)) or (path == ("type",) and first == b'"'):
        return True
    return False if path == () or (path == ("objects",) and first == b"[") else None


def _objects(pieces: Iterator[JsonSlice], whole: Callable[[], bytes], name: str) -> Iterator[JsonSlice]:
    is_lone = False
    for piece in pieces:
        if piece.path == ("type",):
            is_lone = piece.raw != b'"bundle"'
        elif piece.path == () and not piece.problem and piece.raw[:1] in (b"{", b"["):
            yield from _objects(walk(io.BytesIO(piece.raw), name, _wanted), _said(piece.raw), name)
        else:
            yield piece
    if is_lone:
        yield JsonSlice((), whole().removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n"))


def _said(raw: bytes) -> Callable[[], bytes]:
    return lambda: raw


class _Recorder:
    """A stream that remembers its first bytes: what is one object has to be handed out whole, and is seen to be one only at its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """As of the stream."""
        chunk = self._stream.read(size)
        if self._kept.tell() <= MOST_LONE_BYTES:
            self._kept.write(chunk)
        return chunk

    def whole(self) -> bytes:
        """Everything that was read, if that was not too much; else more than may be kept, which is refused by its length."""
        return self._kept.getvalue()
