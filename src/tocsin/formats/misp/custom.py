"""What STIX has no place for: custom properties ``x_misp_…``, and the way back.

The law that makes the conversion provable: a STIX object made from a MISP item is read back by its standard properties alone, and
every field of the item that this does not give again, to the letter, is kept beside it. So a fault in a table costs a custom
property, never a field. ``x_misp_unsaid`` names fields that the standard properties would give though the item was silent;
``x_misp_rest`` holds, as JSON text, fields whose names or values no STIX property may have.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.formats.misp.losses import Loss, Path, same
from tocsin.vocab.errors import InputError

PREFIX = "x_misp_"
UNSAID = "x_misp_unsaid"
REST = "x_misp_rest"

#: Deeper nesting than this is an attack or an accident, not an event.
MAX_DEPTH = 60

#: Keys of the MISP format that are no property names, and the names that they get.
_NAMES = {
    "meta-category": "x_misp_meta_category",
    "Attribute": "x_misp_attributes",
    "Object": "x_misp_objects",
    "ObjectReference": "x_misp_object_references",
    "ShadowAttribute": "x_misp_shadow_attributes",
    "ShadowObject": "x_misp_shadow_objects",
    "ShadowAttributeReference": "x_misp_shadow_attribute_references",
    "Tag": "x_misp_tags",
    "EventTag": "x_misp_event_tags",
    "AttributeTag": "x_misp_attribute_tags",
    "Galaxy": "x_misp_galaxies",
    "GalaxyCluster": "x_misp_galaxy_clusters",
    "Sighting": "x_misp_sightings",
    "EventReport": "x_misp_event_reports",
    "Note": "x_misp_notes",
    "Opinion": "x_misp_opinions",
    "Relationship": "x_misp_relationships",
    "RelationshipInbound": "x_misp_relationships_inbound",
    "RelatedEvent": "x_misp_related_events",
    "RelatedAttribute": "x_misp_related_attributes",
    "Org": "x_misp_org",
    "Orgc": "x_misp_orgc",
    "SharingGroup": "x_misp_sharing_group",
    "SharingGroupOrg": "x_misp_sharing_group_orgs",
    "SharingGroupServer": "x_misp_sharing_group_servers",
    "Organisation": "x_misp_organisation",
    "Event": "x_misp_event",
    "EventGroup": "x_misp_event_groups",
    "Feed": "x_misp_feeds",
    "Server": "x_misp_servers",
    "User": "x_misp_user",
    "CryptographicKey": "x_misp_cryptographic_keys",
    "DecayScore": "x_misp_decay_score",
    "decay_score": "x_misp_decay_scores",
    "requiredOneOf": "x_misp_required_one_of",
}
_KEYS = {name: key for key, name in _NAMES.items()}
_OWN = frozenset(_KEYS) | {UNSAID, REST, "x_misp_galaxy_meta", "x_misp_galaxy", "x_misp_cluster", "x_misp_kind"}
_PLAIN_KEY = re.compile(r"[a-z0-9_]{1,240}")
_INNER_KEY = re.compile(r"[A-Za-z0-9_-]{1,250}")
_LARGEST = 2**53 - 1
_SMALLEST_KEPT, _LARGEST_KEPT = -(2**63), 2**64 - 1

_SILENT = object()
#: Stands in a list where something was taken out that is named already.
DROPPED = object()


def spoken(value: Any, losses: list[Loss]) -> Any:
    """The value without its nulls and empty objects and lists, each of which is named: STIX 2.1 (§2.1, §3.1) has none of them.

    Raises ``InputError`` on nesting beyond :data:`MAX_DEPTH` and on what is no JSON (infinities, half characters, other types).
    """
    kept = _spoken(value, [], losses)
    return {} if kept is _SILENT else kept


def _spoken(value: Any, at: list[str | int], losses: list[Loss]) -> Any:
    if isinstance(value, str):
        if not value.isascii():
            _encodable(value, at)
        return value
    if isinstance(value, int):
        if not _SMALLEST_KEPT <= value <= _LARGEST_KEPT:
            raise InputError(f"{_place(at)} is a number of more than 64 bits, which no reader keeps")
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if value is DROPPED:
        return _SILENT
    if value is None:
        losses.append(Loss(tuple(at), "null says nothing"))
        return _SILENT
    if len(at) > MAX_DEPTH:
        raise InputError(f"the event is nested deeper than {MAX_DEPTH} at {_place(at)}: no MISP event is")
    if isinstance(value, Mapping):
        return _spoken_object(value, at, losses)
    if isinstance(value, list | tuple):
        return _spoken_list(value, at, losses)
    raise InputError(f"{_place(at)} is no JSON value but {type(value).__name__} {str(value)[:40]!r}")


def _spoken_object(value: Mapping[Any, Any], at: list[str | int], losses: list[Loss]) -> Any:
    kept = {}
    for key, part in value.items():
        if not isinstance(key, str):
            raise InputError(f"{_place(at)} has a key that is no text but {type(key).__name__}")
        _encodable(key, at)
        at.append(key)
        inner = _spoken(part, at, losses)
        at.pop()
        if inner is not _SILENT:
            kept[key] = inner
    if not value and at:
        losses.append(Loss(tuple(at), "an empty object says nothing"))
    return kept or _SILENT


def _spoken_list(value: Any, at: list[str | int], losses: list[Loss]) -> Any:
    kept = []
    for number, part in enumerate(value):
        at.append(number)
        inner = _spoken(part, at, losses)
        at.pop()
        if inner is not _SILENT:
            kept.append(inner)
    if not value and at:
        losses.append(Loss(tuple(at), "an empty list says nothing"))
    return kept or _SILENT


def _encodable(text: str, at: list[str | int]) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{_place(at)} holds half of a character, which no JSON file can") from error


def _place(at: list[str | int]) -> str:
    keys: Path = tuple(at)[:8]
    return Loss(keys, "").path or "the document"


def keep(target: dict[str, Any], item: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Put into ``target`` what ``item`` says and ``said`` (read from the standard properties) does not say to the letter."""
    rest = {}
    for key, value in item.items():
        if key in said and same(said[key], value):
            continue
        name = property_of(key)
        if name and is_plain(value):
            target[name] = value
        else:
            rest[key] = value
    if rest:
        target[REST] = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
    if unsaid := sorted(key for key in said if key not in item):
        target[UNSAID] = unsaid


def restore(found: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The item: what the standard properties say, corrected by the custom ones."""
    unsaid = found.get(UNSAID)
    silent = set(unsaid) if isinstance(unsaid, list) and all(isinstance(key, str) for key in unsaid) else set()
    item = {key: value for key, value in said.items() if key not in silent}
    for name, value in found.items():
        if (key := key_of(name)) is not None:
            item[key] = value
    rest = found.get(REST)
    if isinstance(rest, str):
        try:
            more = orjson.loads(rest)
        except ValueError:
            more = None
        item |= more if isinstance(more, dict) else {}
    return item


def property_of(key: str) -> str | None:
    """The custom property of a MISP key, or ``None`` if no property may be named so."""
    if key in _NAMES:
        return _NAMES[key]
    name = PREFIX + key
    return name if _PLAIN_KEY.fullmatch(key) and name not in _OWN else None


def key_of(name: str) -> str | None:
    """The MISP key of a custom property, or ``None`` if it is none of those."""
    if not name.startswith(PREFIX):
        return None
    return _KEYS.get(name) or (None if name in _OWN else name.removeprefix(PREFIX))


def is_plain(value: Any) -> bool:
    """Whether a value may stand in a STIX object as it is: integers of 53 bits, keys of letters, digits, ``-`` and ``_``."""
    if isinstance(value, str | bool | float):
        return True
    if isinstance(value, int):
        return -_LARGEST <= value <= _LARGEST
    if isinstance(value, Mapping):
        return all(_INNER_KEY.fullmatch(key) and is_plain(part) for key, part in value.items())
    return all(is_plain(part) for part in value)
