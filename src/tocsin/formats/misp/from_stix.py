"""STIX objects as one MISP event. Pure: the same objects give the same event.

Objects that came out of a MISP event (ours, or misp-stix's) go back to what they were; any other object becomes what MISP has for it
(``foreign``). What counts as carried is not promised but tried: the event is converted once more, and every leaf of the input
that this way back does not give again is a loss.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tocsin.formats.misp import foreign, galaxies
from tocsin.formats.misp.custom import MAX_DEPTH, restore
from tocsin.formats.misp.foreign_values import OBSERVABLES, embedded
from tocsin.formats.misp.handling import (
    Handling,
    Marks,
    distribution_for,
    handling_of,
    inner_handling,
    marks_of,
    stricter,
    tags_for,
)
from tocsin.formats.misp.losses import Converted, Loss, leaves, same
from tocsin.formats.misp.naming import read_time, uuid_of
from tocsin.formats.misp.said import (
    KIND,
    NAME,
    TYPE,
    Item,
    attribute_said,
    event_said,
    labelled,
    note_said,
    object_said,
    opinion_said,
    organisation_said,
    reference_said,
    relation_said,
    report_said,
    sighting_said,
)
from tocsin.formats.misp.to_stix import to_stix
from tocsin.vocab.errors import InputError

Found = Mapping[str, Any]

_HEADS = ("report", "grouping")
#: ``x_misp_kind`` -> where the object hangs: property that names the other.
_HANGS = {
    "sighting": ("sighting_of_ref", "object_refs"),
    "note": ("object_refs",),
    "opinion": ("object_refs",),
    "event-report": ("object_refs",),
    "galaxy": ("source_ref",),
    "attribute-galaxy": ("source_ref",),
    "object-reference": ("source_ref",),
    "relationship": ("source_ref",),
}
_REASONS = {
    "granular_markings": "MISP marks whole attributes: the strictest label of any part holds for the whole",
    "object_marking_refs": "kept as a tag that says the same, or stricter",
    "created_by_ref": "MISP names one author, the event's",
    "created": "MISP keeps one time of an attribute, the last",
    "modified": "MISP keeps seconds",
    "confidence": "MISP has no confidence of an attribute beyond its tags",
    "kill_chain_phases": "MISP has phases of clusters only",
    "external_references": "MISP has references of clusters only",
    "name": "MISP has a value and a comment, no name beside them",
    "indicator_types": "MISP has a category, of another vocabulary",
    "valid_from": "MISP has the time of the attribute for it",
    "number_observed": "MISP counts sightings, not observations",
    "pattern": "MISP writes the same comparison in another way",
}
#: Objects that become attributes or MISP objects, which have tags of their own.
_TAGGED = frozenset({"indicator", "observed-data"}) | OBSERVABLES
_NO_FIELD = "MISP has no field for it"
_NO_OBJECT = "MISP has nothing for this object, or keeps it under another id"


@dataclass(slots=True)
class _Given:
    """The objects that were given, each in its newest version, and who hangs on whom."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    originals: dict[str, dict[str, Any]] = field(default_factory=dict)
    hanging: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    tightened: list[Loss] = field(default_factory=list)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def on(self, identity: str, kind: str) -> list[dict[str, Any]]:
        """What of a kind hangs on an object; it is taken with that."""
        found = self.hanging.get((identity, kind), [])
        self.taken.update(one["id"] for one in found)
        return found


def from_stix(objects: Iterable[Found | bytes]) -> Converted:
    """One event from objects (mappings or their bytes; a bundle stands for what is in it).

    Of several versions of an object the newest counts. Raises ``InputError`` on what is no STIX object at all.
    """
    given = _read(objects)
    if not given.objects:
        raise InputError("there is no STIX object to make an event of")
    head = _head(given)
    event = _event(head, given)
    foreign.complete(event, head, given.objects, given.taken, given.definitions, given.tightened)
    back = {one["id"]: one for one in to_stix(event).objects}
    if _raise(event, head, given, back):
        back = {one["id"]: one for one in to_stix(event).objects}
    losses = (*given.losses, *_missing(given.originals, back))
    return Converted(event=event, losses=losses, tightened=tuple(dict.fromkeys(given.tightened)))


# Reading ------------------------------------------------------------------------------------------------------------


def _read(objects: Iterable[Found | bytes]) -> _Given:
    given = _Given()
    for number, one in enumerate(objects):
        found = _decoded(one, number)
        inner = found.get("objects") if found.get("type") == "bundle" else None
        for at, part in enumerate(inner if isinstance(inner, list) else [found]):
            _take(given, part, number, at if isinstance(inner, list) else None)
    for found in given.objects.values():
        if found["type"] == "marking-definition":
            given.definitions[found["id"]] = found
        for name in _HANGS.get(str(found.get(KIND)), ()):
            ref = found.get(name)
            ref = ref[0] if isinstance(ref, list) and ref else ref
            if isinstance(ref, str):
                given.hanging.setdefault((ref, str(found[KIND])), []).append(found)
                break
    return given


def _decoded(one: Found | bytes, number: int) -> dict[str, Any]:
    if isinstance(one, bytes | bytearray | memoryview):
        try:
            one = orjson.loads(one)
        except ValueError as error:
            raise InputError(f"object {number} is not JSON: {error}") from error
    if not isinstance(one, Mapping):
        raise InputError(f"object {number} is {type(one).__name__}, not a STIX object")
    found = dict(one)
    if _is_deep(found):
        raise InputError(f"object {number} is nested deeper than {MAX_DEPTH}: no STIX object is")
    return found


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 6):
        level = [
            part
            for one in level
            for part in (one.values() if isinstance(one, Mapping) else one)
            if isinstance(part, Mapping | list)
        ]
        if not level:
            return False
    return True


def _take(given: _Given, part: Any, number: int, at: int | None) -> None:
    place = (number,) if at is None else (number, "objects", at)
    if not isinstance(part, Mapping) or not isinstance(part.get("type"), str) or not isinstance(part.get("id"), str):
        given.losses.append(Loss(place, "this is no STIX object: it has no type or no id"))
        return
    found = dict(part)
    if not found["id"].startswith(found["type"] + "--"):
        given.losses.append(Loss(place, f"the id {found['id'][:80]!r} is not one of a {found['type'][:40]}"))
        return
    known = given.originals.get(found["id"])
    if known is not None and not same(known, found):
        older = min(known, found, key=lambda one: str(one.get("modified", one.get("created", ""))))
        given.losses.append(Loss((*place, found["id"]), "of two versions of an object the newer counts"))
        if older is found:
            return
    given.originals[found["id"]] = given.objects[found["id"]] = found
    inside = found.get("objects")
    if found["type"] == "observed-data" and isinstance(inside, Mapping):
        # STIX 2.0 kept the observables inside.
        seen = embedded(inside, found["id"])
        given.objects |= {identity: dict(one) for identity, one in seen.items()}
        given.objects[found["id"]] = {**found, "object_refs": list(seen)}


def _head(given: _Given) -> dict[str, Any] | None:
    """The report or grouping that is the event: one of ours first, else the first that was given."""
    heads = [one for one in given.objects.values() if one["type"] in _HEADS]
    ours = [one for one in heads if any(name.startswith("x_misp_") for name in one) or _is_labelled(one)]
    return next(iter((*ours, *heads)), None)


def _is_labelled(found: Found) -> bool:
    labels = found.get("labels")
    return isinstance(labels, list) and any(isinstance(one, str) and one.startswith("misp:tool=") for one in labels)


# Back to what it was ------------------------------------------------------------------------------------------------


def _event(head: dict[str, Any] | None, given: _Given) -> Item:
    said: Item = {}
    own = Handling()
    if head is not None:
        given.taken.add(head["id"])
        said = event_said(head, given.objects)
        if organisation_said(given.objects.get(str(head.get("created_by_ref")))):
            given.taken.add(str(head["created_by_ref"]))
        own = handling_of(restore(head, said), (), [])
    said |= _contents(head, own, given)
    if head is None:
        return said
    reports = given.on(head["id"], "event-report")
    if reports:
        said["EventReport"] = [restore(one, report_said(one) | _analysis(one, given)) for one in reports]
    event = restore(head, said | _analysis(head, given))
    _mark(event, head, Handling(), given)
    _take_empty_note(head, given)
    return event


def _contents(head: Found | None, own: Handling, given: _Given) -> Item:
    """Attributes, objects and the event's own clusters, in the order in which the report names them."""
    said: Item = {}
    clusters = []
    for found in _in_order(head, given):
        if found["id"] in given.taken:
            continue
        if _is_doubled(found, given):
            given.taken.add(found["id"])
            _take_observables(found, given)
            continue
        if labelled(found, TYPE) is not None or found["type"] == "x-misp-attribute":
            if (item := _attribute(found, own, given)) is not None:
                said.setdefault("Attribute", []).append(item)
        elif labelled(found, NAME) is not None or found["type"] == "x-misp-object":
            said.setdefault("Object", []).append(_object(found, own, given))
        elif found["type"] in galaxies.CLUSTER_TYPES and labelled(found, 'misp:galaxy-type="') is not None:
            clusters.append(found)
    loose = [one for one in clusters if one["id"] not in given.taken]
    given.taken.update(one["id"] for one in clusters)
    if loose:
        said["Galaxy"] = galaxies.galaxies_of(loose)
    return said


def _take_empty_note(head: Found, given: _Given) -> None:
    """The note that only says that an event is empty is not a note of anybody's."""
    for found in given.objects.values():
        if found.get(KIND) == "empty" and found.get("object_refs") == [head["id"]]:
            given.taken.add(found["id"])


def _in_order(head: Found | None, given: _Given) -> Iterable[dict[str, Any]]:
    refs = head.get("object_refs") if head is not None else None
    named = [ref for ref in refs if isinstance(ref, str) and ref in given.objects] if isinstance(refs, list) else []
    return [given.objects[ref] for ref in dict.fromkeys((*named, *given.objects))]


def _is_doubled(found: Found, given: _Given) -> bool:
    """Observed data beside an indicator of the same UUID, as misp-stix writes both of one attribute."""
    is_ours = labelled(found, TYPE) is not None or labelled(found, NAME) is not None
    return is_ours and found["type"] == "observed-data" and f"indicator--{uuid_of(found['id'])}" in given.objects


def _attribute(found: dict[str, Any], around: Handling, given: _Given) -> Item | None:
    """The attribute that an object was made of; ``None`` if it only says so and has no value that we can read."""
    said = attribute_said(found, given.objects)
    if "value" not in restore(found, said) and not any(name.startswith("x_misp_") for name in found):
        return None
    given.taken.add(found["id"])
    said |= _hung(found, given)
    _take_observables(found, given)
    item = restore(found, said)
    _mark(item, found, around, given)
    return item


def _object(found: dict[str, Any], around: Handling, given: _Given) -> Item:
    given.taken.add(found["id"])
    said = object_said(found) | _hung(found, given)
    _take_observables(found, given)
    given.taken.update(str(one.get("target_ref")) for one in given.on(found["id"], "attribute-galaxy"))
    references = given.on(found["id"], "object-reference")
    if references:
        said["ObjectReference"] = [restore(one, reference_said(one)) for one in references]
    item = restore(found, said)
    inner = item.get("Attribute")
    for attribute in inner if isinstance(inner, list) else ():
        if isinstance(attribute, Mapping):
            around = around.joined(handling_of(attribute, (), []))
    _mark(item, found, around, given)
    return item


def _take_observables(found: Found, given: _Given) -> None:
    refs = found.get("object_refs")
    if found["type"] == "observed-data" and isinstance(refs, list):
        given.taken.update(ref for ref in refs if isinstance(ref, str))


def _hung(found: Found, given: _Given) -> Item:
    """Galaxies, sightings and analysts' words that hang on an object."""
    said: Item = {}
    related = [given.objects.get(str(one.get("target_ref"))) for one in given.on(found["id"], "galaxy")]
    clusters = [one for one in related if one is not None]
    if clusters:
        given.taken.update(one["id"] for one in clusters)
        said["Galaxy"] = galaxies.galaxies_of(clusters)
    sightings = given.on(found["id"], "sighting")
    if sightings:
        said["Sighting"] = [restore(one, sighting_said(one, given.objects)) for one in sightings]
        for one in sightings:
            refs = one.get("where_sighted_refs")
            given.taken.update(ref for ref in (refs if isinstance(refs, list) else ()) if isinstance(ref, str))
    return said | _analysis(found, given)


def _analysis(found: Found, given: _Given, depth: int = 0) -> Item:
    said: Item = {}
    if depth > MAX_DEPTH:
        return said
    for key, kind, read in (
        ("Note", "note", note_said),
        ("Opinion", "opinion", opinion_said),
        ("Relationship", "relationship", relation_said),
    ):
        hung = given.on(str(found["id"]), kind)
        if hung:
            said[key] = [restore(one, read(one) | _analysis(one, given, depth + 1)) for one in hung]
    return said


def _mark(item: Item, found: Found, around: Handling, given: _Given) -> None:
    """Tags for markings that the item does not say itself: someone on the way may have marked it stricter."""
    marks = marks_of(found, given.definitions)
    for ref in marks.unknown:
        given.tightened.append(Loss((str(found["id"]),), f"nobody knows the marking {ref}: handled as TLP:RED"))
    own = around.joined(handling_of(item, (), [])).joined(inner_handling(item))
    tags = tags_for(marks, own)
    if tags:
        item["Tag"] = [*item.get("Tag", []), *({"name": tag} for tag in tags)]


def _raise(event: Item, head: Found | None, given: _Given, back: Mapping[str, Found]) -> bool:
    """Tag the event as strictly as anything in it that MISP cannot tag by itself; whether there was such a thing."""
    definitions = {
        **given.definitions,
        **{one["id"]: dict(one) for one in back.values() if one["type"] == "marking-definition"},
    }
    need = Marks()
    for identity, found in given.originals.items():
        again = back.get(identity)
        if again is None and (found["type"] in _TAGGED or found["type"] == "marking-definition"):
            continue
        marks, now = marks_of(found, definitions), marks_of(again or {}, definitions)
        before = need.tlp
        if stricter(now.tlp, marks.tlp) is not now.tlp:
            need.tlp = stricter(need.tlp, marks.tlp)
        if marks.pap and marks.pap is not now.pap and (now.pap is None or marks.pap.strictness > now.pap.strictness):
            need.pap = marks.pap if need.pap is None else max(need.pap, marks.pap, key=lambda one: one.strictness)
        need.statements += [one for one in marks.statements if one not in (*now.statements, *need.statements)]
        if need.tlp is not before and need.tlp:
            given.tightened.append(Loss((identity,), f"MISP has no tags for this: the event is {need.tlp.shown}"))
    tags = tags_for(need, Handling())
    if not tags:
        return False
    event["Tag"] = [*event.get("Tag", []), *({"name": tag} for tag in tags)]
    if head is None or not any(name.startswith("x_misp_") for name in head):
        event["distribution"] = distribution_for(handling_of(event, (), []).tlp)
    return True


# What did not come along --------------------------------------------------------------------------------------------


def _missing(objects: Mapping[str, Found], back: Mapping[str, Found]) -> list[Loss]:
    losses = []
    for identity, found in objects.items():
        again = back.get(identity)
        if again is None:
            losses.append(Loss((identity,), _NO_OBJECT))
            continue
        if same(found, again):
            continue
        kept = dict(leaves(again))
        for keys, value in leaves(found):
            if keys not in kept or not (same(kept[keys], value) or _is_same_time(kept[keys], value)):
                losses.append(Loss((identity, *keys), _REASONS.get(str(keys[0]), _NO_FIELD)))
    return losses


def _is_same_time(one: Any, other: Any) -> bool:
    """The same moment written with other zeros."""
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and read_time(one) is not None
        and read_time(one) == read_time(other)
    )
