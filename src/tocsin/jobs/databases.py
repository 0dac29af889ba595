"""A consistent copy of the whole database, and putting one back, on both databases that Tocsin knows.

SQLite is copied page by page through its own backup interface, which gives the state of one moment while others go on writing.
PostgreSQL is copied table by table with ``COPY`` inside one REPEATABLE READ transaction; its schema comes from our migrations.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError, connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from tocsin.vocab.errors import Conflict

_COPY_ALIAS = "copy"
_SQLITE_NAME = "tocsin.sqlite3"
_CHUNK_BYTES = 1 << 20
_WAIT_FOR_LOCKS = "10s"


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy on disk: its engine (``sqlite`` or ``postgresql``), files, what loading needs to know, and an alias that reads it."""

    engine: str
    files: tuple[Path, ...]
    about: dict[str, Any]
    alias: str


@contextmanager
def copied(folder: Path) -> Iterator[Copied]:
    """Copy the database into ``folder`` as it is at this moment; inside the block ``alias`` reads just that state."""
    folder.mkdir(parents=True, exist_ok=True)
    with _copied_sqlite(folder) if connection.vendor == "sqlite" else _copied_postgresql(folder) as copy:
        yield copy


@contextmanager
def loaded(engine: str, about: dict[str, Any], folder: Path) -> Iterator[str]:
    """Put a copy back in place of everything the database holds; it counts when the block ends well, else nothing changed.

    Inside the block the alias that is given reads the copy. Raises ``Conflict`` if the copy is of another engine or of a newer Tocsin.
    """
    if engine != connection.vendor:
        raise Conflict(
            f"The backup was made from {engine}, this Tocsin uses {connection.vendor}: set storage.database to match."
        )
    _refuse_newer(about["migrations"])
    with _loaded_sqlite(folder) if engine == "sqlite" else _loaded_postgresql(about, folder) as alias:
        yield alias


def applied_migrations() -> list[tuple[str, str]]:
    """All migrations that the database has had, sorted."""
    return sorted(MigrationRecorder(connection).applied_migrations())


def missing_migrations() -> list[str]:
    """Migrations that this Tocsin has and the database does not, as ``app.name``."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _refuse_newer(migrations: list[list[str]]) -> None:
    known = MigrationExecutor(connection).loader.graph.nodes
    unknown = [f"{app}.{name}" for app, name in migrations if (app, name) not in known]
    if unknown:
        raise Conflict(f"The backup was made by a newer Tocsin (it has had {unknown[0]}): install that version first.")


# SQLite


def _connect(path: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=60, uri=str(path).startswith("file:"))


@contextmanager
def _copied_sqlite(folder: Path) -> Iterator[Copied]:
    target = folder / _SQLITE_NAME
    with closing(_connect(connection.settings_dict["NAME"])) as source, closing(_connect(target)) as copy:
        source.backup(copy)
        # one plain file, without a journal beside it
        copy.execute("PRAGMA journal_mode = DELETE")
    about = {"migrations": applied_migrations()}
    with _aliased(target):
        yield Copied("sqlite", (target,), about, _COPY_ALIAS)


@contextmanager
def _loaded_sqlite(folder: Path) -> Iterator[str]:
    source = folder / _SQLITE_NAME
    with closing(_connect(source)) as copy:
        sound = copy.execute("PRAGMA quick_check").fetchone()[0]
    if sound != "ok":
        raise Conflict(f"The database in the backup is damaged: {sound}.")
    with _aliased(source):
        yield _COPY_ALIAS
    connection.close()
    try:
        with closing(_connect(source)) as copy, closing(_connect(connection.settings_dict["NAME"])) as target:
            copy.backup(target)  # one transaction of SQLite's own: all pages or none
    except sqlite3.OperationalError as error:
        raise Conflict(
            f"The database is in use ({error}): stop tocsin serve and tocsin work, then try again."
        ) from error


@contextmanager
def _aliased(path: Path) -> Iterator[None]:
    """Let this thread's Django read the SQLite file ``path`` under an alias of its own."""
    own = connections.databases[DEFAULT_DB_ALIAS]
    options = {**own.get("OPTIONS", {}), "init_command": "PRAGMA query_only = ON;"}
    copy = DatabaseWrapper({**own, "NAME": str(path), "OPTIONS": options}, _COPY_ALIAS)
    connections[_COPY_ALIAS] = copy
    try:
        yield
    finally:
        copy.close()
        del connections[_COPY_ALIAS]


# PostgreSQL


@contextmanager
def _copied_postgresql(folder: Path) -> Iterator[Copied]:
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("A backup is a transaction of its own.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = _tables()
        files = tuple(_copy_out(table, columns, folder) for table, columns in tables.items())
        about = {"migrations": applied_migrations(), "tables": tables, "sequences": _sequences()}
        yield Copied("postgresql", files, about, DEFAULT_DB_ALIAS)


def _tables() -> dict[str, list[str]]:
    """Each table with its columns in order, those left out that PostgreSQL computes itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'"
            " ORDER BY c.table_name, c.ordinal_position"
        )
        found: dict[str, list[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, []).append(column)
    return found


def _sequences() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
        return {name: value for name, value in cursor.fetchall() if value is not None}


def _copy_out(table: str, columns: list[str], folder: Path) -> Path:
    target = folder / f"{table}.copy"
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), _names(columns))
    with target.open("wb") as out, connection.cursor() as cursor, cursor.cursor.copy(statement) as rows:
        for block in rows:
            out.write(block)
    return target


@contextmanager
def _loaded_postgresql(about: dict[str, Any], folder: Path) -> Iterator[str]:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = %s", [_WAIT_FOR_LOCKS])
                cursor.execute("DROP SCHEMA public CASCADE")
                cursor.execute("CREATE SCHEMA public")
            _build_schema([(app, name) for app, name in about["migrations"]])
            _fill(about, folder)
            yield DEFAULT_DB_ALIAS
    except (OperationalError, ProgrammingError) as error:
        said = str(error).splitlines()[0]
        raise Conflict(
            f"PostgreSQL refuses ({said}): stop tocsin serve and tocsin work, and let the database belong to Tocsin's account."
        ) from error


def _build_schema(migrations: list[tuple[str, str]]) -> None:
    """Run just the migrations that the copied database had had."""
    with connection.cursor() as cursor:
        # a row that waits for its check would forbid the next change of its table
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    executor = MigrationExecutor(connection)
    had = set(migrations)
    children = {
        parent.key for key in had for parent in executor.loader.graph.node_map[key].parents if parent.key[0] == key[0]
    }
    executor.migrate(sorted(had - children))


def _fill(about: dict[str, Any], folder: Path) -> None:
    tables: dict[str, list[str]] = about["tables"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:  # rows that migrations themselves have made
            cursor.cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
            if cursor.fetchone()[0]:
                cursor.cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        for table, columns in tables.items():
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(columns))
            with (folder / f"{table}.copy").open("rb") as source, cursor.cursor.copy(statement) as rows:
                while block := source.read(_CHUNK_BYTES):
                    rows.write(block)
        for sequence, value in about["sequences"].items():
            cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s)", [sequence, value])


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
