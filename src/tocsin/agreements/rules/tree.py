"""A YAML document as a tree in which every node knows its line and column, bounded against hostile files.

PyYAML's parser gives the events; nothing is constructed, so ``NO`` stays a text and a date stays as written. Agreements use a small
part of YAML: anchors, aliases, tags and several documents in one file are refused, each with its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

LARGEST_BYTES = 1 << 18
DEEPEST = 12
MOST_NODES = 20_000
#: One file never says more than this; the last problem then says so.
MOST_PROBLEMS = 100

# libyaml is thirty times quicker; both count lines and columns alike.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, and where: line and column count from 1, ``path`` is that of the clause. An error makes the file useless."""

    line: int
    column: int
    path: str
    message: str
    level: Literal["error", "warning"] = "error"


@dataclass(slots=True)
class Scalar:
    """One value as written. ``is_plain`` tells ``true`` from ``"true"``."""

    line: int
    column: int
    text: str
    is_plain: bool

    @property
    def is_null(self) -> bool:
        """Whether nothing is said: an empty value, ``null`` or ``~``."""
        return self.is_plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(slots=True)
class Listing:
    """A sequence."""

    line: int
    column: int
    nodes: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A mapping: its keys as scalars, so that a key has its own place."""

    line: int
    column: int
    entries: dict[str, tuple[Scalar, "Node"]] = field(default_factory=dict)


Node = Scalar | Listing | Table


class Problems:
    """What was found wrong, in the order of the file, up to a bound."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: Node, path: str, message: str, level: Literal["error", "warning"] = "error") -> None:
        """Remember a problem at a node."""
        self.add_at(place.line, place.column, path, message, level)

    def add_at(
        self, line: int, column: int, path: str, message: str, level: Literal["error", "warning"] = "error"
    ) -> None:
        """Remember a problem at a place, counted from 1."""
        if len(self._found) < MOST_PROBLEMS:
            self._found.append(Problem(line, column, path, message, level))
        elif len(self._found) == MOST_PROBLEMS:
            self._found.append(Problem(line, column, "", "there are more problems; these first"))

    @property
    def has_error(self) -> bool:
        """Whether the file is useless."""
        return any(problem.level == "error" for problem in self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found))


class _Stop(Exception):
    """The file is not worth reading on."""


def read_tree(data: bytes, problems: Problems) -> Node | None:
    """The tree of one YAML document, or ``None`` where it cannot be read; what is wrong goes to ``problems``."""
    if len(data) > LARGEST_BYTES:
        problems.add_at(1, 1, "", f"the file is larger than {LARGEST_BYTES} bytes: no agreement is")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = len(data[: error.start].rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        problems.add_at(line, column, "", "the file is not UTF-8")
        return None
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        before = text[: odd.start()]
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        problems.add_at(line, column, "", f"the character U+{ord(odd[0]):04X} does not belong in a text")
        return None
    try:
        return _Builder(problems).build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.add_at(line, column, "", f"this is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        problems.add_at(1, 1, "", f"this is not YAML: {' '.join(str(error).split())}")
    except _Stop:
        pass
    return None


def _place_of(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Builder:
    """Turns events into nodes without recursion, counting depth and nodes."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.stack: list[Listing | Table] = []
        self.keys: list[Scalar | None] = []
        self.root: Node | None = None
        self.nodes = self.documents = 0

    def build(self, events: Iterator[Event]) -> Node | None:
        for event in events:
            if isinstance(event, DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    self.stop(event, "a second document begins here: one file is one agreement")
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self.stack.pop()
                self.keys.pop()
                if self.keys:
                    self.keys[-1] = None
            elif isinstance(event, NodeEvent):
                self.open(event)
        if self.root is None:
            self.problems.add_at(1, 1, "", "the file is empty")
        return self.root

    def stop(self, event: Event, message: str) -> None:
        self.problems.add_at(*_place_of(event), self.path, message)
        raise _Stop

    @property
    def path(self) -> str:
        return ".".join(key.text for key in self.keys if key is not None)

    def open(self, event: NodeEvent) -> None:
        self.nodes += 1
        if isinstance(event, AliasEvent) or event.anchor:
            self.stop(event, "anchors and aliases are not used in agreements: write it out")
        if self.nodes > MOST_NODES:
            self.stop(event, f"more than {MOST_NODES} values: no agreement has so many")
        line, column = _place_of(event)
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            self.stop(event, f"the tag {tag!r} is not used in agreements")
        if isinstance(event, ScalarEvent):
            self.place(Scalar(line, column, event.value, event.style is None or event.style == ""))
            return
        if len(self.stack) >= DEEPEST:
            self.stop(event, f"nested deeper than {DEEPEST}: no agreement is")
        node: Listing | Table = Table(line, column) if isinstance(event, MappingStartEvent) else Listing(line, column)
        assert isinstance(event, MappingStartEvent | SequenceStartEvent)  # noqa: S101 - nothing else is left
        self.place(node)
        self.stack.append(node)
        self.keys.append(None)

    def place(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, Listing):
            parent.nodes.append(node)
            return
        key = self.keys[-1]
        if key is None:
            if not isinstance(node, Scalar):
                self.problems.add(node, self.path, "a key is a word")
                raise _Stop
            self.keys[-1] = node
            return
        if key.text in parent.entries:
            first = parent.entries[key.text][0].line
            self.problems.add(key, self.path, f"the key {key.text!r} stands here a second time, first in line {first}")
        else:
            parent.entries[key.text] = (key, node)
        if isinstance(node, Scalar):
            self.keys[-1] = None
