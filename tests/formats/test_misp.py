"""MISP events: kinds of attributes, surroundings, feed folders, real events."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.reading import Reading
from tocsin.formats.tags import read_tags
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

FEED = "misp/event"


def _rows(document: Any, name: str = "event.json") -> list[Row]:
    return list(find_feed(FEED).parse(Member.of(name, json.dumps(document).encode()), Options()))


def _records(attribute: dict[str, Any], **event: Any) -> list[IndicatorRecord]:
    (row,) = _rows({"Event": {"info": "sample", "Attribute": [attribute], **event}})
    assert row.problem is None, row.problem
    return [one for one in row.records if isinstance(one, IndicatorRecord)]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("domain", "Bad.Example", [("domain-name", "bad.example")]),
        ("ip-dst", "198.18.0.0/24", [("ipv4-addr", "198.18.0.0/24")]),
        ("ip-src|port", "2001:db8::1|443", [("ip-port", "[2001:db8::1]:443")]),
        ("hostname|port", "bad.example|8443", [("url", "bad.example:8443")]),
        ("domain|ip", "bad.example|198.18.0.1", [("domain-name", "bad.example"), ("ipv4-addr", "198.18.0.1")]),
        ("filename|sha256", "a|b.exe|" + "A" * 64, [("file", "a" * 64)]),
        ("malware-sample", "a.exe|" + "1" * 32, [("file", "1" * 32)]),
        ("filename|ssdeep", "a.exe|3:x:y", [("other", "filename|ssdeep:a.exe|3:x:y")]),
        ("regkey|value", "HKLM\\x|1", [("other", "regkey|value:HKLM\\x|1")]),
        ("url", "http://bad.example/a/", [("url", "bad.example/a")]),
        ("uri", "/gate.php?id=1", [("url-path", "/gate.php?id=1")]),
        ("email-src", "A@bad.example", [("email-addr", "a@bad.example")]),
        ("x509-fingerprint-sha1", "b" * 40, [("x509-certificate", "b" * 40)]),
        ("imphash", "c" * 32, [("other", "imphash:" + "c" * 32)]),
        ("vulnerability", "CVE-2026-0001", [("vulnerability", "CVE-2026-0001")]),
        ("yara", "rule x { condition: true }", [("pattern", "rule x { condition: true }")]),
    ],
)
def test_an_attribute_is_read_by_its_type(kind: str, value: str, expected: list[tuple[str, str]]) -> None:
    assert [(str(one.type), one.value) for one in _records({"type": kind, "value": value})] == expected


def test_the_filename_beside_a_hash_is_kept() -> None:
    (found,) = _records({"type": "filename|md5", "value": "a.exe|" + "1" * 32})
    assert found.details is not None
    assert found.details["value"].startswith("a.exe|")


def test_without_to_ids_an_attribute_is_kept_and_says_so() -> None:
    (found,) = _records({"type": "domain", "value": "seen.example", "to_ids": "0"})
    assert found.details is not None
    assert found.details["to_ids"] is False
    (found,) = _records({"type": "domain", "value": "seen.example", "to_ids": True})
    assert found.details is not None
    assert found.details["to_ids"] is True


def test_a_deleted_attribute_is_revoked_and_so_are_those_of_a_deleted_object() -> None:
    attribute = {"type": "domain", "value": "gone.example"}
    assert _records(attribute | {"deleted": True})[0].is_revoked
    (row,) = _rows({"Event": {"Object": [{"name": "x", "deleted": "1", "Attribute": [attribute]}]}})
    (record,) = row.records
    assert isinstance(record, IndicatorRecord)
    assert record.is_revoked


def test_tags_behind_the_attributes_hold_for_them_and_the_strictest_counts() -> None:
    (found,) = _records(
        {"type": "domain", "value": "bad.example", "Tag": [{"name": "tlp:green"}]},
        Tag=[{"name": "tlp:amber+strict"}, {"name": "PAP:AMBER"}, {"name": 'rsit:fraud="phishing"'}],
    )
    assert (found.tlp, found.pap, found.classification) == (Tlp.AMBER_STRICT, Pap.AMBER, "fraud/phishing")


def test_several_families_give_none_and_malpedias_name_comes_first() -> None:
    assert read_tags(['misp-galaxy:rat="A"', 'misp-galaxy:banker="B"']).malware is None
    assert read_tags(['misp-galaxy:ransomware="A-B"', 'misp-galaxy:malpedia="AB"']).malware == "AB"
    assert read_tags(['misp-galaxy:mitre-malware="JHUHUGIT - S0044"']).malware == "JHUHUGIT"


def test_an_unknown_label_is_never_guessed() -> None:
    assert read_tags(["tlp:unclear", "tlp:ex:chr", "pap:blue"]).tlp is None


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"timestamp": "1790000000"}, "2026-09-21T14:13:20+00:00"),
        ({"timestamp": 1790000000, "first_seen": "2026-09-01T10:00:00.000000+05:00"}, "2026-09-01T05:00:00+00:00"),
        ({"timestamp": "0"}, None),
        ({"timestamp": "yesterday"}, None),
    ],
)
def test_times_are_read_with_their_zone(times: dict[str, Any], expected: str | None) -> None:
    (found,) = _records({"type": "domain", "value": "bad.example", **times})
    assert (found.valid_from.isoformat() if found.valid_from else None) == expected


@pytest.mark.parametrize("shape", ["wrapped", "bare", "response", "list", "response of one"])
def test_every_wrapping_of_events_is_read(shape: str) -> None:
    bare = {"Attribute": [{"type": "domain", "value": "bad.example"}], "info": "sample"}
    documents: dict[str, Any] = {
        "wrapped": {"Event": bare},
        "bare": bare,
        "response": {"response": [{"Event": bare}]},
        "list": [{"Event": bare}],
        "response of one": {"response": [bare]},
    }
    (row,) = _rows(documents[shape])
    (record,) = row.records
    assert isinstance(record, IndicatorRecord)
    assert (record.type, record.description) == (ObservableType.DOMAIN, "sample")


def test_of_a_feed_folder_only_the_events_are_read(tmp_path: Path) -> None:
    event = {"Event": {"info": "one", "Attribute": [{"type": "domain", "value": "bad.example"}]}}
    (tmp_path / "0f0f.json").write_text(json.dumps(event))
    (tmp_path / "manifest.json").write_text(
        json.dumps({"0f0f": {"info": "one", "Orgc": {"name": "x"}, "timestamp": "1"}})
    )
    (tmp_path / "hashes.csv").write_text("d41d8cd98f00b204e9800998ecf8427e,0f0f\n")
    reading = Reading(find_feed(FEED), [tmp_path])
    assert [name for name, _ in reading] == ["0f0f.json"]
    assert (reading.accounts.received, reading.accounts.kept) == (1, 1)


def test_a_document_without_events_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="is not a MISP event"):
        _rows({"type": "bundle", "objects": []})


@pytest.mark.real
def test_real_events_are_read_with_balanced_books(real_data: Path) -> None:
    received = {}
    for path in sorted((real_data / "misp" / "pymisp-events").glob("*.json")):
        reading = Reading(find_feed(FEED), [path])
        try:
            list(reading)
        except Unreadable:
            continue
        assert reading.accounts.is_balanced
        received[path.name] = reading.accounts.received
        assert received[path.name] == _attributes_in(json.loads(path.read_text()))
    assert received["reportlab_testfiles__long_event.json"] == 370
    assert sum(received.values()) > 650


def _attributes_in(document: Any) -> int:
    """Attributes of the event and of its objects, counted without our parser."""
    if isinstance(document, list):
        return sum(_attributes_in(one) for one in document)
    if "response" in document:
        return _attributes_in(document["response"])
    event = document.get("Event", document)
    return len(event.get("Attribute", [])) + sum(len(one.get("Attribute", [])) for one in event.get("Object", []))
