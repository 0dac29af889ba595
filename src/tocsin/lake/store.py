"""The lake as one thing: its raw bytes, its parts, its one writer, its queries. Works on a laptop, without a database.

root/
  lake.lock               the one writer
  raw/ab/cd/abcd….zst     raw bytes by SHA-256
  parts/KIND/NAME.parquet immutable parts
  spill/                  what a large query puts on disk
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from tocsin.lake import durable, lock, queries
from tocsin.lake import parts as _parts
from tocsin.lake.observations import OBSERVATION_SCHEMA
from tocsin.lake.parts import Part, PartWriter
from tocsin.lake.raw import RawRef, RawStore
from tocsin.vocab.errors import Conflict

__all__ = ["Lake", "Part", "PartWriter", "QueryLimits", "RawRef", "RawStore"]

QueryLimits = queries.QueryLimits


class Lake:
    """Append-only storage below ``root``, which is made when first written to."""

    def __init__(self, root: Path | str, limits: QueryLimits | None = None) -> None:
        self.root = Path(root).absolute()
        self.raw = RawStore(self.root / "raw")
        self._parts_root = self.root / "parts"
        self._limits = limits or QueryLimits()
        self._is_writing = False
        self._mine: set[Path] = set()

    @contextmanager
    def writing(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Be the one writer of this lake, across processes and threads. Stage, publish, commit the database, all
        inside.

        Raises ``Conflict`` naming the process that holds the lock if it is not free within ``wait_seconds``.
        """
        with lock.held(self.root / "lake.lock", wait_seconds):
            self._is_writing = True
            try:
                yield
            finally:
                self._is_writing = False
                self._mine.clear()

    def stage(self, kind: str, name: str, schema: pa.Schema) -> PartWriter:
        """Begin a part ``kind/name.parquet``. Raises ``Conflict`` outside :meth:`writing` or if the part exists
        already."""
        self._need_lock()
        writer = PartWriter(self._parts_root, kind, name, schema)
        self._mine |= {writer.staged, self._parts_root / kind / f"{name}.parquet"}
        return writer

    def sweep(self, committed: Container[str]) -> list[str]:
        """Remove what killed writers left: staged files, and parts whose path the database does not know.

        Read ``committed`` (paths such as ``observations/NAME.parquet``) from the database inside :meth:`writing`, never
        before. It must hold the parts of every room: what is not in it is
        removed, except what this writer itself made. Gives the paths removed, sorted.
        """
        self._need_lock()
        removed = []
        for file in self._part_files():
            path = str(file.relative_to(self._parts_root))
            if path not in committed and file not in self._mine:
                durable.remove(file)
                removed.append(path)
        return sorted(removed)

    def orphans(self, committed: Container[str]) -> list[str]:
        """What :meth:`sweep` would look at: published or staged files that the database does not know. Removes
        nothing."""
        found = (str(file.relative_to(self._parts_root)) for file in self._part_files())
        return sorted(path for path in found if path not in committed)

    def verify_part(self, path: str, sha256: str) -> None:
        """Check that a committed part is there and unchanged. Raises ``Unreadable`` saying what is wrong."""
        _parts.verify(self._parts_root, path, sha256)

    def part_file(self, path: str) -> Path:
        """Where the part ``kind/name.parquet`` lies on disk, whether or not it exists."""
        return _parts.part_file(self._parts_root, path)

    def query(
        self,
        sql: str,
        parts: Mapping[str, Sequence[str]],
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        tables: Mapping[str, pa.Table] | None = None,
        schemas: Mapping[str, pa.Schema] | None = None,
    ) -> pa.Table:
        """Run one DuckDB statement over parts, given as ``{table name: [part path, …]}``, and give all its rows.

        ``tables`` are Arrow tables to join with. A table of no parts is empty, with its columns from ``schemas``
        (``observations`` is known). Times come back in UTC. Raises ``InputError`` if the statement is wrong,
        ``Unreadable`` if a part is missing.
        """
        with self.batches(sql, parts, parameters, tables=tables, schemas=schemas) as reader:
            return reader.read_all()

    @contextmanager
    def batches(
        self,
        sql: str,
        parts: Mapping[str, Sequence[str]],
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        tables: Mapping[str, pa.Table] | None = None,
        schemas: Mapping[str, pa.Schema] | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """Like :meth:`query`, for answers too large for memory: iterate over the reader inside the ``with`` block."""
        known = {"observations": OBSERVATION_SCHEMA, **(schemas or {})}
        with queries.session(self._parts_root, self._limits) as connection:
            for name, paths in parts.items():
                queries.name_parts(connection, self._parts_root, name, paths, known.get(name))
            for name, table in (tables or {}).items():
                connection.register(name, table)
            yield queries.stream(connection, sql, parameters)

    def _part_files(self) -> Iterator[Path]:
        for pattern in ("*/*.parquet", "*/.*.tmp"):
            yield from self._parts_root.glob(pattern)

    def _need_lock(self) -> None:
        if not self._is_writing:
            raise Conflict(
                f"The lake {self.root} may only be changed by its one writer: use Lake.writing() around this."
            )
