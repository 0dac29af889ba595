"""Downloads: CSV that spreadsheets read as text, through the one door that writes the audit log."""

import csv
from io import StringIO
from typing import Any

import pytest
from tests.cast import browser_of

from tocsin.constituency import queries
from tocsin.constituency.access import OPERATOR
from tocsin.web.downloads import as_csv


def _text(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_cells_that_spreadsheets_would_run_become_text() -> None:
    text = _text(as_csv("x.csv", ("a", "b"), [('=HYPERLINK("x")', "@b"), (None, 'say "no"'), ("-1", "پاکستان")]))
    assert list(csv.reader(StringIO(text))) == [
        ["a", "b"],
        ['\'=HYPERLINK("x")', "'@b"],
        ["", 'say "no"'],
        ["'-1", "پاکستان"],
    ]


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("name", ["findings", "hits", "indicators"])
def test_a_download_is_a_file_with_a_header_and_a_line_in_the_audit_log(name: str) -> None:
    answer = browser_of("ayesha").get(f"/{name}.csv", {"q": "198.18"})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert len(_text(answer).splitlines()) == 1
    newest = queries.audit_entries(OPERATOR, action="intel.released").rows[0]
    assert (newest.actor_name, newest.subject) == ("ayesha@team.example", f"{name} q=198.18")


@pytest.mark.usefixtures("cast")
def test_whoever_may_not_read_may_not_download() -> None:
    assert browser_of("parveen").get("/findings.csv").status_code == 404
    assert browser_of("parveen").get("/indicators.csv").status_code == 200
