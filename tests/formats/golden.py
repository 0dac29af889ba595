"""Golden samples of feeds: ``tests/samples/feeds/<provider>/<feed>/in.*`` beside what is read from it, ``out.json``.

``pytest --bless`` writes ``out.json`` anew; a person then reads the difference.
"""

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.reading import Reading
from tocsin.vocab.records import Record, Row


def check_sample(feed: str, samples: Path, *, is_blessing: bool, options: Options | None = None) -> None:
    """Read the sample of a feed and compare it with its ``out.json``; the books must balance and a row must be wrong."""
    folder = samples / "feeds" / feed
    delivery = next(path for path in sorted(folder.iterdir()) if path.name.split(".")[0] == "in")
    reading = Reading(find_feed(feed), [delivery], options)
    rows = [_row(row) for _, row in reading]
    assert reading.accounts.is_balanced
    assert reading.accounts.rejected > 0, "every sample has a wrong line"
    assert reading.accounts.kept > 0
    found = {"accounts": str(reading.accounts), "rows": rows}
    expected = folder / "out.json"
    if is_blessing:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def _row(row: Row) -> dict[str, Any]:
    if row.problem is not None:
        return {"line": row.line, "problem": row.problem, "raw": row.raw}
    return {"line": row.line, "records": [_record(record) for record in row.records]}


def _record(record: Record) -> dict[str, Any]:
    """The fields that the record is not silent about, in JSON types."""
    said = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: _plain(value) for name, value in said.items() if value not in (None, (), False)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, dict) else value
