"""Real reports with the events that IntelMQ's own tests expect of them: what Tocsin says under ``--to intelmq`` is the same."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.formats.intelmq_renames import RENAMES, Rename, as_it_was

from tocsin.formats.exporters import intelmq
from tocsin.formats.feed import Options, find_feed
from tocsin.formats.feeds.shadowserver.report_types import type_in_file_name
from tocsin.formats.reading import Reading
from tocsin.text.streams import members
from tocsin.vocab.classification import classification_of

PAIRS = """
blocklist compromised_website device_id event4_ddos_participant event4_honeypot_ddos event4_honeypot_ddos_target
event4_sinkhole event4_sinkhole_dns event4_sinkhole_http honeypot_brute_force malware_url parameters population_http_proxy
sandbox_dns scan_afp scan_ard scan_coap scan_cwmp scan_dns scan_dvr_dhcpdiscover scan_elasticsearch scan_exchange scan_ftp
scan_hadoop scan_http scan_ics scan_ipp scan_isakmp scan_kubernetes scan_ldap_udp scan_mdns scan_memcached scan_mongodb
scan_mqtt scan_mqtt_anon scan_mssql scan_netbios scan_portmapper scan_qotd scan_rdpeudp scan_redis scan_sip scan_slp scan_smb
scan_smtp_vulnerable scan_snmp scan_socks scan_ssdp scan_ssh scan_ssl_freak scan_telnet scan_vnc scan_xdmcp special
""".split()  # noqa: SIM905

#: The four CSV files of IntelMQ's generic parser, each with the column map that a person would declare for it.
COLUMN_MAPS: dict[str, dict[str, Any]] = {
    "filter_blacklist": {
        "columns": [None, None, None, "source.ip"],
        "delimiter": " ",
        "leave_out": ["127.0.0.1"],
        "classification": "blacklist",
    },
    "parser_csv4": {
        "columns": ["source.ip", "source.url", "source.port", "time.source"],
        "skip_header": True,
        "time": "epoch",
        "classification": "infected-system",
    },
    "parser_csv_data_type": {
        "columns": ["source.ip", "source.url", "extra.tags"],
        "skip_header": True,
        "kinds": {"extra.tags": "json"},
        "classification": "infected-system",
    },
    "parser_csv_invalid_values": {
        "columns": ["time.source", "source.ip", "source.fqdn"],
        "time": "%d/%b/%Y:%H:%M:%S %z",
        "classification": "malware-distribution",
    },
}


def _events(feed: str, file: Path) -> list[dict[str, Any]]:
    reading = Reading(find_feed(feed), [file])
    records = [record for _, row in reading for record in row.records]
    assert reading.accounts.is_balanced
    return [json.loads(line) for line in intelmq.write(records)]


def _csv_events(file: Path, columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Row by row, before duplicates are taken out: two of the files say the same thing twice, and IntelMQ does too."""
    rows = [
        row for member in members(file) for row in find_feed("csv/observations").parse(member, Options(columns=columns))
    ]
    return [json.loads(line) for line in intelmq.write(record for row in rows for record in row.records)]


def _compared(event: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The fields that count, each with its JSON type: 1, 1.0 and true are equal in Python and not in JSON."""
    left_out = ("raw", "time.observation", "__type")
    return {
        field: (json.dumps(value, sort_keys=True), value)
        for field, value in event.items()
        if field not in left_out and not field.startswith("feed.")
    }


def _shadowserver_pair(folder: Path, name: str) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    stem = folder / f"shadowserver__test_{name}"
    described = json.loads(stem.with_name(f"{stem.name}.expected.json").read_text())
    report = type_in_file_name(described["reports"]["EXAMPLE_REPORT"]["extra.file_name"])
    assert report is not None
    ours = _events(f"shadowserver/{report}", stem.with_name(f"{stem.name}.input.csv"))
    return report, ours, described["events"]["EVENTS"]


@pytest.mark.real
@pytest.mark.parametrize("name", PAIRS)
def test_a_shadowserver_report_gives_the_events_that_intelmq_expects(name: str, real_data: Path) -> None:
    report, ours, theirs = _shadowserver_pair(real_data / "feeds" / "shadowserver", name)
    assert theirs
    for event, expected in zip(ours[: len(theirs)], theirs, strict=True):
        assert _compared(as_it_was(event, report)) == _compared(expected)


@pytest.mark.real
def test_no_pair_is_left_out(real_data: Path) -> None:
    files = (real_data / "feeds" / "shadowserver").glob("*.expected.json")
    assert sorted(PAIRS) == sorted(file.name.split("__test_")[1].split(".")[0] for file in files)


@pytest.mark.real
@pytest.mark.parametrize("name", COLUMN_MAPS)
def test_a_csv_file_read_by_its_column_map_gives_the_events_that_intelmq_expects(name: str, real_data: Path) -> None:
    folder = real_data / "feeds" / "other-intelmq"
    expected = json.loads((folder / f"generic__test_{name}.expected.json").read_text())["events"].values()
    events = _csv_events(folder / f"generic__test_{name}.input.raw", COLUMN_MAPS[name])
    for event, theirs in zip(events[: len(expected)], expected, strict=True):
        assert _compared(as_it_was(event, "csv/observations")) == _compared(theirs)
        known = classification_of(theirs["classification.type"]) or "other"
        assert event["classification.taxonomy"] == known.partition("/")[0]


def _all_events(real_data: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    for name in PAIRS:
        report, ours, theirs = _shadowserver_pair(real_data / "feeds" / "shadowserver", name)
        yield from ((report, event) for event in ours[: len(theirs)])
    for name, columns in COLUMN_MAPS.items():
        file = real_data / "feeds" / "other-intelmq" / f"generic__test_{name}.input.raw"
        yield from (("csv/observations", event) for event in _csv_events(file, columns))


@pytest.mark.real
def test_every_rename_is_needed(real_data: Path) -> None:
    used: set[Rename] = set()
    needed = set()
    for report, event in _all_events(real_data):
        as_it_was(event, report, used)
        needed.add(report)
    assert used == set(RENAMES)
    assert {report for rename in RENAMES for report in rename.reports} <= needed
