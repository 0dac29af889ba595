"""Samples of Shadowserver reports and of CSV with a column map, against their golden output."""

from pathlib import Path

import pytest
from tests.formats.golden import check_sample

from tocsin.formats.commands import read_column_map
from tocsin.formats.feed import Options

REPORTS = (
    "blocklist",
    "compromised_account",
    "event_honeypot_ddos_target",
    "event_sinkhole_http",
    "scan_ntp",
    "scan_ssl",
)


@pytest.mark.parametrize("report", REPORTS)
def test_the_report_is_read_as_its_golden_output_says(report: str, samples: Path, is_blessing: bool) -> None:
    check_sample(f"shadowserver/{report}", samples, is_blessing=is_blessing)


@pytest.mark.parametrize("feed", ["csv/observations", "csv/indicators"])
def test_the_csv_is_read_by_its_column_map(feed: str, samples: Path, is_blessing: bool) -> None:
    columns = read_column_map(samples / "feeds" / feed / "columns.yaml")
    check_sample(feed, samples, is_blessing=is_blessing, options=Options(columns=columns, defanged=True))
