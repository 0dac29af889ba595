"""``LIKE`` and ``MATCHES``: text and bytes against wildcards and regular expressions (STIX 2.1 §9.6.1).

Both sides are brought to Unicode's form NFC first. Bytes are matched as text whose characters are the bytes, by an expression that
itself has no character beyond them.
"""

import time
import unicodedata
from collections.abc import Callable
from typing import Any

import regex  # type: ignore[import-untyped]

from tocsin.formats.stix.matching.limits import MOST_SECONDS, Budget, MatchError, TooHard

#: The longest regular expression; compiling takes time too, and no time-out interrupts it.
MOST_CHARACTERS = 8_192

Test = Callable[[Any], bool]


def like(wildcards: str, budget: Budget) -> Test:
    """``%`` stands for any characters, ``_`` for one; the whole value has to fit.

    No piece between two ``%`` is looked for twice at the same place, so the time is never more than length × length.
    """
    pieces = [_Piece(one, budget) for one in unicodedata.normalize("NFC", wildcards).split("%")]
    is_narrow = all(ord(sign) < 256 for sign in wildcards)

    def test(value: Any) -> bool:
        if isinstance(value, bytes):
            return is_narrow and _fits(pieces, value.decode("latin-1"))
        return isinstance(value, str) and _fits(pieces, unicodedata.normalize("NFC", value))

    return test


class _Piece:
    """What stands between two ``%``: text in which ``_`` is any character."""

    def __init__(self, text: str, budget: Budget) -> None:
        self.text, self.size = text, len(text)
        wild = "_" in text
        self._compiled = _compiled("(?s)" + ".".join(map(regex.escape, text.split("_")))) if wild else None
        self._budget = budget

    def stands(self, text: str, at: int) -> bool:
        """Whether it stands in a text at this place."""
        if self._compiled is None:
            return text.startswith(self.text, at)
        return self._compiled.match(text, at) is not None

    def find(self, text: str, at: int, end: int) -> int:
        """The first place from ``at`` on where it stands and ends before ``end``, or -1."""
        if self._compiled is None:
            return text.find(self.text, at, end)
        found = _searched(self._compiled, text, self._budget, at, end)
        return found.start() if found else -1


def _fits(pieces: list[_Piece], text: str) -> bool:
    """Whether the pieces stand in the text one after the other, the first at its beginning, the last at its end."""
    first, last = pieces[0], pieces[-1]
    end = len(text) - last.size
    if len(pieces) == 1:
        return not end and first.stands(text, 0)
    if end < first.size or not first.stands(text, 0) or not last.stands(text, end):
        return False
    at = first.size
    for piece in pieces[1:-1]:
        found = piece.find(text, at, end)
        if found < 0:
            return False
        at = found + piece.size
    return True


def matches(expression: str, budget: Budget) -> Test:
    """A regular expression, looked for anywhere in the value. Raises ``MatchError`` if it is none, ``TooHard`` where it takes too long."""
    if len(expression) > MOST_CHARACTERS:
        raise MatchError(f"a regular expression of the pattern is longer than {MOST_CHARACTERS} characters")
    of_text = _compiled(unicodedata.normalize("NFC", expression))
    is_narrow = all(ord(sign) < 256 for sign in expression)
    of_bytes = _compiled(expression.encode("latin-1")) if is_narrow else None

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return _searched(of_text, unicodedata.normalize("NFC", value), budget) is not None
        if isinstance(value, bytes) and of_bytes is not None:
            return _searched(of_bytes, value, budget) is not None
        return False

    return test


def _compiled(expression: Any) -> Any:
    try:
        return regex.compile(expression)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError, IndexError) as error:
        shown = expression if isinstance(expression, str) else expression.decode("latin-1")
        raise MatchError(f"{shown[:80]!r} is no regular expression: {error}") from error


def _searched(compiled: Any, value: Any, budget: Budget, at: int = 0, end: int | None = None) -> Any:
    limit = min(MOST_SECONDS, budget.seconds)
    began = time.monotonic()
    try:
        if limit <= 0:
            raise TimeoutError
        found = compiled.search(value, at, len(value) if end is None else end, timeout=limit)
    except TimeoutError as error:
        raise TooHard(
            f"the expression {str(compiled.pattern)[:80]!r} takes too long on this data; nothing is known of the answer"
        ) from error
    budget.seconds -= time.monotonic() - began
    return found
