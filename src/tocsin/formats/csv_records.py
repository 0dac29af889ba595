"""CSV as it comes: records that run over several lines, quotes that were never closed, bytes that are not UTF-8.

A record is one data row. Every physical line belongs to exactly one record, so that a damaged line costs one row and is shown
with its number, and never swallows the rows after it: where an opened quote runs on and the record that comes out does not fit
the header, only its first line is given up and reading goes on with the second.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Most physical lines and characters of one record: certificates and banners are long, books are not.
MAX_RECORD_LINES = 500
MAX_RECORD_TEXT = 1 << 21

#: Cells that may be missing at the end of a row: publishers add a column to the header a day before the rows have it.
MOST_MISSING_CELLS = 2

# The csv module's own bound on one cell (128 KiB) is for the whole process; certificate chains are longer.
csv.field_size_limit(MAX_RECORD_TEXT)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are cut. ``comment`` begins a line that is not a row (the empty text: none does)."""

    delimiter: str = ","
    quote: str = '"'
    comment: str = ""


@dataclass(slots=True)
class CsvRecord:
    """One record: the line it begins on, its cells (``None`` with a problem), and its text as it stood there."""

    line: int
    cells: list[str]
    text: str
    problem: str | None = None


def decoded(raw: bytes) -> str:
    """The text of a line: UTF-8; bytes that are not stay readable as ``\\xe9``."""
    return raw.decode("utf-8", "backslashreplace")


def csv_records(
    lines: Iterable[tuple[int, bytes]], dialect: Dialect | None = None, *, has_fixed_width: bool = True
) -> Iterator[CsvRecord]:
    """The records of numbered lines, blank lines and comments left out.

    With ``has_fixed_width`` the first record (the header) says how many cells all others have. Up to two that are missing at the
    end are empty, empty ones too many are dropped; any other difference is a ``problem``.
    """
    reader = _Records(lines, dialect or Dialect())
    width = 0
    for record in reader:
        if has_fixed_width and not record.problem:
            width = width or len(record.cells)
            if len(record.cells) != width:
                record = _fitted(record, width) or reader.gave_up(record, width)
        yield record


def _fitted(record: CsvRecord, width: int) -> CsvRecord | None:
    """The record in the header's width, where only cells at its end are missing or too many that hold nothing anyway."""
    missing = width - len(record.cells)
    if 0 < missing <= MOST_MISSING_CELLS and len(record.cells) > MOST_MISSING_CELLS:
        record.cells.extend([""] * missing)
        return record
    if missing < 0 and not any(record.cells[width:]):
        del record.cells[width:]
        return record
    return None


class _Records:
    """Lines put together into records; lines taken too many can be given back."""

    def __init__(self, lines: Iterable[tuple[int, bytes]], dialect: Dialect) -> None:
        self._lines = iter(lines)
        self._returned: deque[tuple[int, str]] = deque()
        self._more: list[tuple[int, str]] = []
        self._dialect = dialect

    def __iter__(self) -> Iterator[CsvRecord]:
        quote, comment = self._dialect.quote, self._dialect.comment
        while True:
            line = self._next()
            if line is None:
                return
            number, text = line
            if not text or text.isspace() or (comment and text.startswith(comment)):
                continue
            self._more = []
            if quote and text.count(quote) & 1:
                whole = self._run_on(text, quote)
                if whole is None:
                    yield CsvRecord(number, [], text, "a quoted cell is opened here and never closed")
                    continue
                text = whole
            try:
                cells = self._cells(text)
            except csv.Error as error:
                yield CsvRecord(number, [], text, f"not CSV: {error}")
            else:
                yield CsvRecord(number, cells, text)

    def _cells(self, text: str) -> list[str]:
        quote, delimiter = self._dialect.quote, self._dialect.delimiter
        if not quote:
            return text.split(delimiter)
        if text[0] == quote == text[-1]:
            # Most publishers quote every cell: without quotes inside the cells, cutting is enough (a third of the time).
            cells = text[1:-1].split(f"{quote}{delimiter}{quote}")
            if text.count(quote) == 2 * len(cells):
                return cells
        # A reader for each record: a stray quote inside a cell must not make it take the next line.
        return next(csv.reader((text,), delimiter=delimiter, quotechar=quote))

    def gave_up(self, record: CsvRecord, width: int) -> CsvRecord:
        """The record as a problem; where it ran over several lines, all but the first are read again."""
        if self._more:
            self._returned.extendleft(reversed(self._more))
            self._more = []
            problem = "a quoted cell is opened here and not closed on this line"
            return CsvRecord(record.line, [], record.text.partition("\n")[0], problem)
        problem = f"has {len(record.cells)} cells where the header has {width}"
        return CsvRecord(record.line, [], record.text, problem)

    def _next(self) -> tuple[int, str] | None:
        if self._returned:
            return self._returned.popleft()
        line = next(self._lines, None)
        return None if line is None else (line[0], decoded(line[1]))

    def _run_on(self, text: str, quote: str) -> str | None:
        """The text until its quotes are even; ``None``, and all taken lines given back, where they never are."""
        gathered, size = [text], len(text)
        while len(gathered) <= MAX_RECORD_LINES and size <= MAX_RECORD_TEXT:
            line = self._next()
            if line is None:
                break
            self._more.append(line)
            gathered.append(line[1])
            size += len(line[1])
            if line[1].count(quote) & 1:
                return "\n".join(gathered)
        self._returned.extendleft(reversed(self._more))
        self._more = []
        return None
