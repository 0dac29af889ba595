"""MISP warning lists: entries by type, real lists."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.misp.warning_lists import KINDS, read_entry
from tocsin.formats.reading import Reading
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.records import ListRecord, Row

FEED = "misp/warning-lists"


def _rows(document: Any) -> list[Row]:
    return list(find_feed(FEED).parse(Member.of("list.json", json.dumps(document).encode()), Options()))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("cidr", "198.18.0.1", "198.18.0.1"),
        ("cidr", "2001:DB8::/32", "2001:db8::/32"),
        ("hostname", ".Good.Example.", "good.example"),
        ("hostname", "com", "com"),
        ("string", " As It Is ", "As It Is"),
        ("substring", "good", "good"),
        ("regex", "/^a+$/i", "/^a+$/i"),
    ],
)
def test_an_entry_is_read_by_its_lists_type(kind: str, value: str, expected: str) -> None:
    assert read_entry(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value"), [("cidr", "198.18.0.0/40"), ("hostname", "a b"), ("regex", "/(/"), ("string", ""), ("string", 7)]
)
def test_an_entry_that_its_type_does_not_allow_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_entry(kind, value)


def test_a_head_behind_the_values_counts() -> None:
    (row,) = _rows({"list": ["good.example"], "version": 3, "type": "hostname", "name": "Good"})
    assert row.records == (ListRecord("Good", "hostname", "good.example", "3"),)


@pytest.mark.parametrize(
    "document", [{"list": ["x"]}, {"name": "x", "type": "guess", "list": []}, {"name": "x", "type": "cidr"}, []]
)
def test_a_list_without_name_type_or_values_is_unreadable(document: Any) -> None:
    with pytest.raises(Unreadable, match="is not a MISP warning list"):
        _rows(document)


@pytest.mark.real
def test_every_real_list_is_read_and_nearly_every_value(real_data: Path) -> None:
    rejected = kinds = 0
    seen = set()
    for path in sorted((real_data / "warninglists").glob("*.json")):
        reading = Reading(find_feed(FEED), [path])
        for _, row in reading:
            seen |= {record.kind for record in row.records if isinstance(record, ListRecord)}
        assert reading.accounts.is_balanced
        assert reading.accounts.received == len(json.loads(path.read_text())["list"])
        rejected += reading.accounts.rejected
        kinds += 1
    assert kinds >= 43
    assert seen == KINDS
    # Two entries of public-dns-hostname are no host names.
    assert rejected == 2
