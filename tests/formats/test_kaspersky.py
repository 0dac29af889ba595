"""Kaspersky data feeds: masks, verdicts, confidence, dirty columns."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.feeds.kaspersky import feed_for_member
from tocsin.formats.kaspersky.verdicts import confidence_of, read_verdict
from tocsin.formats.reading import Reading
from tocsin.text.streams import Member, members
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row


def _rows(feed: str, *records: Any) -> list[Row]:
    return list(find_feed(feed).parse(Member.of("feed.json", json.dumps(records).encode()), Options()))


def _indicators(feed: str, record: Any) -> list[IndicatorRecord]:
    (row,) = _rows(feed, record)
    assert row.problem is None
    return [one for one in row.records if isinstance(one, IndicatorRecord)]


@pytest.mark.parametrize(
    ("mask", "kind", "expected"),
    [
        ("bad.example", 1, (ObservableType.DOMAIN, "bad.example")),
        ("*.bad.example", 1, (ObservableType.DOMAIN, "bad.example")),
        ("bad.example/*", 1, (ObservableType.DOMAIN, "bad.example")),
        ("198.18.0.9", 1, (ObservableType.IPV4, "198.18.0.9")),
        ("bad.example", 2, (ObservableType.URL, "bad.example")),
        ("bad.example/a/b?c=1", 4, (ObservableType.URL, "bad.example/a/b?c=1")),
        ("http://www.bad.example:80/a", 4, (ObservableType.URL, "bad.example/a")),
        ("bad.example/a/*", 20, (ObservableType.URL, "bad.example/a/*")),
        ("bad.example/*", 20, (ObservableType.URL, "bad.example")),
        ("*.bad.example", 19, (ObservableType.URL, "*.bad.example")),
        ("bad.example/a/*", None, (ObservableType.URL, "bad.example/a/*")),
        ("bad.example/a*", 21, (ObservableType.PATTERN, "bad.example/a*")),
        ("b*d.example/a", 3, (ObservableType.PATTERN, "b*d.example/a")),
    ],
)
def test_a_mask_is_read_by_its_type_and_its_text(mask: str, kind: int | None, expected: tuple[str, str]) -> None:
    (found,) = _indicators("kaspersky/malicious-url", {"mask": mask, "type": kind})
    assert (found.type, found.value) == expected


@pytest.mark.parametrize(
    ("verdict", "family", "classification"),
    [
        ("HEUR:Trojan.Script.Miner.gen", "Miner", "malicious-code/malware-distribution"),
        ("UDS:DangerousObject.Multi.Generic", None, "malicious-code/malware-distribution"),
        ("not-a-virus:HEUR:AdWare.AndroidOS.Ewind.h", "Ewind", "other/other"),
        ("Exploit.Win32.CVE-2017-11882.gen", "CVE-2017-11882", "intrusion-attempts/exploit"),
        ("HEUR:Trojan-Banker.AndroidOS.Anubis.t", "Anubis", "malicious-code/malware-distribution"),
    ],
)
def test_a_verdict_gives_family_and_class(verdict: str, family: str | None, classification: str) -> None:
    read = read_verdict(verdict)
    assert read is not None
    assert (read.family, read.classification) == (family, classification)


def test_a_text_of_another_grammar_is_no_verdict() -> None:
    assert read_verdict("suspicious file") is None
    assert read_verdict("") is None


@given(st.none() | st.integers(), st.none() | st.integers())
def test_confidence_is_silent_or_in_its_range(score: int | None, popularity: int | None) -> None:
    confidence = confidence_of(score, popularity)
    assert (confidence is None) == (score is None and popularity is None)
    assert confidence is None or 0 <= confidence <= 100


def test_a_score_counts_before_popularity() -> None:
    assert confidence_of(85, 1) == 85
    assert [confidence_of(None, popularity) for popularity in range(6)] == [70, 75, 80, 85, 90, 95]


def test_surroundings_of_a_record_are_details_and_never_indicators() -> None:
    record = {
        "MD5": "A" * 32,
        "threat": "Trojan.Win32.Upatre.a",
        "IP": "198.18.1.1, 198.18.1.2",
        "urls": [{"url": "met.example/here"}],
        "last_seen": "20.10.2026 11:00",
    }
    (found,) = _indicators("kaspersky/malicious-hash", record)
    assert found.type is ObservableType.FILE
    assert found.details is not None
    assert found.details["IP"] == ["198.18.1.1", "198.18.1.2"]
    assert found.details["last_seen"] == "2026-10-20T11:00:00Z"


def test_swapped_hash_columns_are_told_by_length() -> None:
    found = _indicators("kaspersky/malicious-hash", {"MD5": "1" * 32, "SHA1": "2" * 64, "SHA256": "3" * 40})
    assert sorted(len(one.value) for one in found) == [32, 40, 64]
    assert all(one.details and one.details["swapped_columns"] for one in found)


def test_one_bad_hash_does_not_cost_the_others() -> None:
    (found,) = _indicators("kaspersky/malicious-hash", {"MD5": "1" * 32, "SHA1": "nonsense"})
    assert found.details is not None
    assert "nonsense" in found.details["refused"][0]


def test_a_date_that_is_none_is_kept_as_it_stands() -> None:
    (found,) = _indicators(
        "kaspersky/botnet-cnc-url", {"mask": "bad.example", "type": 1, "first_seen": "31.02.2026 10:00"}
    )
    assert found.valid_from is None
    assert found.details is not None
    assert found.details["first_seen"] == "31.02.2026 10:00"


@pytest.mark.parametrize(
    "record", [None, 7, "text", [], {}, {"mask": ""}, {"mask": {"a": 1}}, {"ip": []}, {"MD5": "x"}]
)
def test_what_names_nothing_is_a_rejected_row_with_its_reason(record: Any) -> None:
    (row,) = _rows("kaspersky/malicious-url", record)
    assert row.records == ()
    assert row.problem
    assert row.raw == json.dumps(record)


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("2015-07-14T182632.Phishing_URL_Data_Feed_140715_1826.json", "phishing-url"),
        ("Botnet_CnC_URL_Exact_Data_Feed.json", "botnet-cnc-url"),
        ("Mobile_Botnet_CnC_URL_Data_Feed.json", "mobile-botnet-url"),
        ("Mobile_Malicious_Hash_Data_Feed.json", "mobile-malicious-hash"),
        ("Malicious_Hash_Data_Feed.json", "malicious-hash"),
        ("Demo_IP_Reputation_Data_Feed.json", "ip-reputation"),
        ("APT_URL_Data_Feed.json", "apt-url"),
        ("readme.txt", None),
    ],
)
def test_a_file_name_tells_the_feed(name: str, feed: str | None) -> None:
    assert feed_for_member(name) == feed


def test_an_archive_of_several_feeds_is_read_member_by_member(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feeds.zip", "w") as archive:
        archive.writestr("IP_Reputation_Data_Feed.json", '[{"ip": "198.18.0.1", "threat_score": 50}]')
        archive.writestr("Phishing_URL_Data_Feed.json", '[{"mask": "bad.example", "type": 1}]')
    reading = Reading(find_feed("kaspersky"), [tmp_path / "feeds.zip"])
    assert [record.value for _, row in reading for record in row.records if isinstance(record, IndicatorRecord)] == [
        "198.18.0.1",
        "bad.example",
    ]


def test_the_exact_variants_go_by_the_same_parser() -> None:
    assert find_feed("kaspersky/malicious-url-exact").name == "kaspersky/malicious-url"


@given(
    st.dictionaries(
        st.sampled_from(["mask", "type", "ip", "MD5", "threat", "urls", "whois", "Details", "first_seen"]),
        st.one_of(
            st.text(), st.integers(), st.lists(st.dictionaries(st.text(), st.text(), max_size=2), max_size=2), st.none()
        ),
    )
)
def test_no_record_whatever_its_fields_hold_is_lost_or_fatal(record: dict[str, Any]) -> None:
    (row,) = _rows("kaspersky/malicious-url", record)
    assert bool(row.records) != bool(row.problem)


@pytest.mark.real
def test_the_published_phishing_record_is_a_prefix_mask(real_data: Path) -> None:
    (row,) = (
        row
        for member in members(real_data / "feeds" / "kaspersky" / "phishing_url_data_feed_record.json")
        for row in find_feed("kaspersky/phishing-url").parse(member, Options())
    )
    (found,) = row.records
    assert isinstance(found, IndicatorRecord)
    assert (found.type, found.value) == (ObservableType.URL, "abid-sh84.github.io/netflixclone/*")
    assert found.external_id == "107722881"
