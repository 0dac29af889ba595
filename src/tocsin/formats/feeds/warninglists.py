"""MISP warning lists: known-good values that must not alarm.

Layout of misp-warninglists, 2025: one JSON object a list, with ``name``, ``description``, ``version``, ``type`` (string, hostname,
cidr, substring, regex), ``list`` (the values, in text) and perhaps ``matching_attributes`` (MISP's types that it is meant for).
The head may stand before or behind the values, so the values wait as bytes (at most 64 MiB) until it is known.

A row is a value, its line its ordinal in the list, from 1. A list without a name or a known type cannot be used at all:
``Unreadable``. How each type compares is the matter of whoever asks the list, not of this parser.
"""

import io
import re
from collections.abc import Iterator

from tocsin.formats.feed import Feed, Options
from tocsin.formats.json_values import JsonSlice, Path, decode, records, walk
from tocsin.formats.misp.warning_lists import Head, read_entry, read_head
from tocsin.formats.outcome import refused
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.records import ListRecord, Row

_LIST_BYTES = 64 << 20


def _wanted(path: Path, _first: bytes) -> bool:
    return len(path) == 1


def _parse(member: Member, _options: Options) -> Iterator[Row]:
    values, found = b"", {}
    for piece in records(member, _wanted, limit=_LIST_BYTES):
        if piece.problem:
            raise Unreadable(f"{member.name}: {piece.problem}; split the list.")
        if piece.path == ("list",):
            values = piece.raw
        else:
            found[piece.path[0]] = _decoded(piece, member.name)
    try:
        head = read_head({str(key): value for key, value in found.items()})
        if not values.startswith(b"["):
            raise ValueError("it has no list of values")
    except ValueError as error:
        raise Unreadable(f"{member.name} is not a MISP warning list: {error}.") from error
    entries = walk(io.BytesIO(values), member.name, lambda path, _: path == (None,))
    for line, piece in enumerate(entries, 1):
        yield _row(line, piece, head)


def _decoded(piece: JsonSlice, name: str) -> object:
    try:
        return decode(piece.raw)
    except ValueError as error:
        raise Unreadable(f"{name}: {piece.path[0]} is {error}.") from error


def _row(line: int, piece: JsonSlice, head: Head) -> Row:
    try:
        value = read_entry(head.kind, decode(piece.raw))
    except ValueError as error:
        return refused(line, str(error), piece.raw)
    return Row(line, (ListRecord(head.name, head.kind, value, head.version, head.matching_attributes),))


FEEDS = (
    Feed(
        name="misp/warning-lists",
        about="MISP warning lists: known-good values, one list a file (JSON).",
        gives="warning-list",
        classification="other/other",
        parse=_parse,
        file_names=re.compile(r"\.json$", re.IGNORECASE),
    ),
)
