"""The bulk write of indicators: staged rows in, one short run of SQL statements at the end. SQLite and PostgreSQL both.

Rows are staged in temporary tables of the connection, which need no lock and vanish with a killed process. On SQLite the staging
table is keyed by (uid, slot), so that the final statements walk it in the order of the indexes they write; on PostgreSQL rows are
copied in and sorted once. What the statements do is one text for both; ``docs/why/ingest.md`` tells what was tried and measured.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from tocsin.intel.models import DeliveryMember
from tocsin.intel.rules.packing import Batch, PackedStatement, sound
from tocsin.vocab.markings import Pap, Tlp

#: SQLite's page cache during a bulk write, in KiB: the uid index of a few million indicators fits.
_CACHE_KIB = 48_000
_VALUE_INDEX = "indicator_type_value"
_WORTH_REBUILDING = 50_000

_ROW = (
    "uid",
    "slot",
    "type",
    "value",
    "is_matchable",
    "statement",
    "member",
    "line",
    "external_id",
    "given",
    "valid_from",
    "valid_until",
    "is_revoked",
)
_STATEMENT = ("number", *PackedStatement._fields[1:])
_REJECTED = ("member", "line", "problem", "raw")
_TEMPORARY = (
    "staged_row",
    "staged_statement",
    "staged_rejected",
    "staged_member",
    "statement_map",
    "touched",
    "staged_double",
)

_SQLITE_TABLES = """
CREATE TEMP TABLE staged_row (uid BLOB, slot INTEGER, type TEXT, value TEXT, is_matchable INTEGER, statement INTEGER,
    member INTEGER, line INTEGER, external_id TEXT, given TEXT, valid_from TEXT, valid_until TEXT, is_revoked INTEGER,
    PRIMARY KEY (uid, slot)) WITHOUT ROWID;
CREATE TEMP TABLE staged_statement (number INTEGER PRIMARY KEY, digest BLOB, malware TEXT, classification TEXT,
    confidence INTEGER, tlp TEXT, pap TEXT, to_ids INTEGER, description TEXT, "references" TEXT, tags TEXT, details TEXT);
CREATE TEMP TABLE staged_rejected (member INTEGER, line INTEGER, problem TEXT, raw TEXT);
CREATE TEMP TABLE staged_member (number INTEGER PRIMARY KEY, id INTEGER);
CREATE TEMP TABLE statement_map (number INTEGER PRIMARY KEY, id INTEGER, confidence INTEGER, tlp INTEGER, pap INTEGER,
    to_ids INTEGER);
CREATE TEMP TABLE touched (id INTEGER PRIMARY KEY, was_revoked INTEGER, was_to_ids INTEGER);
CREATE TEMP TABLE staged_double (uid BLOB PRIMARY KEY) WITHOUT ROWID;
"""

_POSTGRES_TABLES = """
CREATE TEMP TABLE staged_row (uid uuid, slot bigint, type text, value text COLLATE "C", is_matchable boolean,
    statement integer, member integer, line bigint, external_id text, given text, valid_from timestamptz,
    valid_until timestamptz, is_revoked boolean, position bigint GENERATED ALWAYS AS IDENTITY);
CREATE TEMP TABLE staged_statement (number integer PRIMARY KEY, digest bytea, malware text, classification text,
    confidence smallint, tlp text, pap text, to_ids boolean, description text, "references" jsonb, tags jsonb, details jsonb);
CREATE TEMP TABLE staged_rejected (member integer, line bigint, problem text, raw text,
    position bigint GENERATED ALWAYS AS IDENTITY);
CREATE TEMP TABLE staged_member (number integer PRIMARY KEY, id bigint);
CREATE TEMP TABLE statement_map (number integer PRIMARY KEY, id bigint, confidence integer, tlp integer, pap integer,
    to_ids integer);
CREATE TEMP TABLE touched (id bigint PRIMARY KEY, was_revoked boolean, was_to_ids boolean);
CREATE TEMP TABLE staged_double (uid uuid PRIMARY KEY);
"""

#: PostgreSQL only: the first of equal rows stays, and the planner learns how many there are.
_POSTGRES_SETTLE = """
CREATE INDEX staged_row_order ON staged_row (uid, slot, position);
DELETE FROM staged_row USING (
    SELECT uid, slot, min(position) AS first FROM staged_row GROUP BY uid, slot HAVING count(*) > 1
) AS twice WHERE staged_row.uid = twice.uid AND staged_row.slot = twice.slot AND staged_row.position > twice.first;
ANALYZE staged_row; ANALYZE staged_statement;
"""


def _ranked(column: str, labels: type[Tlp] | type[Pap]) -> str:
    """The strictness of a label, in SQL."""
    cases = " ".join(f"WHEN '{label.value}' THEN {label.strictness}" for label in labels)
    return f"CASE {column} {cases} END"


def _labelled(column: str, labels: type[Tlp] | type[Pap]) -> str:
    """The label of a strictness, in SQL."""
    cases = " ".join(f"WHEN {label.strictness} THEN '{label.value}'" for label in labels)
    return f"CASE {column} {cases} END"


#: ``rules.effective.effective`` in SQL, over rows of ``said``: tlp and pap as strictness, revoked and to_ids as 0 or 1.
_EFFECTIVE = f"""
    {_labelled("MAX(said.tlp)", Tlp)} AS tlp,
    {_labelled("MAX(said.pap)", Pap)} AS pap,
    COALESCE(MAX(CASE WHEN said.revoked = 0 THEN said.confidence END), MAX(said.confidence)) AS confidence,
    CASE WHEN MIN(said.revoked) = 1 THEN CASE WHEN COUNT(*) = COUNT(said.valid_from) THEN MIN(said.valid_from) END
         WHEN SUM(CASE WHEN said.revoked = 0 AND said.valid_from IS NULL THEN 1 ELSE 0 END) = 0
         THEN MIN(CASE WHEN said.revoked = 0 THEN said.valid_from END) END AS valid_from,
    CASE WHEN MIN(said.revoked) = 1 THEN CASE WHEN COUNT(*) = COUNT(said.valid_until) THEN MAX(said.valid_until) END
         WHEN SUM(CASE WHEN said.revoked = 0 AND said.valid_until IS NULL THEN 1 ELSE 0 END) = 0
         THEN MAX(CASE WHEN said.revoked = 0 THEN said.valid_until END) END AS valid_until,
    MIN(said.revoked) = 1 AS is_revoked,
    COALESCE(MAX(CASE WHEN said.revoked = 0 THEN said.to_ids END), MAX(said.to_ids)) = 1 AS to_ids
"""

_NEW_STATEMENTS = """
INSERT INTO intel_statement
    (digest, malware, classification, confidence, tlp, pap, to_ids, description, "references", tags, details)
SELECT digest, malware, classification, confidence, tlp, pap, to_ids, description, "references", tags, details
FROM staged_statement WHERE true ORDER BY number
ON CONFLICT (digest) DO NOTHING
"""

_MAP_STATEMENTS = f"""
INSERT INTO statement_map (number, id, confidence, tlp, pap, to_ids)
SELECT staged.number, known.id, known.confidence, {_ranked("known.tlp", Tlp)}, {_ranked("known.pap", Pap)},
    CASE WHEN known.to_ids THEN 1 ELSE 0 END
FROM staged_statement AS staged JOIN intel_statement AS known ON known.digest = staged.digest
"""  # noqa: S608 (labels of our own)

_TOUCHED = """
INSERT INTO touched (id, was_revoked, was_to_ids)
SELECT DISTINCT known.id, known.is_revoked, known.to_ids
FROM staged_row JOIN intel_indicator AS known ON known.uid = staged_row.uid
"""

_DOUBLE = "INSERT INTO staged_double (uid) SELECT uid FROM staged_row GROUP BY uid HAVING COUNT(*) > 1"

_INDICATOR = """
INSERT INTO intel_indicator (uid, type, value, is_matchable, tlp, pap, confidence, valid_from, valid_until, is_revoked, to_ids,
    version, first_seen_at, last_seen_at)
"""

#: Where the database knows some of the delivery's indicators.
_UNKNOWN = "NOT EXISTS (SELECT 1 FROM intel_indicator AS known WHERE known.uid = staged_row.uid)"

#: Nearly every new indicator has one provenance, and then the sum is that one: three times as fast as grouping.
_NEW_SINGLE_INDICATORS = f"""
{_INDICATOR}
SELECT staged_row.uid, staged_row.type, staged_row.value, staged_row.is_matchable, {_labelled("statement_map.tlp", Tlp)},
    {_labelled("statement_map.pap", Pap)}, statement_map.confidence, staged_row.valid_from, staged_row.valid_until,
    staged_row.is_revoked, statement_map.to_ids = 1, 1, %s, %s
FROM staged_row JOIN statement_map ON statement_map.number = staged_row.statement
WHERE {{unknown}} AND NOT EXISTS (SELECT 1 FROM staged_double WHERE staged_double.uid = staged_row.uid)
ORDER BY staged_row.uid
"""  # noqa: S608 (labels of our own)

_NEW_INDICATORS = f"""
{_INDICATOR}
SELECT effective.uid, effective.type, effective.value, effective.is_matchable, effective.tlp, effective.pap,
    effective.confidence, effective.valid_from, effective.valid_until, effective.is_revoked, effective.to_ids, 1, %s, %s
FROM (
    SELECT said.uid AS uid, MIN(said.type) AS type, MIN(said.value) AS value, MIN(said.matchable) = 1 AS is_matchable,
    {_EFFECTIVE}
    FROM (
        SELECT staged_row.uid, staged_row.type, staged_row.value, statement_map.tlp, statement_map.pap,
            CASE WHEN staged_row.is_matchable THEN 1 ELSE 0 END AS matchable, statement_map.confidence,
            staged_row.valid_from, staged_row.valid_until, CASE WHEN staged_row.is_revoked THEN 1 ELSE 0 END AS revoked,
            statement_map.to_ids
        FROM staged_double JOIN staged_row ON staged_row.uid = staged_double.uid
            JOIN statement_map ON statement_map.number = staged_row.statement
        WHERE {{unknown}}
    ) AS said
    GROUP BY said.uid
) AS effective
ORDER BY effective.uid
"""  # noqa: S608

_PROVENANCES = """
INSERT INTO intel_provenance (indicator_id, feed_id, slot, statement_id, external_id, given, valid_from, valid_until,
    is_revoked, first_delivery_id, last_delivery_id, member_id, line, count)
SELECT known.id, %s, staged_row.slot, statement_map.id, staged_row.external_id, staged_row.given, staged_row.valid_from,
    staged_row.valid_until, staged_row.is_revoked, %s, %s, staged_member.id, staged_row.line, 1
FROM staged_row
    JOIN intel_indicator AS known ON known.uid = staged_row.uid
    JOIN statement_map ON statement_map.number = staged_row.statement
    JOIN staged_member ON staged_member.number = staged_row.member
WHERE true
ORDER BY staged_row.uid, staged_row.slot
ON CONFLICT (indicator_id, feed_id, slot) DO UPDATE SET
    statement_id = excluded.statement_id, external_id = excluded.external_id, given = excluded.given,
    valid_from = excluded.valid_from, valid_until = excluded.valid_until, is_revoked = excluded.is_revoked,
    last_delivery_id = excluded.last_delivery_id, member_id = excluded.member_id, line = excluded.line,
    count = intel_provenance.count + 1
"""

_REJECTED_ROWS = """
INSERT INTO intel_rejectedrow (delivery_id, member, line, problem, raw)
SELECT %s, intel_deliverymember.name, staged_rejected.line, staged_rejected.problem, staged_rejected.raw
FROM staged_rejected
    JOIN staged_member ON staged_member.number = staged_rejected.member
    JOIN intel_deliverymember ON intel_deliverymember.id = staged_member.id
ORDER BY staged_rejected.{order}
"""

#: ``rules.effective.is_news`` in SQL: a new version for any change but a later end of validity.
_OLD_INDICATORS = f"""
UPDATE intel_indicator SET
    version = intel_indicator.version + CASE WHEN
        intel_indicator.tlp <> effective.tlp OR intel_indicator.pap <> effective.pap
        OR intel_indicator.confidence <> effective.confidence
        OR intel_indicator.is_revoked <> effective.is_revoked OR intel_indicator.to_ids <> effective.to_ids
        OR intel_indicator.valid_from IS DISTINCT FROM effective.valid_from
        OR (intel_indicator.valid_until IS NULL) <> (effective.valid_until IS NULL)
        OR effective.valid_until < intel_indicator.valid_until THEN 1 ELSE 0 END,
    tlp = effective.tlp, pap = effective.pap, confidence = effective.confidence, valid_from = effective.valid_from,
    valid_until = effective.valid_until, is_revoked = effective.is_revoked, to_ids = effective.to_ids, last_seen_at = %s
FROM (
    SELECT said.indicator_id AS indicator_id,
    {_EFFECTIVE}
    FROM (
        SELECT provenance.indicator_id, {_ranked("statement.tlp", Tlp)} AS tlp, {_ranked("statement.pap", Pap)} AS pap,
            statement.confidence, provenance.valid_from, provenance.valid_until,
            CASE WHEN provenance.is_revoked THEN 1 ELSE 0 END AS revoked, CASE WHEN statement.to_ids THEN 1 ELSE 0 END AS to_ids
        FROM touched
            JOIN intel_provenance AS provenance ON provenance.indicator_id = touched.id
            JOIN intel_statement AS statement ON statement.id = provenance.statement_id
    ) AS said
    GROUP BY said.indicator_id
) AS effective
WHERE intel_indicator.id = effective.indicator_id
"""  # noqa: S608

_FLIPS = """
SELECT
    COALESCE(SUM(CASE WHEN known.is_revoked AND NOT touched.was_revoked THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN known.is_revoked <> touched.was_revoked OR known.to_ids <> touched.was_to_ids THEN 1 ELSE 0 END), 0)
FROM touched JOIN intel_indicator AS known ON known.id = touched.id
"""


@dataclass(frozen=True, slots=True)
class Upserted:
    """What a delivery did to the indicators. ``changed`` counts those that a compiled set must now treat differently."""

    new: int = 0
    seen: int = 0
    retracted: int = 0
    changed: int = 0


class Staging:
    """The temporary tables of one delivery."""

    def __init__(self) -> None:
        self.rows = 0
        self._members: list[str] = []
        self._is_sqlite = connection.vendor == "sqlite"

    def add(self, batch: Batch) -> None:
        """Stage a batch. Of rows equal in uid and slot the first stays."""
        rejected = [(member, line, sound(problem), sound(raw)) for member, line, problem, raw in batch.rejected]
        if self._is_sqlite:
            self._insert("INSERT INTO staged_statement", _STATEMENT, batch.statements)
            self._insert("INSERT OR IGNORE INTO staged_row", _ROW, batch.indicators)
            self._insert("INSERT INTO staged_rejected", _REJECTED, rejected)
        else:
            self._copy("staged_statement", _STATEMENT, batch.statements)
            self._copy("staged_row", _ROW, [(row[0].hex(), *row[1:]) for row in batch.indicators])
            self._copy("staged_rejected", _REJECTED, rejected)
        self._members += batch.members
        self.rows += len(batch.indicators)

    def write(self, feed_id: int, delivery_id: int, at: datetime) -> Upserted:
        """Write everything staged, in the caller's transaction. ``at`` is when the delivery was received (aware)."""
        with connection.cursor() as cursor:
            self._name_members(cursor, delivery_id)
            cursor.execute(_REJECTED_ROWS.format(order="rowid" if self._is_sqlite else "position"), [delivery_id])
            return self._upsert(cursor, feed_id, delivery_id, at) if self.rows else Upserted()

    def _upsert(self, cursor: Any, feed_id: int, delivery_id: int, at: datetime) -> Upserted:
        moment = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
        if not self._is_sqlite:
            # two deliveries with common indicators would otherwise meet each other's uncommitted rows and deadlock
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tocsin.intel.upsert'))")
            cursor.execute(_POSTGRES_SETTLE)
        cursor.execute(_NEW_STATEMENTS)
        cursor.execute(_MAP_STATEMENTS)
        cursor.execute(_TOUCHED)
        seen = max(cursor.rowcount, 0)
        cursor.execute(_DOUBLE)
        with self._values_unindexed(cursor):
            unknown = _UNKNOWN if seen else "true"
            cursor.execute(_NEW_SINGLE_INDICATORS.format(unknown=unknown), [moment, moment])
            new = cursor.rowcount
            cursor.execute(_NEW_INDICATORS.format(unknown=unknown), [moment, moment])
            new += cursor.rowcount
        cursor.execute(_PROVENANCES, [feed_id, delivery_id, delivery_id])
        if not seen:
            return Upserted(new, changed=new)
        cursor.execute(_OLD_INDICATORS, [moment])
        cursor.execute(_FLIPS)
        retracted, flipped = cursor.fetchone()
        return Upserted(new, seen, int(retracted), new + int(flipped))

    def _name_members(self, cursor: Any, delivery_id: int) -> None:
        named = DeliveryMember.objects.bulk_create(
            [DeliveryMember(delivery_id=delivery_id, name=name) for name in self._members], batch_size=500
        )
        pairs = [(number, member.pk) for number, member in enumerate(named)]
        cursor.executemany("INSERT INTO staged_member (number, id) VALUES (%s, %s)", pairs)

    @contextmanager
    def _values_unindexed(self, cursor: Any) -> Iterator[None]:
        """On SQLite, where more is to come than is there: build the index of values afterwards in one go, in half the time."""
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM intel_indicator")
        if not self._is_sqlite or self.rows < max(cursor.fetchone()[0], _WORTH_REBUILDING):
            yield
            return
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = %s", [_VALUE_INDEX])
        (definition,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {_VALUE_INDEX}")
        yield
        cursor.execute(definition)

    def _insert(self, into: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        # the driver itself, not Django's cursor: a million rows pass here, and there is nothing to translate
        connection.connection.executemany(f"{into} VALUES ({', '.join('?' * len(columns))})", rows)

    def _copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        names = ", ".join(f'"{column}"' for column in columns)
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def staging() -> Iterator[Staging]:
    """Temporary tables for one delivery, gone afterwards. Inside, outside a transaction, nothing is locked."""
    connection.ensure_connection()
    cache = 0
    with connection.cursor() as cursor:
        _drop(cursor)
        if connection.vendor == "sqlite":
            cache = cursor.execute("PRAGMA cache_size").fetchone()[0]
            cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            cursor.execute(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")
            # every reference that is written comes out of a join with the row it refers to: checking each again costs a third
            cursor.execute("PRAGMA foreign_keys = OFF")
        for statement in (_SQLITE_TABLES if connection.vendor == "sqlite" else _POSTGRES_TABLES).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    try:
        yield Staging()
    finally:
        if connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                _drop(cursor)
                if connection.vendor == "sqlite":
                    cursor.execute(f"PRAGMA cache_size = {cache}")
                    cursor.execute("PRAGMA foreign_keys = ON")


def tell_planner(upserted: Upserted) -> None:
    """After a large delivery, let PostgreSQL count anew: with the old figures it reads whole tables for a page of fifty."""
    if connection.vendor == "postgresql" and upserted.new >= _WORTH_REBUILDING and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE intel_indicator, intel_provenance, intel_statement")


@contextmanager
def staging_transaction() -> Iterator[None]:
    """Around the staging of many rows on SQLite: a transaction of the temporary tables alone, which locks nobody out."""
    is_needed = connection.vendor == "sqlite" and not connection.in_atomic_block
    if is_needed:
        connection.connection.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        if is_needed:
            connection.connection.execute("COMMIT")


def _drop(cursor: Any) -> None:
    for table in _TEMPORARY:
        cursor.execute(f"DROP TABLE IF EXISTS {'temp' if connection.vendor == 'sqlite' else 'pg_temp'}.{table}")
