"""JSON lines: our words, UTC times, nothing that is absent."""

from datetime import UTC, datetime, timedelta, timezone

import orjson

from tocsin.formats.exporters.jsonl import EXPORTER, write
from tocsin.vocab.markings import Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, ListRecord, ObservationRecord


def test_absent_fields_are_left_out_and_zero_is_not_absent() -> None:
    record = IndicatorRecord(ObservableType.URL, "evil.example/x", confidence=0)
    assert b"".join(write([record])) == b'{"record":"indicator","type":"url","value":"evil.example/x","confidence":0}\n'


def test_times_are_utc_with_z() -> None:
    karachi = timezone(timedelta(hours=5))
    record = ObservationRecord(
        datetime(2026, 11, 23, 17, 0, 0, 5, tzinfo=karachi),
        "vulnerable/ddos-amplifier",
        ip="198.18.0.1",
        port=53,
        tlp=Tlp.AMBER_STRICT,
        details={"extra.first_seen": datetime(2026, 1, 1, tzinfo=UTC), "extra.port": 0},
    )
    assert orjson.loads(b"".join(write([record]))) == {
        "record": "observation",
        "observed_at": "2026-11-23T12:00:00.000005Z",
        "classification": "vulnerable/ddos-amplifier",
        "ip": "198.18.0.1",
        "port": 53,
        "tlp": "amber+strict",
        "details": {"extra.first_seen": "2026-01-01T00:00:00Z", "extra.port": 0},
    }


def test_entries_of_warning_lists_have_their_own_kind() -> None:
    line = b"".join(write([ListRecord("popular", "hostname", "a.example", matching_attributes=("domain",))]))
    assert orjson.loads(line)["record"] == "warning-list-entry"


def test_the_output_comes_in_pieces_so_that_memory_stays_flat() -> None:
    pieces = list(EXPORTER.write(ListRecord("popular", "hostname", f"{number}.example") for number in range(5000)))
    assert len(pieces) > 3
    assert b"".join(pieces).count(b"\n") == 5000


def test_lone_surrogates_become_the_replacement_of_utf_8() -> None:
    record = IndicatorRecord(ObservableType.OTHER, "a\udcffb", details={"k\udcff": ["\udcff"]})
    assert orjson.loads(b"".join(write([record])))["value"] == "a?b"
