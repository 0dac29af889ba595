"""The events in a JSON document as MISP hands them out: one event, ``{"Event": …}``, a list, or ``{"response": […]}``."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson

from tocsin.formats.json_values import JsonSlice, decode_strictly
from tocsin.formats.misp.from_stix import from_stix
from tocsin.formats.misp.losses import Converted, Loss, Path
from tocsin.formats.misp.slices import is_beside, slices
from tocsin.formats.misp.to_stix import to_stix
from tocsin.formats.outcome import MOST_SHOWN
from tocsin.text.streams import Member
from tocsin.vocab.errors import InputError

#: Attached bytes make events large; beyond this one is an attack or a mistake. One document is held in memory.
MAX_BYTES = 256 << 20


def decoded(raw: bytes, name: str, limit: int = MAX_BYTES) -> Any:
    """The JSON value of a document. Raises ``InputError`` naming the document and what is wrong.

    A key that stands twice is wrong too: one of its values would be lost without a name.
    """
    if len(raw) > limit:
        raise InputError(f"{name} is larger than {limit} bytes: split it into single events")
    try:
        return _value(raw.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise InputError(f"{name} is {error}") from error


def _value(raw: bytes) -> Any:
    """The value of JSON text that every reader reads alike. Raises ``ValueError`` with a reason."""
    # Half characters and numbers without end are refused by the first reader, keys that stand twice by the second.
    try:
        orjson.loads(raw)
        value = decode_strictly(raw)
        orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise ValueError(f"not JSON that can be kept: {error}") from error
    return value


def events_to_stix(raw: bytes, name: str, limit: int = MAX_BYTES) -> Iterator[Converted]:
    """Each event of a document as STIX objects; the losses have paths from the document's root.

    Raises ``InputError`` where the document is no JSON, too large, or something in it is no MISP event.
    """
    document = decoded(raw, name, limit)
    for event, at, beside in _events(document, (), name):
        try:
            converted = to_stix(event)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
        losses = (*beside, *(replace(loss, keys=(*at, *loss.keys)) for loss in converted.losses))
        tightened = tuple(replace(loss, keys=(*at, *loss.keys)) for loss in converted.tightened)
        yield replace(converted, losses=losses, tightened=tightened)


def _events(value: Any, at: Path, name: str) -> Iterator[tuple[Mapping[str, Any], Path, list[Loss]]]:
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from _events(part, (*at, number), name)
        return
    if not isinstance(value, Mapping):
        raise InputError(f"{name}: {Loss(at, '').path or 'the document'} is {type(value).__name__}, not a MISP event")
    for wrapper in ("response", "Event"):
        inner = value.get(wrapper)
        if isinstance(inner, list | Mapping) and not _EVENT_SIGNS & value.keys():
            beside = [
                Loss((*at, key), f"it stands beside the {wrapper}, in no event") for key in value if key != wrapper
            ]
            for number, (event, place, losses) in enumerate(_events(inner, (*at, wrapper), name)):
                yield event, place, [*(beside if number == 0 else []), *losses]
            return
    if "GalaxyCluster" in value and "info" not in value:
        yield {"Galaxy": [value]}, at, []
        return
    yield value, at, []


_EVENT_SIGNS = frozenset({"info", "Attribute", "Object", "Orgc", "uuid"})


def converted(member: Member) -> Iterator[JsonSlice]:
    """The STIX objects of every event of a member, one slice an object; of an event that cannot be converted the ``problem``.

    A manifest, hashes and signatures of a feed give nothing. What one event repeats of another (its author, a marking) comes once.
    """
    if is_beside(member.name):
        return
    seen: set[bytes] = set()
    for piece in slices(member):
        if piece.problem:
            yield piece
            continue
        try:
            objects = to_stix(_value(piece.raw)).objects
        except (ValueError, InputError) as error:
            yield JsonSlice(piece.path, piece.raw[:MOST_SHOWN], f"the event cannot be converted: {error}")
            continue
        for raw in map(orjson.dumps, objects):
            key = blake2b(raw, digest_size=16).digest()
            if key not in seen:
                seen.add(key)
                yield JsonSlice(piece.path, raw)


def stix_to_event(raw: bytes, name: str, limit: int = MAX_BYTES) -> Converted:
    """One event of a document: a bundle, a list of objects, an object, or a TAXII envelope.

    Raises ``InputError`` as :func:`events_to_stix` does.
    """
    document = decoded(raw, name, limit)
    if isinstance(document, Mapping) and "type" not in document and isinstance(document.get("objects"), list):
        document = document["objects"]
    try:
        return from_stix(document if isinstance(document, list) else [document])
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
