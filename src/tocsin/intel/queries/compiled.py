"""The compiled set on disk: what it holds and which indicator each of its rows is."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.constituency.access import Permission, Viewer, require

#: The name of the revision that changes whenever what is to be compiled changes.
REVISION = "indicators"


@dataclass(frozen=True, slots=True)
class CompiledSet:
    """A set for the engine. Row ``n`` of it (from 0) is the indicator whose database key is at place ``n`` of ``ids_path``,
    a flat file of 64-bit little-endian integers. ``digest`` names its content, ``indicators`` is the number of rows.
    """

    path: Path
    ids_path: Path
    digest: str
    indicators: int


def indicators_by_position(viewer: Viewer, compiled: CompiledSet, positions: Iterable[int]) -> dict[int, int]:
    """Rows of a compiled set (from 0) to database keys for :func:`known_indicators`. Raises ``IndexError`` beyond the set."""
    require(viewer, Permission.INTEL_READ)
    wanted = np.unique(np.fromiter(positions, dtype=np.int64))
    if not wanted.size:
        return {}
    if wanted[0] < 0 or wanted[-1] >= compiled.indicators:
        raise IndexError(f"the compiled set has rows 0 to {compiled.indicators - 1}, not {wanted[0]} to {wanted[-1]}")
    keys = np.memmap(compiled.ids_path, dtype="<i8", mode="r")
    return dict(zip(wanted.tolist(), keys[wanted].tolist(), strict=True))
