"""The set that detection searches with: every indicator that can be looked for, compiled once per state of the table.

Expired indicators are in it: an indicator is valid or not at the moment a line was written, not at the moment we search. Revoked
ones and those that nobody vouches for as detectable (``to_ids``) are not.
"""

import os
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from django.conf import settings

from tocsin.constituency.access import Actor, Permission, require
from tocsin.engine.compiling import compile_set
from tocsin.engine.sets import IndicatorSet
from tocsin.intel.models import Indicator, Revision
from tocsin.intel.queries.compiled import REVISION, CompiledSet
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.observables import ObservableType

_BATCH = 20_000
#: Sets of earlier states are kept for runs that opened them.
_KEPT_SECONDS = 86_400.0
_TRIES = 3
#: The engine knows hashes as one type: a certificate is looked for by its fingerprint.
_ENGINE_TYPES = {ObservableType.CERTIFICATE.value: ObservableType.FILE.value}


@dataclass(slots=True)
class _Rows:
    """The rows on their way to the engine; keeps their keys and a digest over them."""

    keys: "array[int]" = field(default_factory=lambda: array("q"))
    hasher: Any = field(default_factory=lambda: blake2b(digest_size=32))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        found = Indicator.objects.filter(is_matchable=True, is_revoked=False, to_ids=True).order_by("id")
        for key, kind, value in found.values_list("id", "type", "value").iterator(chunk_size=_BATCH):
            self.keys.append(key)
            named = _ENGINE_TYPES.get(kind, kind)
            self.hasher.update(f"{named}\t{value}\n".encode("utf-8", "surrogatepass"))
            yield named, value


def compile_current_set(*, actor: Actor, at: datetime | None = None) -> CompiledSet:  # noqa: ARG001 (see the module)
    """The compiled set of the indicators as they are now; from the cache unless one was added, revoked or changed its use.

    ``at`` does not change what is compiled: validity is judged at each hit. Several processes may ask at once.
    """
    require(actor, Permission.RUNS_START)
    folder = Path(settings.STORAGE) / "sets"
    folder.mkdir(parents=True, exist_ok=True)
    token = _token()
    cached = _cached(folder, token)
    if cached:
        return cached
    for _ in range(_TRIES):
        compiled = _compile(folder, token)
        before, token = token, _token()
        if token == before:
            break
    _remove_old(folder, compiled)
    return compiled


def _token() -> str:
    return Revision.objects.filter(name=REVISION).values_list("token", flat=True).first() or "none"


def _cached(folder: Path, token: str) -> CompiledSet | None:
    try:
        told = orjson.loads((folder / f"{token}.json").read_bytes())
        found = CompiledSet(folder / told["set"], folder / told["ids"], told["digest"], told["indicators"])
    except (FileNotFoundError, KeyError, orjson.JSONDecodeError):
        return None
    return found if _is_usable(found.path) and found.ids_path.exists() else None


def _is_usable(path: Path) -> bool:
    """Whether this version's engine opens the set: an earlier version's, or a broken one, is compiled again."""
    try:
        IndicatorSet.open(path).close()
    except Unreadable:
        return False
    return True


def _compile(folder: Path, token: str) -> CompiledSet:
    """Compile into files of their own name, then let the token name them: no reader ever sees a set with other keys."""
    stem = f"{token}-{uuid4().hex[:8]}"
    rows = _Rows()
    path, ids_path = folder / f"{stem}.set", folder / f"{stem}.ids"
    compile_set(rows, path)
    _write(ids_path, rows.keys.tobytes())
    compiled = CompiledSet(path, ids_path, rows.hasher.hexdigest(), len(rows.keys))
    told = {"set": path.name, "ids": ids_path.name, "digest": compiled.digest, "indicators": compiled.indicators}
    _write(folder / f"{token}.json", orjson.dumps(told))
    return compiled


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    with temporary.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def _remove_old(folder: Path, current: CompiledSet) -> None:
    """Remove what belongs to earlier states and has not been touched for a day."""
    limit = time.time() - _KEPT_SECONDS
    for file in folder.iterdir():
        if file.name.split("-")[0].split(".")[0] == current.path.name.split("-")[0]:
            continue
        if file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
