"""The body of a POST: an envelope, read from its stream in bounded memory, each object an exact slice of what was sent.

A fault inside one object is that object's alone; where the envelope itself cannot be followed, nothing of it is taken.
"""

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tocsin.exchange.rules.refusals import Refusal, bad_request, unprocessable
from tocsin.formats.json_values import Path, walk
from tocsin.vocab.errors import Unreadable


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""


class Bounded:
    """A stream that refuses to go beyond ``limit`` bytes: 413, whatever the headers have said of its length."""

    def __init__(self, stream: Source, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self._limit = limit

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(chunk)
        if self._left < 0:
            raise too_large(self._limit)
        return chunk


def too_large(limit: int) -> Refusal:
    """413, with the limit in it."""
    return Refusal(
        413, "Too large", f"A body has at most {limit} bytes here (max_content_length); send it in several parts."
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """One element of ``objects``: its exact bytes, or its beginning and why it was not read whole."""

    raw: bytes
    problem: str | None = None


def read_envelope(stream: BinaryIO) -> list[Sent]:
    """The objects of an envelope. Raises ``Refusal``: 400 for what is no JSON, 422 for JSON that is no envelope with objects."""
    seen: list[Path] = []
    sent: list[Sent] = []

    def wanted(path: Path, first: bytes) -> bool:
        """Objects and the other keys of the root are handed out; the root and its list of objects are looked into."""
        if len(path) < 2:
            seen.append(path)
        return first != b"{" if not path else len(path) != 1 or path[0] != "objects" or first != b"["

    try:
        for piece in walk(stream, "The body", wanted):
            if piece.path == ("objects", None):
                sent.append(Sent(piece.raw, piece.problem))
            elif len(piece.path) == 1 and piece.path[0] is not None:
                _check_member(piece.path[0], piece.raw)
            else:
                unprocessable("The body is not a JSON object with the key 'objects'.")
    except Unreadable as error:
        bad_request(str(error))
    if len(set(seen)) < len(seen):
        bad_request("The body is one JSON object, and none of its keys stands in it twice.")
    if not sent:
        unprocessable("The envelope has no objects: they stand as a list under the key 'objects'.")
    return sent


def _check_member(name: str, raw: bytes) -> None:
    if name == "objects":
        unprocessable("The value of 'objects' is not a list.")
    if name == "type" and raw == b'"bundle"':
        unprocessable('TAXII carries envelopes, not bundles: send {"objects": […]} alone.')
