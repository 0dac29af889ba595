"""The cells of abuse.ch's CSV and JSON exports under one set of column names.

Exports begin with a frame of comment lines; the last of them (in Feodo Tracker the first line that is none) names the columns, so
columns are found by name and a new one in the middle does no harm. Without that line the number of cells tells the layout.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.formats.json_values import JsonSlice, Path, begins_as_json, decode, records
from tocsin.text.streams import Member

#: What the exports write for "nothing".
_NOTHING = frozenset({"", "none", "n/a", "null"})


@dataclass(frozen=True, slots=True)
class Layout:
    """``columns`` are the known layouts, newest first; ``names`` turns the JSON exports' names into the CSV's."""

    columns: tuple[tuple[str, ...], ...]
    names: Mapping[str, str] = field(default_factory=dict)
    id_column: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: its cells by column (those that say nothing left out), or why it has none."""

    line: int
    cells: Mapping[str, str]
    raw: bytes
    problem: str | None = None


def rows(member: Member, layout: Layout) -> Iterator[Cells]:
    """The rows of an export in either form. Raises ``Unreadable`` on broken JSON or an over-long line."""
    return _json_rows(member, layout) if begins_as_json(member) else _csv_rows(member, layout)


# CSV ----------------------------------------------------------------------------------------------------------------


def _csv_rows(member: Member, layout: Layout) -> Iterator[Cells]:
    known = {column: column for columns in layout.columns for column in columns} | dict(layout.names)
    header: Sequence[str] = ()
    for line, raw in member.lines():
        text = raw.decode("utf-8", "backslashreplace").strip()
        if not text:
            continue
        if text.startswith("#"):
            header = _header(text.lstrip("# "), known) or header
            continue
        if (named := _header(text, known)) and not header:
            header = named
            continue
        yield _csv_row(line, raw, text, header, layout)


def _header(text: str, known: Mapping[str, str]) -> Sequence[str]:
    """The column names in a line, if it is a line of column names: most of its cells are."""
    cells = [cell.strip().strip('"').lower() for cell in text.split(",")]
    return (
        [known.get(cell, cell) for cell in cells]
        if len(cells) > 1 and 2 * sum(cell in known for cell in cells) > len(cells)
        else ()
    )


def _csv_row(line: int, raw: bytes, text: str, header: Sequence[str], layout: Layout) -> Cells:
    try:
        cells = next(csv.reader((text,), skipinitialspace=True, strict=True))
    except csv.Error as error:
        return Cells(line, {}, raw, f"not CSV: {error}")
    columns = header or next((known for known in layout.columns if len(known) == len(cells)), ())
    if len(columns) != len(cells):
        expected = len(columns or layout.columns[0])
        return Cells(line, {}, raw, f"has {len(cells)} cells instead of {expected}")
    return Cells(line, _said(zip(columns, cells, strict=True)), raw)


# JSON ---------------------------------------------------------------------------------------------------------------


def _wanted(path: Path, first: bytes) -> bool:
    """Records in an array, and in the arrays of an object (the answer of an API, or lists by id)."""
    return path == (None,) or (len(path) == 2 and path[1] is None) or (path == () and first not in b"[{")


def _json_rows(member: Member, layout: Layout) -> Iterator[Cells]:
    for line, piece in enumerate(records(member, _wanted), 1):
        yield _json_row(line, piece, layout)


def _json_row(line: int, piece: JsonSlice, layout: Layout) -> Cells:
    try:
        if piece.problem:
            raise ValueError(piece.problem)
        found = decode(piece.raw)
        if not isinstance(found, dict):
            raise ValueError("the record is not a JSON object")
    except ValueError as error:
        return Cells(line, {}, piece.raw, str(error))
    pairs = [(layout.names.get(key, key), _text(value)) for key, value in found.items()]
    if layout.id_column and piece.path and piece.path[0] and piece.path[0].isdecimal():
        pairs.insert(0, (layout.id_column, piece.path[0]))
    return Cells(line, _said(pairs), piece.raw)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return "" if value is None else str(value)


def _said(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {column: text for column, cell in pairs if (text := cell.strip()).lower() not in _NOTHING}
