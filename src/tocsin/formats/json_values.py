"""The records inside a JSON document of any size, cut out one at a time without reading the rest into memory.

A feed is often one huge array, or an object with one huge array in it. ``walk`` follows the brackets of the text, hands out the
bytes of every value that the caller wants, and keeps nothing else. Two things follow that a whole-document parser cannot give:
a record with a fault inside is one bad row and the next record is read as usual, and no record, however deep or long, can use
more than its bound. Where the brackets themselves are broken (a file that was cut off) nothing can be trusted any more:
``Unreadable``, naming the member and the byte.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable

#: The keys that lead to a value from the document's root; ``None`` stands for an element of an array.
Path = tuple[str | None, ...]

#: What to do with the value at a path that begins with this byte (``{``, ``[``, ``"``, a digit …): ``True`` hand it out, ``False``
#: look for wanted values inside, ``None`` pass over it with all that is in it (several times as fast).
Wanted = Callable[[Path, bytes], bool | None]

MAX_RECORD_BYTES = 16 << 20
MAX_DEPTH = 64

_CHUNK = 1 << 18
_HEAD = 500
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^\s,\]}{\["]++')
_SPACE = re.compile(rb"[ \t\r\n]*+")
_UNTIL_BRACKET = re.compile(rb'(?:[^{}\[\]"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_OPENING = b"{["


def _bracketed(inside: bytes) -> bytes:
    """A pair of brackets around plain signs, strings and whatever ``inside`` matches."""
    return rb'[{\[](?:[^{}\[\]"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|' + inside + rb")*+[}\]]"


#: A value with brackets at most five deep, which nearly every record is: found in one step instead of one a bracket.
_SHALLOW = re.compile(_bracketed(_bracketed(_bracketed(_bracketed(_bracketed(rb"(?!)"))))), re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonSlice:
    """The bytes of one value. With ``problem`` it was not kept whole, and ``raw`` is its beginning."""

    path: Path
    raw: bytes
    problem: str | None = None


@dataclass(slots=True)
class _Frame:
    """An open bracket: whether it is an object, the path of its children, and whether it has any yet."""

    is_object: bool
    path: Path
    child: Path
    is_empty: bool = True


class _Window:
    """The part of a stream that is being looked at; ``position`` is where reading goes on."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream, self.name = stream, name
        self.text = stream.read(_CHUNK)
        self.position = 3 if self.text.startswith(b"\xef\xbb\xbf") else 0
        self.dropped = 0

    def more(self, keep_from: int) -> bool:
        """Drop what lies before ``keep_from`` (``position`` moves along) and read on; ``False`` at the end of the stream."""
        chunk = self.stream.read(max(_CHUNK, len(self.text) - keep_from))
        if not chunk:
            return False
        self.text = self.text[keep_from:] + chunk
        self.dropped += keep_from
        self.position -= keep_from
        return True

    def peek(self) -> bytes:
        """The next byte that is not white space, or nothing at the end."""
        while True:
            found = _SPACE.match(self.text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.text):
                return self.text[self.position : self.position + 1]
            if not self.more(self.position):
                return b""

    def scalar(self, pattern: re.Pattern[bytes]) -> bytes:
        """The string or plain scalar that begins at ``position``."""
        while True:
            found = pattern.match(self.text, self.position)
            if found and (pattern is _STRING or found.end() < len(self.text)):
                self.position = found.end()
                return found[0]
            if len(self.text) - self.position > MAX_RECORD_BYTES:
                raise self.broken(f"one value is longer than {MAX_RECORD_BYTES} bytes")
            if not self.more(self.position):
                if not found:
                    raise self.broken("the text ends inside a value")
                self.position = found.end()
                return found[0]

    def broken(self, what: str) -> Unreadable:
        """The error for a document whose brackets cannot be followed."""
        return Unreadable(
            f"{self.name} cannot be read as JSON beyond byte {self.dropped + self.position}: {what}; "
            "fetch the file again or repair it."
        )


def walk(stream: BinaryIO, name: str, wanted: Wanted, *, limit: int = MAX_RECORD_BYTES) -> Iterator[JsonSlice]:
    """Every wanted value in the order of the text; ``limit`` is the most bytes of one value.

    Several values one after another (JSON lines) are all walked. A value that is too long or too deep comes with a
    ``problem``. Raises ``Unreadable`` where the brackets break off.
    """
    yield from _walk(_Window(stream, name), wanted, limit)


def begins_as_json(member: Member) -> bool:
    """Whether the member's first sign is a bracket. Nothing is consumed."""
    stream: Any = member.open()
    if hasattr(stream, "peek"):
        head = bytes(stream.peek(_HEAD))
    else:
        head = stream.read(_HEAD)
        stream.seek(-len(head), 1)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def records(member: Member, wanted: Wanted, *, limit: int = MAX_RECORD_BYTES) -> Iterator[JsonSlice]:
    """Every wanted value of a member; with one object a line, every line is a wanted value by itself (its path is ``()``).

    Line by line, a line with broken brackets is one bad record and no more. Raises ``Unreadable`` as :func:`walk` does.
    """
    window = _Window(member.open(), member.name)
    if window.peek() not in (b"{", b"[", b""):
        raise Unreadable(f"{member.name} is not JSON: it begins with {window.text[window.position :][:20]!r}.")
    if not is_json_lines(window.text):
        yield from _walk(window, wanted, limit)
        return
    for line in _lines(window, limit):
        if line.strip():
            yield JsonSlice((), line.strip())


def _lines(window: _Window, limit: int) -> Iterator[bytes]:
    while True:
        end = window.text.find(b"\n", window.position)
        if end >= 0:
            yield window.text[window.position : end]
            window.position = end + 1
        elif len(window.text) - window.position > limit:
            raise window.broken(f"one line is longer than {limit} bytes")
        elif not window.more(window.position):
            yield window.text[window.position :]
            return


def _walk(window: _Window, wanted: Wanted, limit: int) -> Iterator[JsonSlice]:
    stack: list[_Frame] = []
    while True:
        first = window.peek()
        if not stack and not first:
            return
        if not stack or _at_value(window, stack, first):
            path = _path_of_value(window, stack) if stack else ()
            first = window.peek()
            if not first:
                raise window.broken("the text ends before a value")
            verdict = wanted(path, first)
            if verdict:
                yield _cut(window, path, first, limit)
            elif verdict is None:
                _cut(window, path, first, 0)
            elif first in _OPENING:
                window.position += 1
                if len(stack) >= MAX_DEPTH:
                    raise window.broken(f"values are nested deeper than {MAX_DEPTH}")
                stack.append(_Frame(first == b"{", path, (*path, None)))
            else:
                _skip_scalar(window, first)


def _at_value(window: _Window, stack: list[_Frame], first: bytes) -> bool:
    """Step over a comma or a closing bracket; whether a member or an element comes next."""
    frame = stack[-1]
    if not first:
        raise window.broken("the text ends inside an " + ("object" if frame.is_object else "array"))
    if first == (b"}" if frame.is_object else b"]"):
        window.position += 1
        stack.pop()
        return False
    if not frame.is_empty:
        if first != b",":
            raise window.broken(f"a comma was expected, not {first!r}")
        window.position += 1
    frame.is_empty = False
    return True


def _path_of_value(window: _Window, stack: list[_Frame]) -> Path:
    """The path of the next child; in an object its key and colon are read."""
    frame = stack[-1]
    if not frame.is_object:
        return frame.child
    if window.peek() != b'"':
        raise window.broken("a key was expected")
    key = window.scalar(_STRING)
    if window.peek() != b":":
        raise window.broken("a colon was expected")
    window.position += 1
    try:
        return (*frame.path, orjson.loads(key))
    except ValueError as error:
        raise window.broken(f"a key is not text ({error})") from error


def _skip_scalar(window: _Window, first: bytes) -> None:
    if first in b"}],:":
        raise window.broken(f"a value was expected, not {first!r}")
    window.scalar(_STRING if first == b'"' else _SCALAR)


def _cut(window: _Window, path: Path, first: bytes, limit: int) -> JsonSlice:
    """The bytes of the value at ``position``, which moves behind it."""
    if first not in _OPENING:
        if first in b"}],:":
            raise window.broken(f"a value was expected, not {first!r}")
        return JsonSlice(path, window.scalar(_STRING if first == b'"' else _SCALAR))
    shallow = _SHALLOW.match(window.text, window.position) if limit else None
    if shallow and shallow.end() - window.position <= limit:
        window.position = shallow.end()
        return JsonSlice(path, shallow[0])
    head, is_long, start = b"", False, window.position
    depth = deepest = 0
    while True:
        found = _UNTIL_BRACKET.match(window.text, window.position)
        end = found.end() if found else window.position
        while end == len(window.text) or window.text[end] == 0x22:
            if end - start > limit and not is_long:
                head, is_long = window.text[start : start + _HEAD], True
            window.position = end
            if is_long and len(window.text) - end > MAX_RECORD_BYTES:
                raise window.broken(f"one text is longer than {MAX_RECORD_BYTES} bytes")
            if not window.more(end if is_long else start):
                raise window.broken("the text ends inside a record")
            start, end = (0, 0) if is_long else (0, end - start)
            window.position = end
            found = _UNTIL_BRACKET.match(window.text, end)
            end = found.end() if found else end
        depth += 1 if window.text[end] in _OPENING else -1
        deepest = max(deepest, depth)
        window.position = end + 1
        if not depth:
            return _finished(path, window.text[start : end + 1], head, is_long or end - start >= limit, deepest, limit)


def _finished(path: Path, raw: bytes, head: bytes, is_long: bool, deepest: int, limit: int) -> JsonSlice:
    if is_long:
        return JsonSlice(path, head or raw[:_HEAD], f"the record is longer than {limit} bytes")
    if deepest > MAX_DEPTH:
        return JsonSlice(path, raw[:_HEAD], f"the record is nested deeper than {MAX_DEPTH}")
    return JsonSlice(path, raw)


def decode(raw: bytes) -> Any:
    """The value of JSON text; of a key given twice the last counts. Raises ``ValueError`` with a reason."""
    try:
        return orjson.loads(raw)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def decode_strictly(raw: bytes) -> Any:
    """As :func:`decode`, but a key given twice is an error too: two readers would see two different objects (RFC 7493 §2.3)."""
    try:
        return _STRICT.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def is_json_lines(text: bytes) -> bool:
    """Whether the beginning of a file shows one object a line: a whole object, then a line that begins another one."""
    first, newline, rest = text.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not newline or not first.startswith(b"{") or not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except ValueError:
        return False
