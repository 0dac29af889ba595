import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats import harmonised
from tocsin.formats.exporters import intelmq
from tocsin.formats.feed import Options, feeds, find_feed
from tocsin.formats.feeds.shadowserver.report_types import report_types, type_in_file_name
from tocsin.text.streams import Member, members
from tocsin.vocab.classification import is_classification
from tocsin.vocab.errors import UnknownName, Unreadable
from tocsin.vocab.records import ObservationRecord, Row

HEADER = '"timestamp","ip","protocol","port","hostname","tag","asn","geo","severity","response_size"\n'
ROW = '"2026-03-24 06:37:00","198.18.0.7","tcp","21","Host7.Example","ftp","64500","pk","High","120"\n'


def rows(report: str, text: str | bytes, name: str = "2026-03-24-x-y.csv") -> list[Row]:
    content = text if isinstance(text, bytes) else text.encode()
    return list(find_feed(f"shadowserver/{report}").parse(Member.of(name, content), Options()))


def only(report: str, text: str) -> ObservationRecord:
    [row] = rows(report, text)
    assert row.problem is None
    [record] = row.records
    assert isinstance(record, ObservationRecord)
    return record


def details_of(row: Row) -> Mapping[str, Any]:
    [record] = row.records
    assert isinstance(record, ObservationRecord)
    return record.details or {}


def test_a_row_becomes_one_observation_in_harmonised_fields() -> None:
    record = only("scan_ftp", HEADER + ROW)
    assert record == ObservationRecord(
        observed_at=datetime(2026, 3, 24, 6, 37, tzinfo=UTC),
        classification="vulnerable/vulnerable-system",
        identifier="accessible-ftp",
        ip="198.18.0.7",
        port=21,
        protocol="tcp",
        severity="high",
        details={
            "extra.tag": "ftp",
            "source.reverse_dns": "host7.example",
            "source.asn": 64500,
            "source.geolocation.cc": "PK",
            "extra.response_size": 120,
            "protocol.application": "ftp",
        },
    )


def test_there_are_170_report_types_and_each_has_a_classification_of_rsit() -> None:
    named = {name for name in report_types() if name != "unlisted"}
    assert len(named) == 170
    assert all(is_classification(report.classification) for report in report_types().values())
    assert {f"shadowserver/{name}" for name in named} <= set(feeds())


def test_every_field_of_the_table_is_one_that_intelmq_has() -> None:
    for report in report_types().values():
        for fields in report.columns.values():
            unknown = [f for f in fields if f not in harmonised.FIELDS and not f.startswith("extra.")]
            assert not unknown, report.name
        assert set(report.kinds.values()) <= set(harmonised.KINDS)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("event4_sinkhole", "event_sinkhole"),
        ("event6_sinkhole_dns", "event_sinkhole_dns"),
        ("event6_sinkhole", "event6_sinkhole"),
        ("event6_microsoft_sinkhole", "event4_microsoft_sinkhole"),
        ("scan6_adb", "scan_adb"),
        ("Scan_FTP", "scan_ftp"),
    ],
)
def test_a_report_type_is_found_under_its_other_names(asked: str, found: str) -> None:
    assert find_feed(f"shadowserver/{asked}").name == f"shadowserver/{found}"


def test_an_unknown_report_type_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownName, match="scan_ftp"):
        find_feed("shadowserver/scan_ftpp")


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("2024-01-04-scan_http-company-ip.csv", "scan_http"),
        ("2019-01-01-event4_sinkhole.csv", "event_sinkhole"),
        ("march/2020-04-03-scan_ics-sample-asn-delayed.csv", "scan_ics"),
        ("2024-01-04-scan_ntp-company.json", "scan_ntp"),
        ("2031-01-04-scan_newthing-company.csv", "unlisted"),
        ("scan_http.csv", None),
        ("2024-01-04-scan_http-company-ip.csv.part", None),
    ],
)
def test_the_report_type_is_read_from_the_files_name(name: str, report: str | None) -> None:
    assert type_in_file_name(name) == report


def test_the_provider_alone_reads_each_file_by_its_name() -> None:
    member = Member.of("2026-03-24-scan_ftp-nation.csv", (HEADER + ROW).encode())
    [row] = find_feed("shadowserver").parse(member, Options())
    assert isinstance(row.records[0], ObservationRecord)
    assert row.records[0].identifier == "accessible-ftp"


def test_unknown_columns_are_kept_as_text() -> None:
    header, row = HEADER.replace("\n", ',"brand new","tag"\n'), ROW.replace("\n", ',"0 of 7","second"\n')
    details = only("scan_ftp", header + row).details or {}
    assert details["extra.brand_new"] == "0 of 7"
    assert (details["extra.tag"], details["extra.tag_2"]) == ("ftp", "second")


def test_a_row_without_a_usable_time_is_kept_and_its_text_too() -> None:
    record = only("scan_ftp", HEADER + ROW.replace("2026-03-24 06:37:00", "yesterday"))
    assert record.observed_at is None
    assert (record.details or {})["extra.timestamp"] == "yesterday"


def test_a_value_that_its_field_cannot_hold_stays_as_text() -> None:
    record = only(
        "scan_ftp", HEADER + ROW.replace('"21"', '"99999"').replace('"120"', '"many"').replace('"pk"', '"Pakistan"')
    )
    assert record.port is None
    assert (record.details or {}).items() >= {
        "extra.port": "99999",
        "extra.response_size": "many",
        "extra.geo": "Pakistan",
    }.items()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            ROW.replace("198.18.0.7", "198.18.0.700").replace("Host7.Example", ""),
            "'198.18.0.700' in the column 'ip' is not an address",
        ),
        (ROW.replace("198.18.0.7", "").replace("Host7.Example", ""), "names neither an address nor a host"),
        ('"2026-03-24 06:37:00","198.18.0.7","tcp"\n', "has 3 cells where the header has 10"),
        (ROW.replace("\n", ',"more"\n'), "has 11 cells where the header has 10"),
        (ROW.replace('"120"', '"120'), "a quoted cell is opened here and never closed"),
    ],
)
def test_a_bad_row_is_shown_with_its_line_and_reason_and_costs_no_other_row(row: str, problem: str) -> None:
    first, bad, last = rows("scan_ftp", HEADER + ROW + row + ROW)
    assert (bad.line, bad.problem, bad.records) == (3, problem, ())
    assert bad.raw == row.strip()
    assert [first.line, last.line] == [2, 4]
    assert first.records == last.records


def test_the_last_cells_of_a_row_may_be_missing_or_empty_ones_too_many() -> None:
    short, long = rows("scan_ftp", HEADER + ROW.replace(',"120"', "") + ROW.replace("\n", ",,\n"))
    assert "extra.response_size" not in details_of(short)
    assert details_of(long)["extra.response_size"] == 120


def test_a_row_may_run_over_several_lines() -> None:
    row, after = rows("scan_ftp", HEADER + ROW.replace('"ftp"', '"a\nb ""quoted""\n\nc"') + ROW)
    assert details_of(row)["extra.tag"] == 'a\nb "quoted"\n\nc'
    assert (row.line, after.line) == (2, 6)


def test_an_address_that_fails_leaves_the_host_to_stand_for_the_row() -> None:
    record = only("scan_ftp", HEADER + ROW.replace("198.18.0.7", "n/k"))
    assert (record.ip, record.host) == (None, "host7.example")
    assert (record.details or {})["extra.ip"] == "n/k"


@pytest.mark.parametrize(
    ("header", "missing"),
    [("ip,port", "'timestamp'"), ("timestamp,port,tag", "whom a row is about"), ("hello", "'timestamp'")],
)
def test_a_file_that_is_no_such_report_is_refused_whole(header: str, missing: str) -> None:
    with pytest.raises(Unreadable, match=missing):
        rows("scan_ftp", header + "\nx,y,z\n")


def test_an_empty_report_has_no_rows() -> None:
    assert rows("scan_ftp", "") == []
    assert rows("scan_ftp", HEADER) == []
    assert rows("scan_ftp", "\n\n") == []


def test_bytes_that_are_not_utf8_stay_readable() -> None:
    [row] = rows("scan_ftp", b"\xef\xbb\xbf" + HEADER.encode() + ROW.encode().replace(b'"ftp"', b'"caf\xe9"'))
    assert details_of(row)["extra.tag"] == "caf\\xe9"


def test_a_block_listed_network_is_a_network() -> None:
    text = "timestamp,ip,source,reason\n2026-03-24 00:00:00,198.18.4.0/24,Honest List,spam\n"
    record = only("blocklist", text)
    assert (record.ip, record.network, record.classification) == (None, "198.18.4.0/24", "other/other")
    assert intelmq.intelmq_fields(record)["classification.type"] == "blacklist"


def test_the_victim_of_an_attack_is_whom_the_row_is_about_and_intelmq_still_reads_the_attacker_as_its_source() -> None:
    text = "timestamp,src_ip,src_port,dst_ip,dst_port\n2026-03-24 00:00:00,240.0.0.9,4000,198.18.0.1,80\n"
    record = only("event4_honeypot_ddos_target", text)
    assert (record.ip, record.port) == ("198.18.0.1", 80)
    fields = intelmq.intelmq_fields(record)
    assert (fields["source.ip"], fields["source.port"]) == ("240.0.0.9", 4000)
    assert (fields["destination.ip"], fields["destination.port"]) == ("198.18.0.1", 80)


def test_a_negative_number_keeps_its_sign() -> None:
    text = "timestamp,ip,precision,offset\n2026-03-24 00:00:00,198.18.0.1,-10,-0.5\n"
    details = only("scan_ntp", text).details or {}
    assert (details["extra.precision"], details["extra.offset"]) == (-10, -0.5)


def test_a_victim_of_ransomware_is_found_by_its_website_and_a_leaked_account_by_its_domain() -> None:
    victim = only(
        "ransomware_victim", "timestamp,entity_name,website\n2026-03-24 00:00:00,Mill,https://www.mill.example/home\n"
    )
    account = only("compromised_account", "timestamp,email,username\n2026-03-24 00:00:00,a@bank.example,a\n")
    assert (victim.host, account.host) == ("www.mill.example", "bank.example")
    nameless = rows("ransomware_victim", "timestamp,entity_name,website\n2026-03-24 00:00:00,Mill,\n")
    assert nameless[0].problem is None


@pytest.mark.parametrize(
    ("tag", "classification", "identifier", "intelmq_type"),
    [
        ("exchange;webshell", "intrusions/system-compromise", "exchange-server-webshell", "system-compromise"),
        ("exchange;cve-2021-26855", "vulnerable/vulnerable-system", "vulnerable-exchange-server", "infected-system"),
    ],
)
def test_exchange_servers_are_classified_by_their_tag(
    tag: str, classification: str, identifier: str, intelmq_type: str
) -> None:
    record = only("scan_exchange", HEADER + ROW.replace('"ftp"', f'"{tag}"'))
    assert (record.classification, record.identifier) == (classification, identifier)
    assert intelmq.intelmq_fields(record)["classification.type"] == intelmq_type


def test_vulnerabilities_are_read_from_the_tag() -> None:
    details = only(
        "scan_http_vulnerable", HEADER + ROW.replace('"ftp"', '"cve-2024-12345;x;CVE-2023-1111;CVE-2024-12345"')
    ).details
    assert (details or {})["product.vulnerabilities"] == "CVE-2024-12345;CVE-2023-1111"


def test_a_path_becomes_a_url_with_the_rows_host() -> None:
    text = "timestamp,ip,application,http_host,url\n2026-03-24 00:00:00,198.18.0.1,https,shop.example,/header.php\n"
    record = only("compromised_website", text)
    assert (record.host, record.url) == ("shop.example", "https://shop.example/header.php")


def test_the_apis_json_gives_the_same_record_as_the_csv() -> None:
    row = {
        "timestamp": "2026-03-24 06:37:00Z",
        "ip": "198.18.0.7",
        "protocol": "tcp",
        "port": 21,
        "hostname": "Host7.Example",
        "tag": "ftp",
        "asn": 64500,
        "geo": "pk",
        "severity": "High",
        "response_size": 120,
        "banner": None,
    }
    expected = [Row(1, (only("scan_ftp", HEADER + ROW),))]
    assert rows("scan_ftp", json.dumps([row], indent=1)) == expected
    assert rows("scan_ftp", json.dumps(row) + "\n") == expected


def test_a_wrong_row_of_json_costs_no_other_row() -> None:
    good = '{"timestamp": "2026-03-24 06:37:00", "ip": "198.18.0.7"}'
    found = rows("scan_ftp", f'[{good}, {{"ip": 7}}, {{"timestamp": ""}}, {good}]')
    assert [row.problem is None for row in found] == [True, False, False, True]
    assert [row.line for row in found] == [1, 2, 3, 4]


@given(
    st.lists(st.lists(st.text(max_size=12), min_size=6, max_size=6), max_size=5),
    st.sampled_from(sorted(report_types())),
)
def test_no_cell_whatsoever_breaks_a_parser_or_the_exporter(cells: list[list[str]], report: str) -> None:
    names = ["timestamp", "ip", "src_ip", "http_date", "email", "http_url"]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in cells])
    found = rows(report, text)
    assert len(found) == len(cells)
    for row in found:
        assert bool(row.problem) != bool(row.records)
        for line in intelmq.write(row.records):
            json.loads(line)


@given(st.binary(max_size=300))
def test_no_bytes_whatsoever_lose_a_line(content: bytes) -> None:
    found = rows("scan_ftp", HEADER.encode() + content)
    assert [row.line for row in found] == sorted({row.line for row in found})
    assert all(bool(row.problem) != bool(row.records) for row in found)


@pytest.mark.real
@pytest.mark.parametrize("report", ["device_id", "scan_http", "scan_ntp", "scan_ssh", "scan_ssl_freak", "scan_vnc"])
def test_the_json_of_shadowservers_api_is_read(report: str, real_data: Path) -> None:
    file = real_data / "feeds" / "shadowserver-api" / f"report_type_{report}.json"
    found = [row for member in members(file) for row in find_feed(f"shadowserver/{report}").parse(member, Options())]
    assert len(found) == len(json.loads(file.read_text()))
    for row in found:
        assert row.problem is None
        assert isinstance(row.records[0], ObservationRecord)
        assert row.records[0].observed_at is not None
