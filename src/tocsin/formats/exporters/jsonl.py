"""JSON lines in our own words: one object a record, its fields named as in ``docs/words.md``, what is absent left out.

``record`` says which of the three kinds it is. Times are UTC, ISO 8601 with ``Z``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson

from tocsin.formats.exporter import Exporter
from tocsin.vocab.records import IndicatorRecord, ListRecord, ObservationRecord, Record

_WRITTEN_AT_ONCE = 1 << 16
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS

_KINDS: dict[type, str] = {
    IndicatorRecord: "indicator",
    ObservationRecord: "observation",
    ListRecord: "warning-list-entry",
}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS}
_EMPTY: tuple[object, ...] = ((), "", {})


def jsonl_fields(record: Record) -> dict[str, Any]:
    """One record as a JSON object; absent fields (``None``, empty, a claim that is not made) are left out."""
    kind = type(record)
    shown: dict[str, Any] = {"record": _KINDS[kind]}
    for name in _FIELDS[kind]:
        value = getattr(record, name)
        # By identity: 0 equals False, and confidence 0 is something that was said.
        if value is not None and value is not False and value not in _EMPTY:
            shown[name] = value
    return shown


def _line(record: Record) -> bytes:
    shown = jsonl_fields(record)
    try:
        return orjson.dumps(shown, default=_plain, option=_OPTIONS)
    except TypeError:
        # Text of undecodable bytes (lone surrogates): a reader of JSON gets the replacement character.
        return orjson.dumps(_printable(shown), default=_plain, option=_OPTIONS)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_printable(key): _printable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    return value


def write(records: Iterable[Record]) -> Iterator[bytes]:
    """The records as JSON lines, in pieces of about 64 KiB."""
    lines: list[bytes] = []
    size = 0
    for record in records:
        line = _line(record)
        lines.append(line)
        size += len(line)
        if size >= _WRITTEN_AT_ONCE:
            yield b"".join(lines)
            lines, size = [], 0
    yield b"".join(lines)


EXPORTER = Exporter("jsonl", "JSON lines, Tocsin's own words.", "application/jsonl", write)
