"""Queries over parts: right rows, and no way out of the lake."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from tests.lake.conftest import NOON

from tocsin.lake.observations import OBSERVATION_SCHEMA, ObservationContext, PlacedObservation, batches, ip_key
from tocsin.lake.store import Lake
from tocsin.vocab.errors import InputError, Unreadable


@pytest.fixture
def stored(lake: Lake, context: ObservationContext, rows: Sequence[PlacedObservation]) -> list[str]:
    paths = []
    with lake.writing():
        for number, half in enumerate((rows[:100], rows[100:])):
            with lake.stage("observations", f"d{number}", OBSERVATION_SCHEMA) as writer:
                for batch in batches(half, context):
                    writer.write(batch)
            paths.append(writer.close().publish().path)
    return paths


def test_parts_are_one_table(lake: Lake, stored: list[str]) -> None:
    found = lake.query("SELECT count(*) AS n, min(ip) AS first FROM observations", {"observations": stored})
    assert found.to_pylist() == [{"n": 200, "first": "198.18.0.0"}]


def test_parameters_are_bound_and_times_are_utc(lake: Lake, stored: list[str]) -> None:
    found = lake.query(
        "SELECT asset, observed_at FROM observations WHERE ip = ? AND observed_at >= ?",
        {"observations": stored},
        ["198.18.0.7", NOON],
    ).to_pylist()
    assert found[0]["asset"] == "198.18.0.7:3389/tcp"
    assert found[0]["observed_at"] == datetime(2026, 11, 1, 12, 7, tzinfo=UTC)


def test_address_keys_join_with_networks_as_ranges(lake: Lake, stored: list[str]) -> None:
    networks = pa.table(
        {
            "low": pa.array([ip_key("198.18.0.16"), ip_key("2001:db8::")], pa.binary(16)),
            "high": pa.array([ip_key("198.18.0.31"), ip_key("2001:db8::ff")], pa.binary(16)),
            "owner": ["Alpha", "Beta"],
        }
    )
    found = lake.query(
        "SELECT owner, count(*) AS n FROM observations JOIN networks ON ip_key BETWEEN low AND high GROUP BY owner",
        {"observations": stored},
        tables={"networks": networks},
    )
    assert found.to_pylist() == [{"owner": "Alpha", "n": 16}]


def test_no_parts_are_an_empty_table_with_its_columns(lake: Lake) -> None:
    found = lake.query("SELECT * FROM observations", {"observations": []})
    assert found.num_rows == 0
    assert found.column_names == OBSERVATION_SCHEMA.names
    other = lake.query(
        "SELECT sum(n) AS n FROM numbers", {"numbers": []}, schemas={"numbers": pa.schema([("n", pa.int64())])}
    )
    assert other.to_pylist() == [{"n": None}]
    with pytest.raises(InputError, match="schema"):
        lake.query("SELECT * FROM numbers", {"numbers": []})


def test_a_column_that_only_newer_parts_have_is_null_in_older_ones(lake: Lake) -> None:
    paths = []
    with lake.writing():
        for name, table in (("old", pa.table({"a": [1]})), ("new", pa.table({"a": [2], "b": ["x"]}))):
            with lake.stage("numbers", name, table.schema) as writer:
                writer.write(table)
            paths.append(writer.close().publish().path)
    assert lake.query("SELECT a, b FROM t ORDER BY a", {"t": paths}).to_pylist() == [
        {"a": 1, "b": None},
        {"a": 2, "b": "x"},
    ]


def test_large_answers_come_in_batches(lake: Lake, stored: list[str]) -> None:
    with lake.batches("SELECT range AS n FROM range(200000)", {}) as reader:
        sizes = [batch.num_rows for batch in reader]
    assert sum(sizes) == 200_000
    assert len(sizes) > 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{tmp}/secret.txt')",
        "SELECT * FROM read_parquet('http://198.18.0.1/x.parquet')",
        "COPY observations TO '{tmp}/out.csv'",
        "COPY observations TO '{parts}/observations/out.csv'",
        "ATTACH '{tmp}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "DROP VIEW observations",
        "SELECT nothing FROM observations",
        "SELEC 1",
        "",
    ],
)
def test_a_query_only_reads_and_only_the_lake(lake: Lake, stored: list[str], tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    with pytest.raises(InputError):
        lake.query(sql.format(tmp=tmp_path, parts=lake.root / "parts"), {"observations": stored})


def test_a_missing_part_is_named(lake: Lake, stored: list[str]) -> None:
    with pytest.raises(Unreadable, match=r"observations/gone\.parquet"):
        lake.query("SELECT 1", {"observations": [*stored, "observations/gone.parquet"]})


def test_a_path_cannot_lead_out_of_the_lake(lake: Lake) -> None:
    with pytest.raises(InputError):
        lake.query("SELECT 1", {"t": ["../secret.parquet"]})
