"""CSV of any source, read by a declared column map: reports about our own addresses, or lists of things to look for.

``csv/observations`` names fields as IntelMQ does (``source.ip``, ``time.source``, ``extra.tags``); ``csv/indicators`` names the kinds
of observables (``domain-name``, ``value`` to let Tocsin guess) and the attributes of an indicator.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from tocsin.formats import harmonised
from tocsin.formats.column_map import ColumnMap, Convert, Placed, column_map, time_reader
from tocsin.formats.csv_records import CsvRecord, csv_records
from tocsin.formats.feed import Feed, Options
from tocsin.text import normal
from tocsin.text.streams import Member
from tocsin.vocab.classification import UNDETERMINED, is_classification
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Record, Row

_RAW = 500
_ASSETS = ("source.ip", "source.network", "source.fqdn", "source.url", "source.reverse_dns", "source.account")

Read = Callable[[Placed, CsvRecord], tuple[Record, ...]]


def _rows(member: Member, declared: ColumnMap, read: Read) -> Iterator[Row]:
    records = csv_records(member.lines(), declared.dialect, has_fixed_width=False)
    heading = list(islice(records, declared.heading_rows))
    try:
        placed = Placed(declared, heading[-1].cells if heading else ())
    except ValueError as error:
        raise Unreadable(f"{member.name}: {error}") from error
    for record in records:
        try:
            yield Row(record.line, read(placed, record))
        except ValueError as error:
            yield Row(record.line, problem=str(error), raw=record.text[:_RAW])


# --- observations


def parse_observations(member: Member, options: Options) -> Iterator[Row]:
    """Rows about our own addresses. Raises ``InputError`` on a wrong column map, ``Unreadable`` where the header does not fit it."""
    declared = column_map(options.columns, harmonised.FIELDS)
    converts = _field_conversions(declared)

    def read(placed: Placed, record: CsvRecord) -> tuple[Record, ...]:
        fields: dict[str, Any] = {}
        for column, cell in placed.cells(record):
            text = normal.refang(cell) if options.defanged else cell
            if not _set_first(fields, column.fields, text, converts, declared.values):
                fields[f"extra.{column.name}"] = cell
        if not any(field in fields for field in _ASSETS):
            raise ValueError("names neither an address nor a host")
        fields = {**declared.constants, **fields}
        if declared.classification and not is_classification(declared.classification):
            fields.setdefault("classification.type", declared.classification)
        default = declared.classification if is_classification(declared.classification) else UNDETERMINED
        return (harmonised.observation(fields, default),)

    yield from _rows(member, declared, read)


def _field_conversions(declared: ColumnMap) -> Callable[[str], Convert]:
    times = time_reader(declared)
    known: dict[str, Convert] = {}

    def convert(field: str) -> Convert:
        if field not in known:
            kind = declared.kinds.get(field) or harmonised.kind_of(field)
            known[field] = times if kind == "time" else harmonised.KINDS[kind]
        return known[field]

    return convert


def _set_first(
    fields: dict[str, Any],
    candidates: tuple[str, ...],
    cell: str,
    converts: Callable[[str], Convert],
    values: Mapping[str, Mapping[str, str]],
) -> bool:
    """Set the first candidate that can hold the cell; ``False`` if none can. A cell of mere dots holds nothing."""
    for field in candidates:
        if field in fields:
            continue
        try:
            value = converts(field)(values.get(field, {}).get(cell, cell))
        except ValueError:
            continue
        if value is not None:
            fields[field] = harmonised.date_text(value) if field != "time.source" else value
        return True
    return False


# --- indicators

_OBSERVABLES = frozenset(kind.value for kind in ObservableType)
_TIMES = ("valid_from", "valid_until")
_TEXTS = ("malware", "external_id", "description")
_INDICATOR_FIELDS = _OBSERVABLES | {
    "value",
    *_TIMES,
    *_TEXTS,
    "classification",
    "confidence",
    "tlp",
    "pap",
    "references",
    "tags",
}


def parse_indicators(member: Member, options: Options) -> Iterator[Row]:
    """Rows of things to look for; a row with several observables gives several indicators. Raises as ``parse_observations``."""
    declared = column_map(options.columns, _INDICATOR_FIELDS)
    times = time_reader(declared)

    def read(placed: Placed, record: CsvRecord) -> tuple[Record, ...]:
        found: list[tuple[ObservableType, str, str]] = []
        common: dict[str, Any] = dict(declared.constants)
        details: dict[str, Any] = {}
        reason = "no cell holds an indicator"
        for column, cell in placed.cells(record):
            text = normal.refang(cell) if options.defanged else cell
            for field in column.fields:
                mapped = declared.values.get(field, {}).get(text, text)
                try:
                    if field == "value":
                        found.append((*normal.observable(mapped), cell))
                    elif field in _OBSERVABLES:
                        found.append((*normal.typed(ObservableType(field), mapped), cell))
                    elif field.startswith("extra."):
                        kind = harmonised.KINDS[declared.kinds.get(field, "text")]
                        details[field.removeprefix("extra.")] = harmonised.date_text(kind(mapped))
                    else:
                        common[field] = mapped
                except ValueError as error:
                    reason = str(error)
                    continue
                break
        if not found:
            raise ValueError(reason)
        shared = _attributes(common, times, declared.classification or None)
        return tuple(
            IndicatorRecord(kind, value, given=given if given != value else None, details=details or None, **shared)
            for kind, value, given in found
        )

    yield from _rows(member, declared, read)


def _attributes(common: dict[str, Any], times: Convert, classification: str | None) -> dict[str, Any]:
    """The attributes of an indicator from texts. Raises ``ValueError`` on a value that is impossible, not merely unknown."""
    shared: dict[str, Any] = {name: common[name] for name in _TEXTS if name in common}
    shared |= {name: times(common[name]) for name in _TIMES if name in common}
    shared["classification"] = harmonised.rsit(common.get("classification") or classification)
    for name in ("tags", "references"):
        if name in common:
            given = common[name]
            parts = given.replace(",", ";").split(";") if isinstance(given, str) and name == "tags" else given
            shared[name] = tuple(
                part.strip() for part in ([parts] if isinstance(parts, str) else parts) if part.strip()
            )
    if "confidence" in common:
        shared["confidence"] = int(common["confidence"])
        if not 0 <= shared["confidence"] <= 100:
            raise ValueError(f"a confidence of {shared['confidence']} is not between 0 and 100")
    if "tlp" in common:
        shared["tlp"] = _marking(Tlp.read, common["tlp"], "TLP")
    if "pap" in common:
        shared["pap"] = _marking(Pap.read, common["pap"], "PAP")
    return shared


def _marking(read: Callable[[str], Any], text: str, name: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no {name} label") from error


FEEDS: tuple[Feed, ...] = (
    Feed(
        "csv/observations",
        "CSV about our own addresses, read by a declared column map.",
        "observations",
        UNDETERMINED,
        parse_observations,
    ),
    Feed(
        "csv/indicators",
        "CSV of things to look for, read by a declared column map.",
        "indicators",
        UNDETERMINED,
        parse_indicators,
    ),
)
