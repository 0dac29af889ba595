"""Finds every door: each function of Tocsin through which bytes may reach somebody outside, and whether it asks an agreement.

A door is known by a sign in its own body (it builds a download, names an exporter, uses the wire, writes a file) or by its place (a page or
an operation that does not ask for a permission of our own staff). It asks if, from its body, the one decision can be reached: directly or
through functions of Tocsin that it names. Names are looked up in the imported module, so that an alias or a re-export hides nothing.
"""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import django.http
from django.urls import URLPattern, URLResolver, get_resolver

#: Rooms whose functions are looked at; what stands below them is bytes and words: it holds nothing, and can send nothing itself.
ROOMS = ("jobs", "web", "constituency", "agreements", "intel", "detection", "findings", "exchange", "project")

#: Who reaches one of these asks: the one door of downloads, or the one decision.
ASKED = (
    "tocsin.agreements.release:release",
    "tocsin.agreements.actions:decide_exits",
    "tocsin.agreements.queries:decisions",
)

_DOWNLOADS = (django.http.StreamingHttpResponse, django.http.FileResponse)
_WRITES = {"write_bytes", "write_text"}


@dataclass(frozen=True)
class Door:
    """``name`` is ``module:function``; ``signs`` say by what it is known."""

    name: str
    signs: frozenset[str]
    asks: bool


@dataclass
class _Body:
    """What one function names, and what marks it as a door."""

    names: set[str] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)


def modules() -> Iterator[ModuleType]:
    """Every module of the rooms that are looked at, but migrations."""
    for room in ROOMS:
        package = importlib.import_module(f"tocsin.{room}")
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def _dotted(node: ast.AST) -> list[str]:
    """``a.b.c`` as its words; nothing for anything that does not begin with a name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *reversed(words)] if isinstance(node, ast.Name) else []


def _looked_up(space: dict[str, Any], words: list[str]) -> Any:
    """What the words mean in a module, as far as that is known before it runs."""
    value = space.get(words[0]) if words else None
    for word in words[1:]:
        if value is None:
            return None
        value = inspect.getattr_static(value, word, None)
        value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
    return value


def _named(value: Any) -> str | None:
    """``module:qualified.name`` of one of Tocsin's functions or classes, as it was defined."""
    value = inspect.unwrap(value) if isinstance(value, FunctionType) else getattr(value, "func", value)
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    is_ours = isinstance(module, str) and module.partition(".")[0] in ("tocsin", "planted")
    return f"{module}:{name}" if is_ours and isinstance(name, str) else None


def _sign_of(value: Any, name: str | None) -> str | None:
    if isinstance(value, type) and issubclass(value, _DOWNLOADS):
        return "download"
    if name is None:
        return None
    if name.startswith("tocsin.web.downloads:"):
        return "download"
    if name.startswith("tocsin.formats.exporter"):
        return "exporter"
    if name.startswith("tocsin.net.") and not (isinstance(value, type) and issubclass(value, Exception)):
        return "wire"
    return None


def _local_imports(function: ast.AST) -> dict[str, Any]:
    """What a function imports for itself."""
    space: dict[str, Any] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module = importlib.import_module(node.module)
            for alias in node.names:
                value = getattr(module, alias.name, None)
                space[alias.asname or alias.name] = value
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module = importlib.import_module(alias.name)
                top = alias.name.partition(".")[0]
                space[alias.asname or top] = module if alias.asname else importlib.import_module(top)
    return space


def _body(module: ModuleType, function: ast.FunctionDef | ast.AsyncFunctionDef, owner: type | None) -> _Body:
    body = _Body()
    space = {**vars(module), **_local_imports(function)}
    if owner is not None:
        space |= {"self": owner, "cls": owner}
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "content-disposition" in node.value.lower()
        ):
            body.signs.add("download")
        if isinstance(node, ast.Call):
            body.signs |= _signs_of_call(node, space)
        words = _dotted(node)
        if not words:
            continue
        value = _looked_up(space, words)
        name = _named(value)
        sign = _sign_of(value, name)
        body.signs |= {sign} if sign else set()
        body.names |= {name} if name else set()
    return body


def _signs_of_call(node: ast.Call, space: dict[str, Any]) -> set[str]:
    """What a call does that lets bytes out: an answer that is no page, a file that is written."""
    signs = set()
    value = _looked_up(space, _dotted(node.func))
    plain = isinstance(value, type) and issubclass(value, django.http.HttpResponse)
    if plain and any(keyword.arg in ("content_type", "headers") for keyword in node.keywords):
        signs.add("download")
    if isinstance(node.func, ast.Attribute) and node.func.attr in _WRITES:
        signs.add("file")
    opens = (isinstance(node.func, ast.Name) and node.func.id == "open") or (
        isinstance(node.func, ast.Attribute) and node.func.attr in ("open", "fdopen")
    )
    modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    written = [one.value for one in modes if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if opens and any(set(mode) & set("wax+") and set(mode) <= set("rwaxbt+") for mode in written):
        signs.add("file")
    return signs


def _functions(module: ModuleType) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, type | None]]:
    """A module's functions and methods; what is defined inside of one belongs to it."""
    if not module.__file__:
        return
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node, None
        elif isinstance(node, ast.ClassDef):
            owner = getattr(module, node.name, None)
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{method.name}", method, owner if isinstance(owner, type) else None


def bodies(looked_at: Iterator[ModuleType]) -> dict[str, _Body]:
    """Every function by its name ``module:function``."""
    return {
        f"{module.__name__}:{name}": _body(module, node, owner)
        for module in looked_at
        for name, node, owner in _functions(module)
    }


@cache
def _all_bodies() -> dict[str, _Body]:
    return bodies(modules())


def _asked_names() -> set[str]:
    """Where the one decision is defined, whatever packages pass it on."""
    found = set()
    for asked in ASKED:
        module, _, name = asked.partition(":")
        if importlib.util.find_spec(module) is None:
            continue  # the door has moved, or is not built
        function = getattr(importlib.import_module(module), name, None)
        if function is not None:
            found.add(_named(function) or asked)
    return found


def _reaches(start: str, known: dict[str, _Body], goals: set[str]) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in goals:
            return True
        if name in seen:
            continue
        seen.add(name)
        if name in known:
            waiting += known[name].names
        else:  # a class: whoever makes one may call each of its methods
            waiting += [one for one in known if one.startswith(f"{name}.")]
    return False


def doors(extra: ModuleType | None = None) -> list[Door]:
    """Every door, by name. ``extra`` is a module that is looked at beside those of Tocsin."""
    known = dict(_all_bodies())
    places = dict(unguarded())
    if extra is not None:
        planted = bodies(iter([extra]))
        known |= planted
    goals = _asked_names()
    found = []
    for name, body in known.items():
        signs = body.signs | ({"open"} if name in places else set())
        if signs and name not in goals:
            found.append(Door(name, frozenset(signs), _reaches(name, known, goals)))
    return sorted(found, key=lambda door: door.name)


# --- Pages and operations that do not ask for a permission of our own staff ---------------------------------------------------


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def _handlers(view: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The functions behind an address: ninja keeps several, by method, behind one."""
    path_view = getattr(view, "__self__", None)
    operations = getattr(path_view, "operations", None)
    if operations is None:
        closure = inspect.getclosurevars(view).nonlocals if isinstance(view, FunctionType) else {}
        operations = getattr(closure.get("self"), "operations", None)
    if operations is None:
        yield view
    else:
        yield from (operation.view_func for operation in operations)


def unguarded() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every page and operation without a permission (``needs``), by name."""
    for pattern in _patterns(get_resolver()):
        for handler in _handlers(pattern.callback):
            if not getattr(handler, "needed", None):
                name = _named(handler)
                if name:
                    yield name, handler
