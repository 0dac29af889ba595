"""Zeek's header in force: a scan that begins in the middle of a Zeek log must know the columns that an earlier line named.

The scanner joins a Zeek line's ``host`` and ``uri`` into a URL, by the last ``#fields`` line above it (``zeek_header`` in ``core.c``). What
matters of such a line is where the two columns stand, or that it has not both. :func:`in_force_after` follows that through a log,
:func:`header` gives a line that tells it to a fresh scanner.
"""

import ctypes
from collections.abc import Callable
from functools import cache

#: Where ``host`` and ``uri`` stand, from 0; ``None``: no header in force, or one without them.
Columns = tuple[int, int] | None

_FIELDS = b"#fields\t"
_ENDS = (b"#separator", b"#close")


def header(columns: Columns) -> bytes:
    """A header line, with its end, that puts ``columns`` in force; nothing for ``None``, as a scan begins without one."""
    if columns is None:
        return b""
    names = [b"-"] * (max(columns) + 1)
    names[columns[0]], names[columns[1]] = b"host", b"uri"
    return _FIELDS + b"\t".join(names) + b"\n"


def in_force_after(block: memoryview, columns: Columns) -> Columns:
    """The columns in force after a block of whole lines, given those in force before it. The block must be writable memory."""
    fields = _last_line(block, _FIELDS, len(block))
    if fields < 0 and columns is None:
        return None
    if any(_last_line(block, word, len(block)) > fields for word in _ENDS):
        return None
    return columns if fields < 0 else _columns(_line_at(block, fields))


def _columns(line: bytes) -> Columns:
    names = line[len(_FIELDS) :].split(b"\t")
    return (names.index(b"host"), names.index(b"uri")) if b"host" in names and b"uri" in names else None


def _line_at(block: memoryview, start: int) -> bytes:
    text: bytearray = block.obj  # type: ignore[assignment]
    end = text.find(b"\n", start, len(block))
    return bytes(block[start : end if end >= 0 else len(block)]).removesuffix(b"\r")


def _last_line(block: memoryview, word: bytes, end: int) -> int:
    """Where the last line before ``end`` that begins with ``word`` begins; -1: nowhere. Quick where there is none, which is the rule."""
    if not end:
        return -1
    if _occurs(block, b"\n" + word):
        text: bytearray = block.obj  # type: ignore[assignment]
        at = text.rfind(b"\n" + word, 0, end)
        if at >= 0:
            return at + 1
    return 0 if block[: len(word)] == word else -1


def _occurs(block: memoryview, word: bytes) -> bool:
    search = _memmem()
    if search is None:
        text: bytearray = block.obj  # type: ignore[assignment]
        return text.find(word, 0, len(block)) >= 0
    return bool(search(ctypes.addressof(ctypes.c_char.from_buffer(block)), len(block), word, len(word)))


@cache
def _memmem() -> Callable[..., int | None] | None:
    """The C library's search: three times as fast as ``bytes.find``, and without the interpreter's lock."""
    try:
        function = ctypes.CDLL(None).memmem
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return function
