"""A STIX pattern as a tree, and the tree as text again (STIX 2.1 §9)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp constant, ``t'…'``; ``text`` is what stands between the quotes: its days may be none of a calendar's."""

    text: str

    def __str__(self) -> str:
        return f"t'{self.text}'"


@dataclass(frozen=True, slots=True)
class Binary:
    """A constant of bytes: ``h'…'`` (hexadecimal) or ``b'…'`` (base64); ``text`` is what stands between the quotes."""

    kind: Literal["h", "b"]
    text: str

    def __str__(self) -> str:
        return f"{self.kind}'{self.text}'"


Constant = str | int | float | bool | Moment | Binary

#: A key, an index, or ``None`` for ``[*]``.
Step = str | int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one property: ``file:hashes.MD5 = '…'``. ``values`` has one entry, or all of an ``IN`` set; none with ``EXISTS``."""

    type: str
    steps: tuple[Step, ...]
    operator: str
    values: tuple[Constant, ...]
    is_negated: bool = False

    @property
    def path(self) -> str:
        """The object path in one word: ``file:hashes.SHA-256``. A key that would not be told apart stands in quotes."""
        first, *rest = self.steps
        return f"{self.type}:{_plain(first)}" + "".join(
            f".{_plain(step)}" if isinstance(step, str) else f"[{'*' if step is None else step}]" for step in rest
        )


@dataclass(frozen=True, slots=True)
class StartStop:
    """``START t'…' STOP t'…'``."""

    start: Moment
    stop: Moment

    def __str__(self) -> str:
        return f"START {self.start} STOP {self.stop}"


@dataclass(frozen=True, slots=True)
class Within:
    """``WITHIN n SECONDS``; ``seconds`` is the number as it was written, which is more than 0."""

    seconds: str

    def __str__(self) -> str:
        return f"WITHIN {self.seconds} SECONDS"


@dataclass(frozen=True, slots=True)
class Repeats:
    """``REPEATS n TIMES``."""

    times: int

    def __str__(self) -> str:
        return f"REPEATS {self.times} TIMES"


Qualifier = StartStop | Within | Repeats


@dataclass(frozen=True, slots=True)
class Both:
    """Parts joined inside one observation (comparisons) or observations joined with each other."""

    operator: Literal["AND", "OR", "FOLLOWEDBY"]
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """``[ … ]`` with the qualifiers behind it; ``inner`` is made of comparisons."""

    inner: "Node"
    qualifiers: tuple[Qualifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """``( … )`` around observations with the qualifiers behind it; a parenthesis without any leaves no trace in the tree."""

    inner: "Node"
    qualifiers: tuple[Qualifier, ...]


Node = Comparison | Both | Observed | Group


def comparisons_of(node: Node) -> Iterator[Comparison]:
    """Every comparison of a tree, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Comparison):
            yield node
        elif isinstance(node, Both):
            waiting += reversed(node.parts)
        else:
            waiting.append(node.inner)


# The tree as text ---------------------------------------------------------------------------------------------------


def written(node: Node) -> str:
    """The pattern of a tree, in one spelling: reading it gives the same tree."""
    if isinstance(node, Comparison):
        return _comparison(node)
    if isinstance(node, Observed):
        return " ".join((f"[{written(node.inner)}]", *map(str, node.qualifiers)))
    if isinstance(node, Group):
        return " ".join((f"({written(node.inner)})", *map(str, node.qualifiers)))
    return f" {node.operator} ".join(
        f"({written(part)})" if isinstance(part, Both) else written(part) for part in node.parts
    )


def _comparison(one: Comparison) -> str:
    first, *rest = one.steps
    path = f"{one.type}:{_key(first)}" + "".join(
        f".{_key(step)}" if isinstance(step, str) else f"[{'*' if step is None else step}]" for step in rest
    )
    negation = "NOT " if one.is_negated else ""
    if one.operator == "EXISTS":
        return f"{negation}EXISTS {path}"
    if one.operator == "IN":
        return f"{path} {negation}IN ({', '.join(map(constant, one.values))})"
    return f"{path} {negation}{one.operator} {constant(one.values[0])}"


def constant(value: Constant) -> str:
    """A constant as it stands in a pattern."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        # Never with an exponent, which the language does not have.
        text = f"{value:.400f}".rstrip("0")
        return text + "0" if text.endswith(".") else text
    return str(value)


def quoted(text: str) -> str:
    """A text constant."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# fmt: off
#: Words of the language: none can be a type or a key unless it stands in quotes.
KEYWORDS = frozenset(
    {
        "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS", "LAST", "IN",
        "START", "STOP", "SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES",
    }
)
# fmt: on


def _key(step: Step) -> str:
    text = str(step)
    is_word = text.isascii() and text.isidentifier() and text not in KEYWORDS
    return text if is_word else quoted(text)


def _plain(step: Step) -> str:
    text = str(step)
    return quoted(text) if not text or any(sign in text for sign in ".:[]'") else text
