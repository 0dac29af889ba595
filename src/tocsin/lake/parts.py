"""Parts: immutable Parquet files. A part is staged under a temporary name, renamed into place, and counts once the
database says so."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.lake import durable
from tocsin.vocab.errors import Conflict, InputError, NotFound, Unreadable

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_PATH = re.compile(rf"({_KIND.pattern})/({_NAME.pattern})\.parquet")

#: One row group ends at either: small enough for flat memory with wide ``details``, large enough for a scan.
ROW_GROUP_ROWS = 100_000
ROW_GROUP_BYTES = 64 << 20
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file. ``path`` is ``kind/name.parquet``, relative to the lake's parts: what the database keeps.

    ``sha256`` is of the file's bytes (lower-case hex), ``size`` their number.
    """

    kind: str
    path: str
    rows: int
    sha256: str
    size: int
    staged: Path
    final: Path

    def publish(self) -> Self:
        """Give the part its final name, atomically and durably. Do this before the database commit.

        Publishing twice is fine. Raises ``Conflict`` if another part has that name: parts are never replaced.
        """
        if self.final.exists():
            if file_sha256(self.final) != self.sha256:
                raise Conflict(
                    f"The part {self.path} exists with other content: sweep the lake (tocsin check --sweep) first."
                )
            self.discard()
            return self
        if not self.staged.exists():
            raise NotFound(f"The staged part {self.path} is gone: it was swept or discarded; write it again.")
        durable.move_into_place(self.staged, self.final)
        return self

    def discard(self) -> None:
        """Remove the staged file; a published part stays."""
        self.staged.unlink(missing_ok=True)


class PartWriter:
    """Writes one part in flat memory. As a context manager it discards the staged file on an error."""

    def __init__(self, parts_root: Path, kind: str, name: str, schema: pa.Schema) -> None:
        if not _KIND.fullmatch(kind) or not _NAME.fullmatch(name):
            raise InputError(
                f"A part cannot be called {kind!r}/{name!r}: letters, digits, dot, dash and underscore only."
            )
        self._kind, self._path, self._schema, self._rows = kind, f"{kind}/{name}.parquet", schema, 0
        self._root, self._final = parts_root, parts_root / f"{kind}/{name}.parquet"
        self._hasher = sha256()
        self._part: Part | None = None
        self._waiting: list[pa.Table] = []
        with durable.no_room(parts_root):
            self.staged, self._out = durable.create_held(self._final.parent, name)
            self._sink = durable.HashingFile(self._out, self._hasher)
            self._parquet = pq.ParquetWriter(
                pa.PythonFile(self._sink, mode="w"),
                schema,
                compression="zstd",
                compression_level=_LEVEL,
                write_page_index=True,
            )

    def write(self, table_or_batch: pa.Table | pa.RecordBatch) -> None:
        """Append rows; their schema must be the part's. Raises ``Conflict`` if the disk is full."""
        table = table_or_batch
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        if table.schema != self._schema:
            raise InputError(f"Rows for the part {self._path} have other columns than it was staged with.")
        self._waiting.append(table)
        self._rows += table.num_rows
        rows, size = (sum(each) for each in zip(*((one.num_rows, one.nbytes) for one in self._waiting), strict=True))
        if rows >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
            self._write_out()

    def _write_out(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            with durable.no_room(self._root):
                self._parquet.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP_ROWS)

    def close(self) -> Part:
        """Finish and sync the file; it still has its temporary name. Closing twice gives the same part."""
        if self._part is None:
            self._write_out()
            with durable.no_room(self._root):
                self._parquet.close()
                self._out.flush()
                os.fsync(self._out.fileno())
            self._out.close()
            self._part = Part(
                self._kind, self._path, self._rows, self._hasher.hexdigest(), self._sink.size, self.staged, self._final
            )
        return self._part

    def discard(self) -> None:
        """Give up: close and remove the staged file."""
        self._sink.abandon()
        with suppress(OSError, ValueError, pa.ArrowException):
            self._parquet.close()
        with suppress(OSError):  # what is still buffered may not fit on a full disk either
            self._out.close()
        self.staged.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.discard()
        else:
            self.close()


def part_file(parts_root: Path, path: str) -> Path:
    """The file of a part's ``kind/name.parquet``. Raises ``InputError`` on any other text, so that no path leads
    elsewhere."""
    if not _PATH.fullmatch(path):
        raise InputError(f"{path[:200]!r} is not the path of a part, such as observations/NAME.parquet.")
    return parts_root / path


def verify(parts_root: Path, path: str, digest: str) -> None:
    """Check that a part is there and unchanged. Raises ``Unreadable`` with what is wrong."""
    file = part_file(parts_root, path)
    if not file.is_file():
        raise Unreadable(f"The part {path} is missing from the lake.")
    if file_sha256(file) != digest:
        raise Unreadable(f"The part {path} has changed on disk: its hash is no longer {digest}.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in lower-case hex, read in chunks."""
    hasher = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()
