"""abuse.ch exports: older and newer layouts, JSON forms, cells that say nothing."""

import json
from typing import Any

import pytest

from tocsin.formats.feed import Options, find_feed
from tocsin.text.streams import Member
from tocsin.vocab.records import IndicatorRecord, Row


def _rows(feed: str, text: str) -> list[Row]:
    return list(find_feed(f"abusech/{feed}").parse(Member.of("export", text.encode()), Options()))


def _records(feed: str, text: str) -> list[IndicatorRecord]:
    rows = _rows(feed, text)
    assert [row.problem for row in rows if row.problem] == []
    return [record for row in rows for record in row.records if isinstance(record, IndicatorRecord)]


def _json(feed: str, document: Any) -> list[IndicatorRecord]:
    return _records(feed, json.dumps(document))


def test_urlhaus_with_eight_columns_is_read_as_with_nine() -> None:
    old = (
        '"7","2021-01-01 00:00:00","http://bad.example/a","online","malware_download","exe","https://l.example/7/","me"'
    )
    new = '"7","2021-01-01 00:00:00","http://bad.example/a","online","","malware_download","exe","https://l.example/7/","me"'
    assert _records("urlhaus", old) == _records("urlhaus", new)


def test_urlhaus_json_by_number_gives_the_same_as_csv() -> None:
    entry = {
        "dateadded": "2021-01-01 00:00:00",
        "url": "http://bad.example/a",
        "url_status": "online",
        "last_online": None,
        "threat": "malware_download",
        "tags": ["exe"],
        "urlhaus_link": "https://l.example/7/",
        "reporter": "me",
    }
    csv = '"7","2021-01-01 00:00:00","http://bad.example/a","online","","malware_download","exe","https://l.example/7/","me"'
    assert _json("urlhaus", {"7": [entry]}) == _records("urlhaus", csv)


def test_feodo_json_gives_what_csv_gives_and_more() -> None:
    (found,) = _json(
        "feodo",
        [
            {
                "ip_address": "198.18.1.1",
                "port": 443,
                "status": "online",
                "hostname": None,
                "as_number": 64500,
                "as_name": "EXAMPLE",
                "country": "PK",
                "first_seen": "2026-01-17 07:44:46",
                "last_online": "2026-11-01",
                "malware": "Dridex",
            }
        ],
    )
    (plain,) = _records("feodo", '"2026-01-17 07:44:46","198.18.1.1","443","online","2026-11-01","Dridex"')
    assert (found.value, found.malware, found.valid_from) == (plain.value, plain.malware, plain.valid_from)
    assert found.details is not None
    assert found.details["as_number"] == "64500"


def test_columns_are_found_by_the_name_in_the_header() -> None:
    text = "# Firstseen,DstPort,DstIP,Colour\n2026-01-01 00:00:00,443,198.18.1.1,red\n"
    (found,) = _records("sslbl", text)
    assert found.value == "198.18.1.1:443"
    assert found.details == {"colour": "red"}


def test_threatfox_without_the_newest_column_and_as_answer_of_the_api() -> None:
    old = (
        '"2024-07-16 06:45:19", "1301611", "198.18.1.1:7777", "ip:port", '
        '"botnet_cc", "win.x", "None", "X", "", "75", "None", "x", "0", "abuse_ch"'
    )
    (found,) = _records("threatfox", old)
    (answer,) = _json(
        "threatfox",
        {
            "query_status": "ok",
            "data": [
                {
                    "id": "1301611",
                    "ioc": "198.18.1.1:7777",
                    "ioc_type": "ip:port",
                    "threat_type": "botnet_cc",
                    "malware": "win.x",
                    "malware_alias": None,
                    "malware_printable": "X",
                    "first_seen": "2024-07-16 06:45:19 UTC",
                    "last_seen": None,
                    "confidence_level": 75,
                    "reference": None,
                    "tags": ["x"],
                    "reporter": "abuse_ch",
                }
            ],
        },
    )
    for one in (found, answer):
        assert (one.value, one.malware, one.confidence, one.external_id) == ("198.18.1.1:7777", "X", 75, "1301611")
        assert (one.tags, one.references) == (("x",), ())
        assert one.valid_from is not None
        assert one.valid_from.isoformat() == "2024-07-16T06:45:19+00:00"


def test_ja3_fingerprints_are_kept_and_not_looked_for() -> None:
    (found,) = _records(
        "sslbl",
        "# ja3_md5,Firstseen,Lastseen,Listingreason\n" + "a" * 32 + ",2026-01-01 00:00:00,2026-02-01 00:00:00,Emotet\n",
    )
    assert not found.is_matchable
    assert (found.value, found.malware) == ("ja3:" + "a" * 32, "Emotet")


@pytest.mark.parametrize(
    "text", ["", "# only\n# comments\n", '"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\n']
)
def test_comments_and_headers_are_no_rows(text: str) -> None:
    assert _rows("feodo", text) == []


@pytest.mark.parametrize(
    ("feed", "text", "reason"),
    [
        ("urlhaus", "a,b", "has 2 cells instead of 9"),
        ("feodo", '"2026-01-01","not an address","443","online","","X"', "not an IPv4 address"),
        ("threatfox", '[{"ioc_type":"domain"}]', "the row has no ioc_value"),
        ("malwarebazaar", '{"data":[{"signature":"X"}]}', "the row names no hash"),
        ("sslbl", '"2026-01-01', "not CSV"),
        ("feodo", "[7]", "not a JSON object"),
    ],
)
def test_a_wrong_row_is_shown_with_its_reason(feed: str, text: str, reason: str) -> None:
    (row,) = _rows(feed, text)
    assert row.problem is not None
    assert reason in row.problem
    assert row.raw
