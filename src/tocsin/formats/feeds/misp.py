"""MISP: events as JSON, answers of its REST search, and feed folders (one file an event, with a manifest).

Layout: MISP core format, Internet-Draft 20 (2025): an event has attributes, and objects that have attributes; each attribute a
``type``, ``value``, ``category``, ``to_ids``, ``uuid``, ``timestamp`` (seconds as text), tags, and perhaps ``first_seen`` and
``last_seen``. Tags and galaxies of the event hold for all its attributes; of several TLP or PAP labels the strictest counts.

A row is an attribute, its line its ordinal in the file, from 1. All are kept: an attribute without ``to_ids`` is context, not
something to look for, and says so in ``details["to_ids"]``: what compiles or matches indicators leaves it out. Deleted attributes
are revoked. Proposals, sightings and relations are no rows. Of a feed folder the events are read; the manifest (which repeats their
heads), ``hashes.csv`` and signatures are not. An event is read whole (at most 64 MiB), because what holds for all its attributes
may stand behind them. ``formats/misp/`` holds the meaning of types, tags and surroundings.
"""

import io
import re
from collections.abc import Iterator
from itertools import count

import orjson

from tocsin.formats.feed import Feed, Options
from tocsin.formats.json_values import JsonSlice, Path, Wanted, decode, walk
from tocsin.formats.misp.events import Surroundings, event_surroundings, object_surroundings, read_attribute
from tocsin.formats.misp.slices import MOST_EVENT_BYTES, is_beside, slices
from tocsin.formats.outcome import refused, row_of
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.records import Row

_EVENTS = re.compile(r"^(?!(?:.*/)?(?:manifest\.json|hashes\.csv|[^/]*\.asc)$)", re.IGNORECASE)
_HEAVY = ("Attribute", "Object", "RelatedEvent", "ShadowAttribute", "EventReport", "CryptographicKey")

#: What an event without attributes has at least one of; without any it is some other document.
_SIGNS = frozenset({"info", "Orgc", "orgc_id", "threat_level_id", "analysis", "Tag"})


def _parse(member: Member, _options: Options) -> Iterator[Row]:
    if is_beside(member.name):
        return
    line = count(1)
    for event in slices(member):
        yield from _rows(event, member.name, line)


def _rows(piece: JsonSlice, name: str, line: Iterator[int]) -> Iterator[Row]:
    """The attributes of one event: first all that holds for the whole event is read, then one attribute after the other."""
    try:
        if piece.problem or not piece.raw.startswith(b"{"):
            raise ValueError(piece.problem or "the event is not a JSON object")
        heads = list(_parts(piece.raw, name, _head))
        head = {str(part.path[0]): decode(part.raw) for part in heads}
    except ValueError as error:
        yield refused(next(line), str(error), piece.raw)
        return
    contents = _parts(piece.raw, name, _contents)
    event = event_surroundings(head)
    found = False
    for part in contents:
        found = True
        if part.path[0] == "Attribute":
            yield _row(next(line), part, (event,))
        else:
            yield from _object_rows(part, event, line)
    if not found and not _SIGNS & head.keys() and head:
        raise Unreadable(f"{name} is not a MISP event: it has neither attributes nor a title; name another feed.")


def _parts(raw: bytes, name: str, wanted: Wanted) -> Iterator[JsonSlice]:
    return walk(io.BytesIO(raw), name, wanted, limit=MOST_EVENT_BYTES)


def _head(path: Path, first: bytes) -> bool | None:
    """The members of an event that are said once, whatever comes behind its long lists."""
    return None if path and path[0] in _HEAVY and first == b"[" else len(path) == 1


def _contents(path: Path, first: bytes) -> bool | None:
    """The attributes and objects of an event."""
    if not path or (path in (("Attribute",), ("Object",)) and first == b"["):
        return False
    return True if len(path) == 2 else None


def _object_rows(part: JsonSlice, event: Surroundings, line: Iterator[int]) -> Iterator[Row]:
    try:
        if part.problem:
            raise ValueError(part.problem)
        found = decode(part.raw)
        if not isinstance(found, dict):
            raise ValueError("the object is not a JSON object")
    except ValueError as error:
        yield refused(next(line), str(error), part.raw)
        return
    surroundings = object_surroundings(found)
    attributes = found.get("Attribute")
    for attribute in attributes if isinstance(attributes, list) else ():
        yield row_of(next(line), read_attribute(attribute, (surroundings, event)), orjson.dumps(attribute))


def _row(line: int, part: JsonSlice, around: tuple[Surroundings, ...]) -> Row:
    if part.problem:
        return refused(line, part.problem, part.raw)
    try:
        return row_of(line, read_attribute(decode(part.raw), around), part.raw)
    except ValueError as error:
        return refused(line, str(error), part.raw)


FEEDS = (
    Feed(
        name="misp/event",
        about="MISP events as JSON, one or many, or the folder of a MISP feed.",
        gives="indicators",
        classification="other/undetermined",
        parse=_parse,
        file_names=_EVENTS,
    ),
)
