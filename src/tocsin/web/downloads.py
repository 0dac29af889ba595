"""A list as a CSV file for a spreadsheet. The rows must come through the one door for downloads (``agreements.release``)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

#: A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); a quote mark before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file for the csv writer that hands each line straight on."""

    def write(self, text: str) -> str:
        """The line itself."""
        return text


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download called ``name`` (ASCII, with its ending): a header and the rows, sent as they are read."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # The mark at the head tells spreadsheets that this is UTF-8; without it they garble Urdu.
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
