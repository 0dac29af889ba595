"""Observations as columns."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lake.conftest import NOON

from tocsin.lake.observations import (
    OBSERVATION_SCHEMA,
    ObservationContext,
    PlacedObservation,
    batches,
    ip_key,
    observation_batch,
    observation_uid,
)
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import ObservationRecord


def one(record: ObservationRecord, context: ObservationContext) -> dict[str, object]:
    (row,) = observation_batch([("m", 1, record)], context).to_pylist()
    return dict(row)


SILENT = ObservationRecord(None, "malicious-code/infected-system")


def test_a_batch_has_the_schema_and_every_field(context: ObservationContext, rows: Sequence[PlacedObservation]) -> None:
    batch = observation_batch(rows, context)
    assert batch.schema == OBSERVATION_SCHEMA
    batch.validate(full=True)
    row = batch.slice(7, 1).to_pylist()[0]
    details = orjson.loads(row.pop("details"))
    assert row.pop("uid") == observation_uid(rows[7][2], context)
    assert details == {"extra.tag": "rdp", "source.geolocation.cc": "PK"}
    assert row == {
        "source": "partner",
        "feed": "provider/feed",
        "delivery": context.delivery,
        "observed_at": datetime(2026, 11, 1, 12, 7, tzinfo=UTC),
        "time_is_assumed": False,
        "received_at": NOON,
        "asset": "198.18.0.7:3389/tcp",
        "ip": "198.18.0.7",
        "ip_key": bytes(10) + b"\xff\xff" + bytes([198, 18, 0, 7]),
        "network": None,
        "port": 3389,
        "protocol": "tcp",
        "host": None,
        "url": None,
        "classification": "vulnerable/vulnerable-system",
        "identifier": "open-rdp",
        "malware": None,
        "severity": None,
        "confidence": None,
        "tlp": "amber",
        "pap": "amber",
        "member": "report.csv",
        "line": 9,
    }


def test_the_quick_identity_is_the_identity(context: ObservationContext, rows: Sequence[PlacedObservation]) -> None:
    strange = [
        replace(SILENT, host="h.example", malware="Ünïcode", identifier=""),
        replace(SILENT, ip="2001:db8::1", port=0, protocol="udp"),
        replace(SILENT, network="198.18.0.0/24", observed_at=NOON + timedelta(microseconds=1)),
    ]
    placed = [*rows, *(("m", 1, record) for record in strange)]
    quick = observation_batch(placed, context)["uid"].to_pylist()
    assert quick == [observation_uid(record, context) for _, _, record in placed]
    assert len(set(quick)) == len(placed)


@pytest.mark.parametrize(
    "change",
    [
        {"observed_at": NOON + timedelta(seconds=1)},
        {"ip": "198.18.0.2"},
        {"port": 2},
        {"protocol": "udp"},
        {"classification": "vulnerable/weak-crypto"},
        {"identifier": "other"},
        {"malware": "other"},
    ],
)
def test_each_part_of_the_identity_changes_it(context: ObservationContext, change: dict[str, object]) -> None:
    record = ObservationRecord(
        NOON, "vulnerable/vulnerable-system", "id", ip="198.18.0.1", port=1, protocol="tcp", malware="m"
    )
    assert observation_uid(record, context) != observation_uid(replace(record, **change), context)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"severity": "high"}, {"details": {"a": 1}}, {"url": "x.example/"}, {"tlp": Tlp.RED}]
)
def test_nothing_else_changes_the_identity(context: ObservationContext, change: dict[str, object]) -> None:
    record = ObservationRecord(NOON, "vulnerable/vulnerable-system", ip="198.18.0.1")
    assert observation_uid(record, context) == observation_uid(replace(record, **change), context)  # type: ignore[arg-type]


def test_another_source_or_feed_is_another_observation(context: ObservationContext) -> None:
    record = replace(SILENT, observed_at=NOON, ip="198.18.0.1")
    uids = {
        observation_uid(record, each) for each in (context, replace(context, source="x"), replace(context, feed="x"))
    }
    assert len(uids) == 3
    assert observation_uid(record, context) == observation_uid(record, replace(context, delivery="another"))


def test_the_identity_does_not_depend_on_the_zone_a_time_is_written_in(context: ObservationContext) -> None:
    karachi = NOON.astimezone(timezone(timedelta(hours=5)))
    assert observation_uid(replace(SILENT, observed_at=karachi), context) == observation_uid(
        replace(SILENT, observed_at=NOON), context
    )
    assert one(replace(SILENT, observed_at=karachi), context)["observed_at"] == NOON


def test_a_row_without_a_time_takes_the_deliverys_and_says_so(context: ObservationContext) -> None:
    row = one(SILENT, context)
    assert (row["observed_at"], row["time_is_assumed"]) == (NOON, True)


def test_markings_and_confidence_come_from_the_source_where_the_record_is_silent(context: ObservationContext) -> None:
    source = replace(context, tlp=Tlp.GREEN, pap=Pap.CLEAR, confidence=70)
    silent, loud = one(SILENT, source), one(replace(SILENT, tlp=Tlp.AMBER_STRICT, pap=Pap.RED), source)
    assert (silent["tlp"], silent["pap"], silent["confidence"]) == ("green", "clear", 70)
    assert (loud["tlp"], loud["pap"]) == ("amber+strict", "red")


def test_batches_keep_order_and_size(context: ObservationContext, rows: Sequence[PlacedObservation]) -> None:
    made = list(batches(iter(rows), context, size=64))
    assert [batch.num_rows for batch in made] == [64, 64, 64, 8]
    assert [line for batch in made for line in batch["line"].to_pylist()] == [line for _, line, _ in rows]
    assert list(batches([], context)) == []


@given(st.ip_addresses())
def test_address_keys_are_the_addresses(address: object) -> None:
    parsed = ip_address(str(address))
    mapped = parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed
    assert ip_key(str(address)) == mapped


@given(st.lists(st.ip_addresses(v=4), min_size=2, max_size=2))
def test_address_keys_sort_like_addresses(pair: list[object]) -> None:
    low, high = sorted(pair)  # type: ignore[type-var]
    assert (ip_key(str(low)) or b"") <= (ip_key(str(high)) or b"")


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.٤", "a.b.c.d", "1.2.3.4 ", "1..2.3", "::g"]
)
def test_what_is_no_address_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not an IP address"):
        ip_key(text)
