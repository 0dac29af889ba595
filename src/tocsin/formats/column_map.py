"""The column map: what an operator says about a CSV file of a source that Tocsin has no parser for.

It is declared once, in YAML or JSON, and checked whole before the first row is read: an unknown key, field or kind is an error
that names it. ``docs/how/csv-feeds.md`` explains every key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tocsin.formats import harmonised
from tocsin.formats.csv_records import CsvRecord, Dialect
from tocsin.formats.times import epoch_time
from tocsin.vocab.classification import CLASSIFICATIONS, classification_of
from tocsin.vocab.errors import InputError

Convert = Callable[[str], Any]


class ColumnMap(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The declaration as it is written. ``columns``: fields by position, or header name → field; ``null`` leaves a column out."""

    columns: list[str | None] | dict[str, str | None]
    delimiter: str = ","
    quote: str = '"'
    comment: str = "#"
    skip_header: bool | int = False
    classification: str = ""
    constants: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    no_value: list[str] = []
    time: str = "iso"
    time_zone: str = ""
    only: list[str] = []
    leave_out: list[str] = []

    @property
    def dialect(self) -> Dialect:
        """How cells are cut."""
        return Dialect(self.delimiter, self.quote, self.comment)

    @property
    def heading_rows(self) -> int:
        """Rows before the first data row."""
        return max(int(self.skip_header), int(isinstance(self.columns, dict)))

    def reads(self, text: str) -> bool:
        """Whether the filters let a row through."""
        if self.only and not any(word in text for word in self.only):
            return False
        return not any(word in text for word in self.leave_out)


def column_map(declared: Mapping[str, Any] | None, known_fields: frozenset[str]) -> ColumnMap:
    """The checked column map; its classification is a full ``class/type``. Raises ``InputError``."""
    if declared is None:
        raise InputError(
            "a CSV feed needs a column map that says which column is which: give one with --columns FILE (docs/how/csv-feeds.md)"
        )
    try:
        read = msgspec.convert(dict(declared), ColumnMap)
    except msgspec.ValidationError as error:
        raise InputError(f"column map: {error}") from error
    for field in _named_fields(read):
        if field not in known_fields and not field.startswith("extra."):
            near = get_close_matches(field, known_fields, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else "keep what has no name of its own as extra.<name>"
            raise InputError(f"column map: there is no field {field!r}: {hint}")
    for field, kind in read.kinds.items():
        if kind not in harmonised.KINDS:
            raise InputError(
                f"column map: {field}: there is no kind {kind!r}: choose {', '.join(sorted(harmonised.KINDS))}"
            )
    if len(read.delimiter) != 1 or len(read.quote) > 1:
        raise InputError("column map: delimiter is one character, quote one or none")
    return msgspec.structs.replace(read, classification=_classification(read.classification))


def _named_fields(read: ColumnMap) -> list[str]:
    columns = read.columns.values() if isinstance(read.columns, dict) else read.columns
    fields = [field for column in columns if column for field in column.split("|")]
    return [*fields, *read.constants, *read.kinds, *read.values]


def _classification(text: str) -> str:
    if not text or text in CLASSIFICATIONS:
        return text
    # IntelMQ's own types, which RSIT does not have, stay what they are: the exporter gives them back.
    if classification_of(text):
        return str(classification_of(text))
    if text in harmonised.INTELMQ_TYPES:
        return text
    raise InputError(f"column map: {text!r} is no classification: use an RSIT type such as infected-system")


def time_reader(read: ColumnMap) -> Convert:
    """How times are read: ``iso``, ``epoch`` or a format of ``strptime``. Without a zone in the text or the map there is no time."""
    try:
        zone = ZoneInfo(read.time_zone) if read.time_zone else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(
            f"column map: there is no time zone {read.time_zone!r}: use a name such as Asia/Karachi"
        ) from error
    if read.time == "epoch":
        return epoch_time
    if read.time != "iso" and "%" not in read.time:
        raise InputError(f"column map: time is iso, epoch or a format such as %d/%b/%Y:%H:%M:%S %z, not {read.time!r}")
    parse = datetime.fromisoformat if read.time == "iso" else partial(_strptime, read.time)
    return partial(_zoned, parse, zone)


def _strptime(layout: str, text: str) -> datetime:
    return datetime.strptime(text, layout)  # noqa: DTZ007 - the zone is looked at by the caller


def _zoned(parse: Callable[[str], datetime], zone: ZoneInfo | None, text: str) -> datetime:
    moment = parse(text)
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text[:40]!r} has no time zone, and the column map names none")
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text[:40]!r} is not a time in UTC") from error


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is read: its place, its name for what its field cannot hold, and its alternatives, the first that fits wins."""

    index: int
    name: str
    fields: tuple[str, ...]


class Placed:
    """A column map laid on a file: which cell is which."""

    def __init__(self, read: ColumnMap, header: Sequence[str]) -> None:
        """Raises ``ValueError`` if the header lacks a named column."""
        self.map = read
        self.columns: list[Column] = []
        self._no_value = harmonised.NO_VALUE | set(read.no_value)
        if isinstance(read.columns, dict):
            places = {name.strip(): index for index, name in reversed(list(enumerate(header)))}
            missing = [name for name in read.columns if name not in places]
            if missing:
                raise ValueError(f"the header has no column {missing[0]!r}; it has {', '.join(header)[:200]}")
            named = [(places[name], name, fields) for name, fields in read.columns.items()]
            named += [
                (index, name, f"extra.{harmonised.extra_name(name)}")
                for name, index in places.items()
                if name not in read.columns
            ]
            self.width = len(header)
        else:
            named = [(index, f"column_{index + 1}", fields) for index, fields in enumerate(read.columns)]
            self.width = len(named)
        for index, name, fields in sorted(named, key=lambda column: column[0]):
            if fields:
                self.columns.append(Column(index, harmonised.extra_name(name), tuple(fields.split("|"))))

    def cells(self, record: CsvRecord) -> list[tuple[Column, str]]:
        """The cells of a row that hold something. Raises ``ValueError`` if the row has another width than the map."""
        if record.problem:
            raise ValueError(record.problem)
        if len(record.cells) != self.width:
            raise ValueError(f"has {len(record.cells)} cells where the column map has {self.width}")
        if not self.map.reads(record.text):
            raise ValueError("left out by the column map's filter")
        found = ((column, record.cells[column.index].strip()) for column in self.columns)
        return [(column, cell) for column, cell in found if cell not in self._no_value]
