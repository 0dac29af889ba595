"""CISA's catalogue of known exploited vulnerabilities."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.reading import Reading
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row


def _rows(document: Any) -> list[Row]:
    return list(find_feed("cisa/kev").parse(Member.of("kev.json", json.dumps(document).encode()), Options()))


def test_a_vulnerability_is_no_pattern_for_logs_and_keeps_its_order_as_detail() -> None:
    (row,) = _rows(
        {
            "vulnerabilities": [
                {"cveID": " cve-2026-12345 ", "dueDate": "2026-11-12", "knownRansomwareCampaignUse": "Known"}
            ]
        }
    )
    (found,) = row.records
    assert isinstance(found, IndicatorRecord)
    assert (found.type, found.value, found.is_matchable) == (ObservableType.VULNERABILITY, "CVE-2026-12345", False)
    assert found.valid_until is None
    assert found.details == {"is_used_by_ransomware": True, "dueDate": "2026-11-12"}


@pytest.mark.parametrize("entry", [7, {}, {"cveID": "CVE-26-1"}, {"cveID": "CVE-2026-12345", "dateAdded": "soon"}])
def test_an_entry_without_a_usable_number_or_day_is_refused(entry: Any) -> None:
    (row,) = _rows({"vulnerabilities": [entry]})
    assert row.problem
    assert row.raw


def test_another_document_is_unreadable_and_an_empty_catalogue_is_not() -> None:
    assert _rows({"vulnerabilities": []}) == []
    with pytest.raises(Unreadable, match="is not the KEV catalogue"):
        _rows({"$schema": "x"})


@pytest.mark.real
def test_the_real_catalogue_is_read_whole(real_data: Path) -> None:
    (path,) = sorted((real_data / "vuln").glob("kev_2025*.json"))
    reading = Reading(find_feed("cisa/kev"), [path])
    used = sum(
        "ransomware" in record.tags
        for _, row in reading
        for record in row.records
        if isinstance(record, IndicatorRecord)
    )
    document = json.loads(path.read_text())
    assert reading.accounts.received == reading.accounts.kept == document["count"]
    assert used == sum(one["knownRansomwareCampaignUse"] == "Known" for one in document["vulnerabilities"])
