"""What one decision costs, on one core: ``python -m bench.decisions``.

A warm decision is one about a subject that was read before, under agreements that were read before. Agreements are the sample of the
tests under other names and ceilings. Every figure is processor time, the median of nine rounds; the mark is 50 µs a decision.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from tocsin.agreements.rules.decision import Exit, Subject, decide
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.requests import answered
from tocsin.agreements.rules.terms import Agreement

ROUNDS, MARK = 9, 50.0
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAMPLE = Path("tests/samples/agreements/harbour.yaml")
PLAIN = {
    "type": "indicator",
    "category": "signals",
    "tlp": "GREEN",
    "pap": "GREEN",
    "obtained_at": "2026-11-23T00:00:00Z",
}
MARKED = PLAIN | {
    "originator": "quay",
    "derived_from_tlp": ["GREEN", "AMBER"],
    "tlp_of_record": "CLEAR",
    "purpose": "detection",
    "exclude": ["somebody", "else"],
    "iep": {"attribution": "may", "permitted_actions": "externally-visible-direct-actions", "tlp": "green"},
}
#: One kilobyte of words as an analyst writes them, with one number of a person in it.
TEXT = (
    "The loader at 198.18.7.9:443 fetched a second stage from evil.example/login; CVE-2026-12345 was not used. " * 10
    + "victim CNIC 35202-1234567-1"
)


def main() -> None:
    """Print one table."""
    table = Table("what", "agreements", "median µs", "a second", "mark", title="decisions, one core")
    for count in (1, 2, 5):
        agreements = _agreements(count)
        for name, object_ in (
            ("little said", PLAIN),
            ("much said", MARKED),
            ("with 1 KB of text", MARKED | {"text": TEXT}),
        ):
            subject = Subject.of(object_)
            took = _microseconds(partial(decide, subject, "harbour", "beacon", agreements, AT, Exit.TAXII))
            _row(table, f"warm decision, {name}", str(count), took, MARK)
    (one,) = _agreements(1)
    _row(table, "first decision, with 1 KB of text", "1", _microseconds(lambda: _first(one)), None)
    _row(table, "a subject read from JSON's object", "", _microseconds(lambda: Subject.of(MARKED)), None)
    _row(table, "its canonical form", "", _microseconds(Subject.of(MARKED).canonical), None)
    line = b'{"object": {"type": "indicator", "category": "signals", "tlp": "GREEN"}, '
    line += b'"from": "harbour", "to": "beacon", "at": "2026-11-24T12:00:00Z"}'
    _row(table, "a line of tocsin agreement decide", "1", _microseconds(lambda: answered(line, [one])), None)
    _row(
        table,
        "an agreement read from its file",
        "",
        _microseconds(lambda: read_agreement(SAMPLE.read_bytes(), ""), 20),
        None,
    )
    Console(width=110).print(table)


def _agreements(count: int) -> list[Agreement]:
    found = []
    for number in range(count):
        text = SAMPLE.read_text("utf-8").replace("agr--harbour", f"agr--harbour-{number}")
        reading = read_agreement(text.replace("retention_days: 200", f"retention_days: {200 + number}").encode(), "")
        assert reading.agreement is not None
        found.append(reading.agreement)
    return found


def _first(agreement: Agreement) -> None:
    decide(Subject.of(PLAIN | {"text": TEXT}), "harbour", "beacon", [agreement], AT)


def _microseconds(work: Callable[[], Any], times: int = 2000) -> float:
    work()
    rounds = []
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(times):
            work()
        rounds.append((process_time() - began) / times * 1e6)
    return median(rounds)


def _row(table: Table, what: str, agreements: str, took: float, mark: float | None) -> None:
    verdict = "" if mark is None else f"≤ {mark:.0f} {'met' if took <= mark else 'missed'}"
    table.add_row(what, agreements, f"{took:.1f}", f"{1e6 / took:,.0f}", verdict)


if __name__ == "__main__":
    main()
