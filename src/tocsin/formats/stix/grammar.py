"""The STIX 2.1 pattern language (specification §9) as a small tree: whether a pattern is well formed, and what it compares.

Written by recursive descent; parentheses nest at most ``MAX_NESTING`` deep and a pattern is at most ``MAX_LENGTH`` long, because
patterns come from strangers. One leniency: a backslash before any other character than ``'`` and ``\\`` stands for itself
(Windows paths are written so in the wild), where the specification has no such escape.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 1 << 18
MAX_NESTING = 32

Constant = str | int | float | bool

_TOKEN = re.compile(
    r"""(?P<space>(?:[\s ]+|/\*.*?\*/|//[^\n]*)+)
      | (?P<time>t'[^'\\]*')
      | (?P<binary>[hb]'[^'\\]*')
      | (?P<text>'[^'\\]*+(?:\\.[^'\\]*+)*+')
      | (?P<number>[+-]?(?:\d+\.\d+|\.\d+|\d+)(?![A-Za-z_]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<sign>==|!=|<>|<=|>=|[=<>:.,()\[\]*])""",
    re.VERBOSE | re.DOTALL,
)
_TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?Z")
_ESCAPE = re.compile(r"\\(['\\])")
_COMPARING = frozenset({"=", "==", "!=", "<>", "<", ">", "<=", ">="})
_TESTING = frozenset({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})
_SAME = {"==": "=", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one property: ``file:hashes.MD5 = '…'``. ``values`` has one entry, or all of an ``IN`` set."""

    path: str
    operator: str
    values: tuple[Constant, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """Parts joined inside one observation (``within``) or observations joined with each other."""

    operator: Literal["AND", "OR", "FOLLOWEDBY"]
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """``[ … ]`` or a parenthesis, with the words behind it (WITHIN, REPEATS, START)."""

    inner: "Node"
    qualifiers: tuple[str, ...] = ()


Node = Comparison | Both | Observed


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def read_pattern(text: str) -> Node:
    """The tree of a pattern. Raises ``ValueError`` saying what was expected and at which character (from 1)."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the pattern is longer than {MAX_LENGTH} characters")
    reader = _Reader(_tokens(text), len(text))
    node = reader.observations(0)
    reader.expect_end()
    return node


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"the pattern is wrong at character {at + 1}: {text[at : at + 20]!r}")
        if found.lastgroup != "space":
            tokens.append(_Token(str(found.lastgroup), found[0], at + 1))
        at = found.end()
    return tokens


class _Reader:
    """Walks over the tokens once."""

    def __init__(self, tokens: list[_Token], length: int) -> None:
        self.tokens = [*tokens, _Token("end", "", length + 1)]
        self.place = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> bool:
        """Step over the next token if it is one of these words or signs."""
        if self.token.kind in ("word", "sign") and self.token.text in texts:
            self.place += 1
            return True
        return False

    def need(self, *texts: str) -> None:
        if not self.take(*texts):
            raise self.wrong(" or ".join(texts))

    def wrong(self, expected: str) -> ValueError:
        found = repr(self.token.text) if self.token.text else "the end"
        return ValueError(f"the pattern is wrong at character {self.token.at}: {expected} was expected, not {found}")

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.wrong("the end")

    # Observations -----------------------------------------------------------------------------------------------

    def observations(self, depth: int) -> Node:
        return self._joined(
            "FOLLOWEDBY", lambda: self._joined("OR", lambda: self._joined("AND", lambda: self.observed(depth)))
        )

    def _joined(self, operator: Literal["AND", "OR", "FOLLOWEDBY"], part: Callable[[], "Node"]) -> Node:
        parts = [part()]
        while self.take(operator):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Both(operator, tuple(parts))

    def observed(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise self.wrong(f"no more than {MAX_NESTING} parentheses")
        is_single = self.take("[")
        if is_single:
            inner = self.comparisons(depth + 1)
            self.need("]")
        else:
            if not self.take("("):
                raise self.wrong("[ or (")
            inner = self.observations(depth + 1)
            self.need(")")
        qualifiers = self.qualifiers(is_single)
        return Observed(inner, qualifiers) if is_single or qualifiers else inner

    def qualifiers(self, is_single: bool) -> tuple[str, ...]:
        found: list[str] = []
        while self.token.text in ("START", "WITHIN", "REPEATS"):
            name = self.token.text
            if is_single and name in found:
                raise ValueError(f"the pattern is wrong at character {self.token.at}: {name} stands twice")
            self.place += 1
            self._qualifier(name)
            found.append(name)
        return tuple(found)

    def _qualifier(self, name: str) -> None:
        if name == "START":
            self.constant("time")
            self.need("STOP")
            self.constant("time")
        elif name == "WITHIN":
            if isinstance(value := self.constant("number"), int | float) and value <= 0:
                raise self.wrong("a positive number of seconds")
            self.need("SECONDS")
        else:
            if not isinstance(value := self.constant("number"), int) or value <= 0:
                raise self.wrong("a positive whole number")
            self.need("TIMES")

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
        is_negated = self.token.text == "NOT" and self.tokens[self.place + 1].text == "EXISTS" and self.take("NOT")
        if self.take("EXISTS"):
            return Comparison(self.path(), "EXISTS", (), is_negated)
        path = self.path()
        is_negated = self.take("NOT")
        operator = self.token.text
        if self.token.kind == "sign" and operator in _COMPARING:
            self.place += 1
            return Comparison(path, _SAME.get(operator, operator), (self.constant(),), is_negated)
        if operator in _TESTING:
            self.place += 1
            return Comparison(path, operator, (self.constant("text"),), is_negated)
        self.need("IN")
        return Comparison(path, "IN", self.constants(), is_negated)

    def path(self) -> str:
        """``file:hashes.'SHA-256'`` as ``file:hashes.SHA-256``."""
        if self.token.kind != "word":
            raise self.wrong("an object type")
        parts = [self.token.text, ":"]
        self.place += 1
        self.need(":")
        parts.append(self.name())
        while self.token.text in (".", "["):
            if self.take("."):
                parts += [".", self.name()]
            else:
                self.place += 1
                index = self.token.text
                if not self.take("*") and not isinstance(self.constant("number"), int):
                    raise self.wrong("a whole number or *")
                self.need("]")
                parts.append(f"[{index}]")
        return "".join(parts)

    def name(self) -> str:
        token = self.token
        if token.kind not in ("word", "text"):
            raise self.wrong("a property's name")
        self.place += 1
        return _unquoted(token.text) if token.kind == "text" else token.text

    def constants(self) -> tuple[Constant, ...]:
        self.need("(")
        values: list[Constant] = []
        while not self.take(")"):
            if values:
                self.need(",")
            values.append(self.constant())
        if len({type(value) for value in values} - {int, float}) + any(type(v) in (int, float) for v in values) > 1:
            raise ValueError("the pattern is wrong: a set holds values of several kinds")
        return tuple(values)

    def constant(self, kind: str = "") -> Constant:
        token = self.token
        if kind and token.kind != kind:
            raise self.wrong(f"a {kind}")
        if token.kind == "word" and token.text in ("true", "false"):
            value: Constant = token.text == "true"
        elif token.kind == "text":
            value = _unquoted(token.text)
        elif token.kind == "number":
            value = float(token.text) if "." in token.text else int(token.text)
        elif token.kind == "binary" or (token.kind == "time" and _TIME.fullmatch(token.text[2:-1])):
            value = token.text
        else:
            raise self.wrong("a value")
        self.place += 1
        return value


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(r"\1", text[1:-1])
