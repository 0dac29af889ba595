"""STIX 2.1 (and 2.0) bundles, TAXII envelopes, arrays or lines of objects: their indicators.

Layout: OASIS STIX 2.1, 10 June 2021; 2.0 is read leniently (no ``pattern_type``, ``labels`` in place of ``indicator_types``).

A row is an ``indicator`` object; its line is the object's ordinal in the bundle, from 1. Every other kind is the indicators'
surroundings, as headers and comments are in a CSV file, and no row: identities, malware and ``indicates`` relationships give
indicators a maker and a family, marking definitions their TLP. Observables (``domain-name``, ``ipv4-addr`` …) and observed data
are things seen, not things to look for, and are left out. So ``received`` is the number of indicator objects. An object that is
not readable, or names no type, could have been an indicator: it is a rejected row.

Because surroundings may follow the indicators, indicators wait in a temporary file until the bundle has been read: memory stays
flat. Patterns of plain comparisons become indicators, one for each alternative; any other pattern (and YARA, Snort, Sigma) is kept
as a ``pattern``, not matchable. ``formats/stix/`` holds the pattern language and the meaning of the object.
"""

import io
import tempfile
from collections.abc import Iterator
from typing import IO

import orjson

from tocsin.formats.feed import Feed, Options
from tocsin.formats.json_values import JsonSlice, Path, decode, decode_strictly, records, walk
from tocsin.formats.outcome import refused, row_of
from tocsin.formats.stix.context import Context
from tocsin.formats.stix.indicators import read_indicator
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.records import Row

_IN_MEMORY = 16 << 20
_MOST_ROOT_BYTES = 16 << 20
_ROOT_KEYS = frozenset({"type", "objects", "more", "next"})


def _wanted(path: Path, first: bytes) -> bool:
    """Objects of a bundle or an array of objects, and the root's own members (a lone object has no more than them)."""
    if path in (("objects", None), (None,)):
        return True
    return len(path) == 1 and (path[0] != "objects" or first != b"[")


def _parse(member: Member, _options: Options) -> Iterator[Row]:
    context = Context()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as waiting:
        for line, piece in enumerate(_objects(records(member, _wanted), member.name), 1):
            row = _sort(line, piece, context, waiting)
            if row is not None:
                yield row
        waiting.seek(0)
        while head := waiting.read(16):
            line, size = int.from_bytes(head[:8], "big"), int.from_bytes(head[8:], "big")
            yield _row(line, waiting.read(size), context)


def _objects(pieces: Iterator[JsonSlice], name: str) -> Iterator[JsonSlice]:
    """The objects of a document; a root that is an object itself is put together from its members."""
    root: list[bytes] = []
    size = 0
    for piece in pieces:
        if piece.path == () and piece.raw.startswith(b"{"):
            yield from _objects(walk(io.BytesIO(piece.raw), name, _wanted), name)
        elif len(piece.path) == 1 and piece.path[0] is not None:
            size += len(piece.raw)
            if size > _MOST_ROOT_BYTES or piece.problem:
                raise Unreadable(
                    f"{name}: more than {_MOST_ROOT_BYTES} bytes outside of its objects; it is no STIX bundle."
                )
            root.append(orjson.dumps(piece.path[0]) + b":" + piece.raw)
        else:
            yield piece
    if root:
        yield from _root(b"{" + b",".join(root) + b"}", name)


def _root(raw: bytes, name: str) -> Iterator[JsonSlice]:
    found = decode(raw)
    if "type" in found and found["type"] != "bundle":
        yield JsonSlice((), raw)
    elif not _ROOT_KEYS & found.keys():
        raise Unreadable(f"{name} is not STIX: its outermost object has neither objects nor a type; name another feed.")


def _sort(line: int, piece: JsonSlice, context: Context, waiting: IO[bytes]) -> Row | None:
    """Remember surroundings, let indicators wait; a row at once for what is not readable."""
    problem = piece.problem
    if problem is None:
        try:
            found = decode(piece.raw)
            kind = found.get("type") if isinstance(found, dict) else None
            if kind == "indicator":
                context.remember_indicator(found)
                waiting.write(line.to_bytes(8, "big") + len(piece.raw).to_bytes(8, "big") + piece.raw)
            elif kind is not None:
                context.remember(kind, found)
            else:
                problem = "the object names no type" if isinstance(found, dict) else "this is no STIX object"
        except ValueError as error:
            problem = str(error)
    return refused(line, problem, piece.raw) if problem else None


def _row(line: int, raw: bytes, context: Context) -> Row:
    try:
        return row_of(line, read_indicator(decode_strictly(raw), context), raw)
    except ValueError as error:
        return refused(line, str(error), raw)


FEEDS = (
    Feed(
        name="stix/bundle",
        about="STIX 2.1 or 2.0: the indicators of a bundle or a TAXII envelope (JSON).",
        gives="indicators",
        classification="other/undetermined",
        parse=_parse,
    ),
)
