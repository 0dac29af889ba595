"""What an exporter is to Tocsin, and where exporters are found: ``formats/exporters/<format>.py`` declares ``EXPORTER``."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from tocsin.formats import exporters as shelf
from tocsin.vocab.errors import UnknownName
from tocsin.vocab.records import Record


@dataclass(frozen=True, slots=True)
class Exporter:
    """One output format. ``write`` turns records into pieces of the file, in order, holding no more than it must."""

    name: str
    about: str
    media_type: str
    write: Callable[[Iterable[Record]], Iterator[bytes]]


@cache
def _exporters() -> dict[str, Exporter]:
    names = sorted(module.name for module in pkgutil.iter_modules(shelf.__path__))
    modules = [importlib.import_module(f"{shelf.__name__}.{name}") for name in names]
    return {module.EXPORTER.name: module.EXPORTER for module in modules if hasattr(module, "EXPORTER")}


def exporters() -> dict[str, Exporter]:
    """All exporters by name."""
    return dict(_exporters())


def find_exporter(name: str) -> Exporter:
    """The exporter of that name. Raises ``UnknownName`` with the nearest names."""
    known = _exporters()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1) or sorted(known)
    raise UnknownName(f"there is no output format named {name!r}: choose {' or '.join(near)}")
