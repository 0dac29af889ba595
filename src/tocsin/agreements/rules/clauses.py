"""An agreement clause by clause, as its file has them: what a page shows beside a decision's path."""

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.agreements.rules.document import Reading
from tocsin.agreements.rules.tree import Listing, Node, Scalar, Table


@dataclass(frozen=True, slots=True)
class Clause:
    """One value of the file: its path (as decisions name it), the value on one line, and its line from 1."""

    path: str
    value: str
    line: int


def clauses(reading: Reading) -> tuple[Clause, ...]:
    """Every clause, in the order of the file. A list of plain words is one clause."""
    return () if reading.tree is None else tuple(_below(reading.tree, ""))


def _below(node: Node, path: str) -> Iterator[Clause]:
    if isinstance(node, Table):
        for key, (_, value) in node.entries.items():
            yield from _below(value, f"{path}.{key}" if path else key)
    elif isinstance(node, Listing) and not all(isinstance(one, Scalar) for one in node.nodes):
        for place, one in enumerate(node.nodes):
            yield from _below(one, f"{path}[{place}]")
    else:
        yield Clause(path, _shown(node), node.line)


def _shown(node: Scalar | Listing) -> str:
    if isinstance(node, Scalar):
        return node.text
    return f"[{', '.join(one.text for one in node.nodes if isinstance(one, Scalar))}]"
