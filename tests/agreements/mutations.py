"""The decision broken on purpose, one place at a time, to see that the cases tell: ``python -m tests.agreements.mutations [FILE...]``.

Every comparison is turned or moved to the other side of its border, every ``and`` becomes ``or``, every condition is denied, every step is
left out, every result becomes another. A mutant is killed where Tocsin and oracle then differ, or where it raises. A survivor is a hole in
``cases.py`` or a place that does nothing. The tree itself is not touched: a mutant is a module in memory of a process of its own.
"""

import ast
import copy
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import tocsin

_RULES = Path(tocsin.__file__).parent / "agreements" / "rules"
SETS, REQUESTS, SEED = 120, 250, 47
SECONDS = 300

_TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OTHER_RESULT = {"DENY": "HOLD", "HOLD": "ALLOW", "TRANSFORM": "ALLOW", "ALLOW": "HOLD", "OUT_OF_SCOPE": "ALLOW"}
_OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Outcome(NamedTuple):
    """What became of a mutant: ``killed``, ``raised`` or ``SURVIVED``."""

    word: str
    where: str


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each way to break this node: what is done, and what then stands in its place."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _TURNED.get(type(node.ops[0]), ()):
            changed = copy.deepcopy(node)
            changed.ops = [other()]
            yield f"{type(node.ops[0]).__name__} -> {other.__name__}", changed
    if isinstance(node, ast.BoolOp):
        yield "and <-> or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for number in range(len(node.values)):
            rest = [value for index, value in enumerate(node.values) if index != number]
            yield f"without operand {number}", ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node.operand
    if isinstance(node, ast.If):
        yield "never", ast.If(ast.Constant(value=False), node.body, node.orelse)
        yield "condition denied", ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    if isinstance(node, ast.IfExp):
        yield "arms exchanged", ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.Attribute) and node.attr in _OTHER_RESULT:
        yield (
            f"{node.attr} -> {_OTHER_RESULT[node.attr]}",
            ast.Attribute(node.value, _OTHER_RESULT[node.attr], node.ctx),
        )
    if isinstance(node, ast.Name) and node.id in _OTHER_NAME:
        yield f"{node.id} -> {_OTHER_NAME[node.id]}", ast.Name(_OTHER_NAME[node.id], node.ctx)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield "one more", ast.Constant(value=node.value + 1)


def _is_looked_at(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Annotations and docstrings decide nothing."""
    while node in parents:
        parent = parents[node]
        if isinstance(parent, ast.arg | ast.AnnAssign) and node is parent.annotation:
            return False
        if isinstance(parent, ast.FunctionDef) and node is parent.returns:
            return False
        node = parent
    return True


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each mutant of a module: where and what, and its whole source."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    lines = source.splitlines()
    for node in list(ast.walk(tree)):
        if not _is_looked_at(node, parents):
            continue
        for what, changed in _changes(node):
            parent = parents[node]
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, changed)
                    yield _told(node, what, lines), ast.unparse(tree)
                    setattr(parent, name, node)
                elif isinstance(value, list) and any(one is node for one in value):
                    place = next(index for index, one in enumerate(value) if one is node)
                    value[place] = changed
                    yield _told(node, what, lines), ast.unparse(tree)
                    value[place] = node


def _told(node: ast.AST, what: str, lines: list[str]) -> str:
    line = getattr(node, "lineno", 0)
    return f"{line}: {what}: {lines[line - 1].strip()[:100]}"


def _put(name: str, source: str) -> ModuleType:
    """A module of the rules with another source, wherever it was already taken from."""
    module = importlib.import_module(f"tocsin.agreements.rules.{name}")
    exec(compile(source, f"<mutant of {name}>", "exec"), vars(module))  # noqa: S102 (our own source, changed by us)
    return module


def tried(arguments: tuple[str, str, str]) -> Outcome:
    """One mutant, compared until it differs."""
    name, where, source = arguments
    told, child = os.pipe()
    pid = os.fork()
    if pid == 0:  # a mutant stays in memory: it has a process of its own, which ends with it
        os.close(told)
        signal.alarm(SECONDS)  # one that never ends raises nothing: the system ends it, and it is killed
        os.write(child, _verdict(name, source).encode())
        os._exit(0)
    os.close(child)
    with os.fdopen(told, "rb") as read:
        word = read.read().decode()
    os.waitpid(pid, 0)
    return Outcome(word or "raised", f"{name}.py:{where}")


def _verdict(name: str, source: str) -> str:
    try:
        _put(name, source)
        differential = importlib.import_module("tests.agreements.differential")
        for number in range(SETS):
            if differential.a_set(SEED, number, REQUESTS).differences:
                return "killed"
    except Exception:
        return "raised"
    return "SURVIVED"


def main(names: list[str]) -> int:
    """Try them all and print survivors last; 1 if there are any."""
    chosen = names or ["decision"]
    work = [
        (name, where, text) for name in chosen for where, text in mutants((_RULES / f"{name}.py").read_text("utf-8"))
    ]
    counted: dict[str, int] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for outcome in pool.map(tried, work):
            counted[outcome.word] = counted.get(outcome.word, 0) + 1
            if outcome.word == "SURVIVED" or "-v" in names:
                print(outcome.word, outcome.where, flush=True)
    print(counted)
    return 1 if counted.get("SURVIVED") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
