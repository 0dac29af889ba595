"""SQL over parts, in place, in this process: DuckDB that may read the lake's parts and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tocsin.lake.durable import make_folder
from tocsin.lake.parts import part_file
from tocsin.vocab.errors import InputError, Unreadable

BATCH_ROWS = 50_000

#: What DuckDB raises about the statement, as against the machine.
_WRONG = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.PermissionException,
)


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may use. Beyond ``memory`` DuckDB spills to disk, up to ``spill``."""

    memory: str = "1GB"
    threads: int = 2
    spill: str = "20GB"


@contextmanager
def session(parts_root: Path, limits: QueryLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private in-memory DuckDB without network, extensions to install, or files outside the lake's parts."""
    spill = parts_root.parent / "spill"
    make_folder(parts_root)
    make_folder(spill)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": limits.memory,
            "threads": str(limits.threads),
            "temp_directory": str(spill),
            "max_temp_directory_size": limits.spill,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET allowed_directories = [{_literal(f'{parts_root}/')}, {_literal(f'{spill}/')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def name_parts(
    connection: duckdb.DuckDBPyConnection, parts_root: Path, name: str, paths: Sequence[str], schema: pa.Schema | None
) -> None:
    """Make the parts readable as one table ``name``; with no parts it is an empty table of ``schema``.

    A column that only newer parts have is NULL in older ones. Raises ``Unreadable`` if a part is missing,
    ``InputError`` if there is neither a part nor a schema.
    """
    quoted = _identifier(name)
    if not paths:
        if schema is None:
            raise InputError(f"There are no parts for the table {name}, and its columns are unknown: give its schema.")
        connection.register(name, schema.empty_table())
        return
    files = [part_file(parts_root, path) for path in paths]
    missing = next((path for path, file in zip(paths, files, strict=True) if not file.is_file()), None)
    if missing:
        raise Unreadable(f"The part {missing} is missing from the lake: run tocsin check.")
    listed = ", ".join(_literal(str(file)) for file in files)
    connection.execute(f"CREATE VIEW {quoted} AS SELECT * FROM read_parquet([{listed}], union_by_name = true)")  # noqa: S608 - quoted


def stream(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None
) -> pa.RecordBatchReader:
    """Run one SELECT; its rows as Arrow batches of :data:`BATCH_ROWS`.

    Raises ``InputError`` with DuckDB's reason if the statement is wrong or would do anything but read.
    """
    try:
        statements = connection.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise InputError("The lake runs exactly one SELECT at a time.")
        return connection.sql(sql, params=parameters).to_arrow_reader(BATCH_ROWS)
    except _WRONG as error:
        raise InputError(f"The lake cannot run this query: {str(error).splitlines()[0]}") from error


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
