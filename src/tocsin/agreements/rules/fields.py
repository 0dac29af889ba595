"""Reading the fields of one section: every key is asked for by name, every value by kind, every problem with its place.

A reader never raises: where something is wrong it notes the problem and gives a value of the right type, so that the rest is read too
and a person sees all problems at once. An agreement is built only where no error was noted.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from tocsin.agreements.rules.times import read_time
from tocsin.agreements.rules.tree import Listing, Node, Problems, Scalar, Table
from tocsin.vocab.markings import Pap, Tlp

_Word = TypeVar("_Word", bound=StrEnum)
_Value = TypeVar("_Value")

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_DURATION = re.compile(r"([1-9]\d{0,4})([hd])", re.ASCII)
_INTEGER = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


def near(word: str, known: list[str]) -> str:
    """``: did you mean 'x'?``, or the words that there are where none is near and they are few."""
    known = [str(one) for one in known]
    found = get_close_matches(word, known, 1, 0.6)
    if found:
        return f": did you mean {found[0]!r}?"
    return f": there are {', '.join(known)}" if 0 < len(known) <= 14 else ""


class Section:
    """A mapping that is being read. Keys that are not among ``keys`` are errors; ``None`` for keys takes any."""

    def __init__(self, problems: Problems, node: Node | None, path: str, keys: tuple[str, ...] | None) -> None:
        self.problems, self.path = problems, path
        self.place: Node = node or Scalar(1, 1, "", True)
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        if node is None:
            return
        if not isinstance(node, Table):
            problems.add(
                node, path, "here stands a mapping of names to values" if path else "an agreement is a mapping"
            )
            return
        self.entries = {word: entry for word, entry in node.entries.items() if not _is_null(entry[1])}
        for word, (key, _) in node.entries.items():
            if keys is not None and word not in keys:
                problems.add(key, self.below(word), f"unknown key {word[:60]!r}{near(word, list(keys))}")

    def below(self, word: str) -> str:
        """The path of something in this section."""
        return f"{self.path}.{word}" if self.path else word

    def error(self, word: str, message: str) -> None:
        """Note an error at a key's value, or at the section where there is none."""
        self.problems.add(self.entries[word][1] if word in self.entries else self.place, self.below(word), message)

    def warning(self, word: str, message: str) -> None:
        """Note something that a person should look at."""
        place = self.entries[word][1] if word in self.entries else self.place
        self.problems.add(place, self.below(word), message, "warning")

    def node(self, word: str, *, required: bool = True) -> Node | None:
        """What stands at a key; a required one that is missing is noted."""
        if word in self.entries:
            return self.entries[word][1]
        if required and (isinstance(self.place, Table) or not self.path):
            self.problems.add(self.place, self.below(word), f"{word!r} is missing: say it, silence decides nothing")
        return None

    def section(self, word: str, keys: tuple[str, ...] | None, *, required: bool = True) -> "Section":
        """The mapping at a key; an empty one where there is none."""
        return Section(self.problems, self.node(word, required=required), self.below(word), keys)

    def sections(self, keys: tuple[str, ...]) -> Iterator[tuple[str, "Section"]]:
        """Each named mapping in this one, such as each party."""
        for word, (key, node) in self.entries.items():
            if not NAME.fullmatch(word):
                self.problems.add(key, self.below(word), f"{word[:60]!r} is no name: small letters, digits, _ and -")
            yield word, Section(self.problems, node, self.below(word), keys)

    def _read(
        self, word: str, read: Callable[[str], _Value], fallback: _Value, *, required: bool = True
    ) -> tuple[_Value, bool]:
        """A scalar read by a function that raises ``ValueError``; the fallback, and ``False``, where there is none or it is wrong."""
        node = self.node(word, required=required)
        if node is None:
            return fallback, False
        if not isinstance(node, Scalar):
            self.error(word, "here stands one value")
            return fallback, False
        try:
            return read(node.text), True
        except ValueError as error:
            self.error(word, str(error))
            return fallback, False

    def _read_or_none(self, word: str, read: Callable[[str], _Value]) -> _Value | None:
        none: _Value | None = None
        return self._read(word, read, none, required=False)[0]

    def text(self, word: str) -> str:
        """A text of at least one character."""
        return self._read(word, _text, "")[0]

    def optional_text(self, word: str) -> str | None:
        """A text, or ``None``."""
        return self._read_or_none(word, _text)

    def matching(self, word: str, pattern: str, is_a: str) -> str:
        """A text that matches a pattern wholly."""
        return self._read(word, _matching(pattern, is_a), "")[0]

    def optional_matching(self, word: str, pattern: str, is_a: str) -> str | None:
        """A text that matches a pattern wholly, or ``None``."""
        return self._read_or_none(word, _matching(pattern, is_a))

    def integer(self, word: str, least: int, most: int) -> int:
        """A whole number between two bounds."""
        return self._read(word, _integer(least, most), least)[0]

    def optional_integer(self, word: str, least: int, most: int) -> int | None:
        """A whole number between two bounds, or ``None``."""
        return self._read_or_none(word, _integer(least, most))

    def number(self, word: str, most: float) -> float:
        """A number from 0 up to a bound."""
        return self._read(word, _number(most), 0.0)[0]

    def flag(self, word: str, *, otherwise: bool = False) -> bool:
        """``true`` or ``false``."""
        return self._read(word, _flag, otherwise, required=False)[0]

    def tlp(self, word: str) -> Tlp:
        """A TLP label."""
        return self._read(word, _tlp, Tlp.RED)[0]

    def optional_tlp(self, word: str) -> Tlp | None:
        """A TLP label, or ``None``."""
        return self._read_or_none(word, _tlp)

    def pap(self, word: str) -> Pap:
        """A PAP label."""
        return self._read(word, _pap, Pap.RED)[0]

    def choice(self, word: str, words: type[_Word]) -> _Word:
        """One of an enumeration's words."""
        return self._read(word, _choice(words), next(iter(words)))[0]

    def optional_choice(self, word: str, words: type[_Word]) -> _Word | None:
        """One of an enumeration's words, or ``None``."""
        return self._read_or_none(word, _choice(words))

    def constant(self, word: str, only: str, *, required: bool = True) -> str:
        """A key whose one value is there to be read by people."""
        read = _matching(re.escape(only), f"always {only!r}: nothing else is supported")
        return self._read(word, read, only, required=required)[0]

    def time(self, word: str) -> datetime | None:
        """An RFC 3339 time as aware UTC; ``None`` where it is missing or wrong."""
        return self._read_or_none(word, read_time)

    def date(self, word: str) -> date | None:
        """A day, or ``None``."""
        return self._read_or_none(word, _date)

    def hours(self, word: str) -> int | None:
        """A duration such as ``4h`` or ``3d`` in hours, or ``None``."""
        return self._read_or_none(word, _hours)

    def texts(self, word: str, *, required: bool = True, least: int = 0) -> tuple[str, ...]:
        """A list of texts, each once."""
        return tuple(text for text, _ in self.listed(word, _text, required=required, least=least))

    def listed(
        self, word: str, read: Callable[[str], _Value], *, required: bool = True, least: int = 0
    ) -> list[tuple[_Value, Node]]:
        """Each value of a list of scalars with its place; what cannot be read or stands twice is noted."""
        node = self.node(word, required=required)
        if node is None:
            return []
        path = self.below(word)
        if not isinstance(node, Listing):
            self.problems.add(node, path, "here stands a list: [one, two]")
            return []
        if len(node.nodes) < least:
            self.problems.add(node, path, "the list is empty")
        found: list[tuple[_Value, Node]] = []
        seen: set[str] = set()
        for place, one in enumerate(node.nodes):
            try:
                if not isinstance(one, Scalar):
                    raise ValueError("here stands one value")
                if one.text in seen:
                    raise ValueError(f"{one.text[:60]!r} stands in the list twice")
                seen.add(one.text)
                found.append((read(one.text), one))
            except ValueError as error:
                self.problems.add(one, f"{path}[{place}]", str(error))
        return found


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("here stands an empty text")
    return text


def _matching(pattern: str, is_a: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"{text[:60]!r} is wrong here: it is {is_a}")
        return text

    return read


def _integer(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"{text[:60]!r} is no whole number from {least} to {most}")
        return int(text)

    return read


def _number(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not _NUMBER.fullmatch(text) or float(text) > most:
            raise ValueError(f"{text[:60]!r} is no number from 0 to {most:g}")
        return float(text)

    return read


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text[:60]!r} is neither true nor false")
    return text == "true"


def _tlp(text: str) -> Tlp:
    try:
        return Tlp.read(text)
    except ValueError as error:
        raise ValueError(
            f"{text[:60]!r} is no TLP label{near(text.upper(), [one.value.upper() for one in Tlp])}"
        ) from error


def _pap(text: str) -> Pap:
    try:
        return Pap.read(text)
    except ValueError as error:
        raise ValueError(
            f"{text[:60]!r} is no PAP label{near(text.upper(), [one.value.upper() for one in Pap])}"
        ) from error


def one_of(words: type[_Word]) -> Callable[[str], _Word]:
    """A reader of one of an enumeration's words, for lists."""
    return _choice(words)


def _choice(words: type[_Word]) -> Callable[[str], _Word]:
    def read(text: str) -> _Word:
        try:
            return words(text)
        except ValueError as error:
            raise ValueError(f"{text[:60]!r} is unknown{near(text, list(words))}") from error

    return read


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is no day such as 2026-01-31") from error


def _hours(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:60]!r} is no duration such as 4h or 3d")
    return int(found[1]) * (24 if found[2] == "d" else 1)
