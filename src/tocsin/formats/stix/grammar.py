"""The STIX 2.1 pattern language (specification §9, OASIS' ``STIXPattern.g4``): whether a pattern is well formed, and what it says.

Written by recursive descent; parentheses nest at most ``MAX_NESTING`` deep and a pattern is at most ``MAX_LENGTH`` long, because
patterns come from strangers. Beyond the grammar three MUSTs of the text hold: a set has values of one kind, WITHIN and REPEATS more than 0,
and no qualifier stands twice behind one observation.

Two liberties are taken where ``is_strict`` is not asked for, because patterns in the wild take them: a backslash before any other
character than ``'`` and ``\\`` stands for itself (Windows paths), and a key may have a hyphen without quotes (``hashes.SHA-256``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tocsin.formats.stix.tree import (
    KEYWORDS,
    Binary,
    Both,
    Comparison,
    Constant,
    Group,
    Moment,
    Node,
    Observed,
    Qualifier,
    Repeats,
    StartStop,
    Step,
    Within,
)

__all__ = ["Both", "Comparison", "Constant", "Node", "Observed", "PatternError", "read_pattern"]

MAX_LENGTH = 1 << 18
MAX_NESTING = 32
#: The most digits of a number; no property of STIX holds a longer one, and Python refuses to read very long ones.
MAX_DIGITS = 400

_SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_TOKEN = re.compile(
    rf"""(?P<space>(?:[{_SPACES}]+|/\*.*?\*/|//[^\r\n]*)+)
      | (?P<time>t'[^'\\]*')
      | (?P<binary>[hb]'[^'\\]*')
      | (?P<text>'[^'\\]*+(?:\\.[^'\\]*+)*+')
      | (?P<number>[+-]?(?:[0-9]*\.[0-9]+|0|[1-9][0-9]*))
      | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<sign>==|!=|<>|<=|>=|[=<>:.,()\[\]*])""",
    re.VERBOSE | re.DOTALL,
)
_TIME = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z"
)
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)")
_ESCAPE = re.compile(r"\\(['\\])")
_EQUAL = frozenset({"=", "==", "!=", "<>"})
_ORDER = frozenset({"<", ">", "<=", ">="})
_TESTING = frozenset({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})
_SAME = {"==": "=", "<>": "!="}
_KINDS = {"time": "a timestamp such as t'2026-01-31T12:00:00Z'", "text": "a text in quotes", "number": "a number"}


class PatternError(ValueError):
    """A pattern that is not well formed. ``at`` is the character where that shows, from 1."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def read_pattern(text: str, *, is_strict: bool = False, may_repeat_qualifiers: bool = False) -> Node:
    """The tree of a pattern. Raises ``PatternError`` saying what was expected and at which character (from 1).

    ``may_repeat_qualifiers`` reads ``REPEATS 2 TIMES REPEATS 3 TIMES`` as the grammar does, one after the other.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(f"the pattern is longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    reader = _Reader(_tokens(text), len(text), is_strict, may_repeat_qualifiers)
    node = reader.observations(0)
    reader.expect_end()
    return node


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    match = _TOKEN.match
    while at < len(text):
        found = match(text, at)
        if not found:
            raise PatternError(f"the pattern is wrong at character {at + 1}: {text[at : at + 20]!r}", at + 1)
        kind = found.lastgroup
        if kind != "space":
            tokens.append(_Token(str(kind), found[0], at + 1))
        at = found.end()
    return tokens


class _Reader:
    """Walks over the tokens once."""

    def __init__(self, tokens: list[_Token], length: int, is_strict: bool, may_repeat: bool) -> None:
        self.tokens = [*tokens, _Token("end", "", length + 1)]
        self.token = self.tokens[0]
        self.place = 0
        self.is_strict = is_strict
        self.may_repeat = may_repeat

    def step(self) -> None:
        self.place += 1
        self.token = self.tokens[self.place]

    def take(self, *texts: str) -> bool:
        """Step over the next token if it is one of these words or signs."""
        if self.token.text in texts and self.token.kind in ("word", "sign"):
            self.step()
            return True
        return False

    def need(self, *texts: str) -> None:
        if not self.take(*texts):
            raise self.wrong(" or ".join(texts))

    def wrong(self, expected: str) -> PatternError:
        token = self.token
        found = repr(token.text if len(token.text) <= 60 else token.text[:60] + "…") if token.text else "the end"
        return PatternError(
            f"the pattern is wrong at character {token.at}: {expected} was expected, not {found}", token.at
        )

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.wrong("the end")

    # Observations -----------------------------------------------------------------------------------------------

    def observations(self, depth: int) -> Node:
        return self._joined(
            "FOLLOWEDBY", lambda: self._joined("OR", lambda: self._joined("AND", lambda: self.observed(depth)))
        )

    def _joined(self, operator: Literal["AND", "OR", "FOLLOWEDBY"], part: Callable[[], "Node"]) -> Node:
        first = part()
        if not self.take(operator):
            return first
        parts = [first, part()]
        while self.take(operator):
            parts.append(part())
        return Both(operator, tuple(parts))

    def observed(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise self.wrong(f"no more than {MAX_NESTING} parentheses")
        if self.take("["):
            inner = self.comparisons(depth + 1)
            self.need("]")
            return Observed(inner, self.qualifiers(is_single=True))
        if not self.take("("):
            raise self.wrong("[ or (")
        inner = self.observations(depth + 1)
        self.need(")")
        qualifiers = self.qualifiers(is_single=False)
        return Group(inner, qualifiers) if qualifiers else inner

    def qualifiers(self, *, is_single: bool) -> tuple[Qualifier, ...]:
        found: list[Qualifier] = []
        while self.token.text in ("START", "WITHIN", "REPEATS"):
            at, name = self.token.at, self.token.text
            self.step()
            one = self._qualifier(name)
            if is_single and not self.may_repeat and type(one) in [type(other) for other in found]:
                raise PatternError(f"the pattern is wrong at character {at}: {name} stands twice", at)
            found.append(one)
        return tuple(found)

    def _qualifier(self, name: str) -> Qualifier:
        if name == "START":
            start = self.moment()
            self.need("STOP")
            return StartStop(start, self.moment())
        text = self.token.text
        if name == "WITHIN":
            if self.token.kind != "number" or self.number() <= 0:
                raise self.wrong("a positive number of seconds")
            self.step()
            self.need("SECONDS")
            return Within(text.removeprefix("+"))
        if self.token.kind != "number" or not isinstance(times := self.number(), int) or times <= 0:
            raise self.wrong("a positive whole number")
        self.step()
        self.need("TIMES")
        return Repeats(times)

    # Comparisons ------------------------------------------------------------------------------------------------

    def comparisons(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise self.wrong(f"no more than {MAX_NESTING} parentheses")
        return self._joined("OR", lambda: self._joined("AND", lambda: self.comparison(depth)))

    def comparison(self, depth: int) -> Node:
        if self.take("("):
            inner = self.comparisons(depth + 1)
            self.need(")")
            return inner
        is_negated = self.take("NOT")
        if is_negated or self.token.text == "EXISTS":
            self.need("EXISTS")
            return Comparison(*self.path(), "EXISTS", (), is_negated)
        kind, steps = self.path()
        is_negated = self.take("NOT")
        operator = self.token.text
        if self.token.kind not in ("sign", "word"):
            raise self.wrong("an operator such as =")
        if operator in _EQUAL or operator in _ORDER:
            self.step()
            if operator in _ORDER and self.token.text in ("true", "false"):
                raise self.wrong("a value that has an order")
            return Comparison(kind, steps, _SAME.get(operator, operator), (self.constant(),), is_negated)
        if operator in _TESTING:
            self.step()
            return Comparison(kind, steps, operator, (self.text(),), is_negated)
        if not self.take("IN"):
            raise self.wrong("an operator such as =")
        return Comparison(kind, steps, "IN", self.constants(), is_negated)

    def path(self) -> tuple[str, tuple[Step, ...]]:
        """The object type and the steps from it: ``file:hashes.'SHA-256'``."""
        kind = self.token.text
        if self.token.kind != "word" or kind in KEYWORDS:
            raise self.wrong("an object type")
        self.step()
        self.need(":")
        steps: list[Step] = [self.name()]
        while self.token.text in (".", "["):
            if self.take("."):
                steps.append(self.name())
            else:
                self.step()
                steps.append(self.index())
                self.need("]")
        return kind, tuple(steps)

    def name(self) -> str:
        token = self.token
        if token.kind == "text":
            return self.text()
        if token.kind != "word" or token.text in KEYWORDS or (self.is_strict and "-" in token.text):
            raise self.wrong(
                "a property's name, in quotes if it has a hyphen" if "-" in token.text else "a property's name"
            )
        self.step()
        return token.text

    def index(self) -> int | None:
        if self.take("*"):
            return None
        if self.token.kind != "number" or not isinstance(value := self.number(), int):
            raise self.wrong("a whole number or *")
        self.step()
        return value

    # Constants --------------------------------------------------------------------------------------------------

    def constants(self) -> tuple[Constant, ...]:
        at = self.token.at
        self.need("(")
        values: list[Constant] = []
        while not self.take(")"):
            if values:
                self.need(",")
            values.append(self.constant())
        if len({float if type(value) is int else type(value) for value in values}) > 1:
            raise PatternError(f"the pattern is wrong at character {at}: a set holds values of several kinds", at)
        return tuple(values)

    def constant(self) -> Constant:
        token = self.token
        if token.kind == "text":
            return self.text()
        if token.kind == "time":
            return self.moment()
        if token.kind == "number":
            value: Constant = self.number()
        elif token.text in ("true", "false"):
            value = token.text == "true"
        elif token.kind == "binary":
            value = self.binary()
        else:
            raise self.wrong("a value")
        self.step()
        return value

    def text(self) -> str:
        token = self.token
        if token.kind != "text":
            raise self.wrong(_KINDS["text"])
        inner = token.text[1:-1]
        if "\\" in inner:
            if self.is_strict and (wrong := _first_wrong_escape(inner)) is not None:
                at = token.at + 1 + wrong
                raise PatternError(
                    f"the pattern is wrong at character {at}: a backslash stands only before ' and \\; write it twice",
                    at,
                )
            inner = _ESCAPE.sub(r"\1", inner)
        self.step()
        return inner

    def moment(self) -> Moment:
        token = self.token
        if token.kind != "time" or not _TIME.fullmatch(token.text[2:-1]):
            raise self.wrong(_KINDS["time"])
        self.step()
        return Moment(token.text[2:-1])

    def binary(self) -> Binary:
        kind, text = self.token.text[0], self.token.text[2:-1]
        if kind == "h":
            if not _HEXADECIMAL.fullmatch(text):
                raise self.wrong("pairs of hexadecimal digits")
            return Binary("h", text)
        if not _BASE64.fullmatch(text):
            raise self.wrong("base64")
        return Binary("b", text)

    def number(self) -> int | float:
        """The value of the number under the cursor, which stays where it is."""
        text = self.token.text
        if len(text) > MAX_DIGITS:
            raise self.wrong(f"no number of more than {MAX_DIGITS} digits")
        return float(text) if "." in text else int(text)


def _first_wrong_escape(inner: str) -> int | None:
    at = inner.find("\\")
    while at >= 0:
        if inner[at + 1 : at + 2] not in ("'", "\\"):
            return at
        at = inner.find("\\", at + 2)
    return None
