"""A MISP event as STIX 2.1 objects. Pure: the same event gives the same objects, in the same order, on every machine.

An attribute for detection (``to_ids``) is an indicator; any other is observed data with its observables; what STIX has no property
for is a custom object. The event is a report once it is published and a grouping before. All else is in ``docs/use/misp.md``.
Nothing is lost in silence: see :mod:`tocsin.formats.misp.custom` for how that is ensured.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from tocsin.formats.misp.attribute_types import ADDRESS, DATA, PATTERN, RULES, SHAPES, THINGS, Shape, Term, is_data_only
from tocsin.formats.misp.bundle import Bundle, is_true, mappings
from tocsin.formats.misp.custom import DROPPED, spoken
from tocsin.formats.misp.handling import Handling, handling_of
from tocsin.formats.misp.losses import Converted, Loss, Path
from tocsin.formats.misp.naming import NEVER, day_of, derived, is_uuid, moment, read_time, written_short
from tocsin.formats.misp.said import (
    CATEGORY,
    KIND,
    META_CATEGORY,
    NAME,
    REPORT,
    TOOL,
    TYPE,
    Item,
    attribute_said,
    event_said,
    object_said,
)
from tocsin.formats.misp.templates import RULE_TEMPLATES, TEMPLATES, THING_TEMPLATES
from tocsin.formats.misp.terms import LONGEST_PATTERN, Said, address_type, fitting, observables_of, pattern_of
from tocsin.formats.stix.check import check_object
from tocsin.formats.tags import read_tags
from tocsin.vocab.errors import InputError

_LISTS = ("Attribute", "Object", "EventReport", "Tag", "Galaxy", "Sighting", "Note", "Opinion", "Relationship")
_EMPTY = "This MISP event has neither attributes, objects, galaxies nor reports."
_NO_NAME = "A MISP event without a title"


def to_stix(event: Mapping[str, Any]) -> Converted:
    """The objects of one event (the inner object, not ``{"Event": …}``), the markings and authors first.

    Raises ``InputError`` on what is no MISP event: no JSON object, a STIX bundle, lists that are none, nesting without end.
    """
    if not isinstance(event, Mapping):
        raise InputError(f"a MISP event is a JSON object, not {type(event).__name__}")
    if event.get("type") == "bundle" and "objects" in event:
        raise InputError("this is a STIX bundle, not a MISP event: use tocsin misp from-stix")
    losses: list[Loss] = []
    item: Item = spoken(_with_objects_only(event, losses), losses)
    for key in _LISTS:
        if not isinstance(item.get(key, []), list):
            raise InputError(f"{key} of the event is {type(item[key]).__name__}, not a list: this is no MISP event")
    bundle = _begun(item, losses)
    report = _report(item, bundle)
    _contents(item, bundle, report)
    return _finished(bundle, report)


def _with_objects_only(event: Mapping[str, Any], losses: list[Loss]) -> dict[str, Any]:
    """The event less what stands among its attributes and objects and is neither."""
    found = dict(event)
    for key in ("Attribute", "Object"):
        parts = found.get(key)
        if isinstance(parts, list) and not all(part is None or isinstance(part, Mapping) for part in parts):
            found[key] = [part if part is None or isinstance(part, Mapping) else DROPPED for part in parts]
            losses += [
                Loss((key, number), f"what stands among {key} is a JSON object, this is {type(part).__name__}")
                for number, part in enumerate(parts)
                if part is not None and not isinstance(part, Mapping)
            ]
    return found


def _begun(item: Item, losses: list[Loss]) -> Bundle:
    day = day_of(item.get("date"))
    time = moment(item.get("timestamp")) or moment(item.get("publish_timestamp")) or day or read_time(NEVER)
    assert time is not None  # noqa: S101 -- the last of them is a constant
    uuid = item["uuid"] if is_uuid(item.get("uuid")) else derived("event", _canonical(item))
    tightened: list[Loss] = []
    handling = handling_of(item, (), tightened)
    bundle = Bundle(uuid, time, handling, losses=losses, tightened=tightened)
    bundle.author = bundle.organisation(item.get("Orgc"))
    return bundle


def _canonical(item: Item) -> str:
    """An event that has no UUID is known by all that it says."""
    options = orjson.OPT_SORT_KEYS
    try:
        return orjson.dumps(item, option=options).decode()
    except TypeError:
        return repr(sorted(item))


def _report(item: Item, bundle: Bundle) -> dict[str, Any]:
    is_published = is_true(item.get("published"))
    kind = "report" if is_published else "grouping"
    found = bundle.head(kind, f"{kind}--{bundle.uuid}", bundle.time, day_of(item.get("date")))
    title = item.get("info")
    found["name"] = title if isinstance(title, str) and title else _NO_NAME
    if is_published:
        found["published"] = written_short(moment(item.get("publish_timestamp")) or bundle.time)
    else:
        found["context"] = "suspicious-activity"
    found["object_refs"] = []
    found["labels"] = [REPORT, TOOL, *_tag_labels(item)]
    bundle.mark(found, bundle.handling)
    bundle.by_uuid[bundle.uuid] = found["id"]
    return bundle.add(found)


def _contents(item: Item, bundle: Bundle, report: dict[str, Any]) -> None:
    waiting = []
    for key, convert in (("Attribute", _attribute), ("Object", _object)):
        for number, part in enumerate(item.get(key, ())):
            waiting.append(convert(part, bundle, (key, number)))
    refs = bundle.galaxies(item, None, bundle.handling)
    reports = item.get("EventReport", [])
    made = [
        isinstance(part, dict) and bundle.report(part, report["id"], ("EventReport", number))
        for number, part in enumerate(reports)
    ]
    for finish in waiting:
        finish()
    said = event_said(report, bundle.objects) | bundle.analysis(item, report, bundle.handling, ())
    for key in ("Attribute", "Object"):
        if key in item:
            said[key] = item[key]
    if reports and all(made):
        said["EventReport"] = reports
    attached = {
        found["target_ref"] for found in bundle.objects.values() if found.get(KIND) in ("galaxy", "attribute-galaxy")
    }
    loose = [ref for ref in dict.fromkeys(refs) if ref not in attached]
    bundle.settle(report, item, said | bundle.galaxies_said(loose), bundle.handling, ())


def _finished(bundle: Bundle, report: dict[str, Any]) -> Converted:
    objects = list(bundle.objects.values())
    own = (report["id"], bundle.author)
    inside = [one["id"] for one in objects if one["id"] not in own]
    if not inside:
        note = bundle.head("note", f"note--{derived(bundle.uuid, 'empty')}", bundle.time)
        note |= {"content": _EMPTY, "object_refs": [report["id"]], KIND: "empty"}
        bundle.mark(note, bundle.handling)
        objects.append(note)
        inside = [note["id"]]
    report["object_refs"] = inside
    first = [one for one in objects if one["type"] == "identity" and one["id"] == bundle.author]
    rest = [one for one in objects if one["id"] not in own]
    ordered = (*bundle.definitions.values(), *first, report, *rest)
    return Converted(objects=ordered, losses=tuple(bundle.losses), tightened=tuple(dict.fromkeys(bundle.tightened)))


def _tag_labels(item: Item) -> list[str]:
    return [tag["name"] for tag in mappings(item.get("Tag")) if isinstance(tag.get("name"), str) and tag["name"]]


# Attributes ---------------------------------------------------------------------------------------------------------


def _attribute(item: Item, bundle: Bundle, at: Path) -> Any:
    """Convert an attribute; what refers to other parts of the event is left to the function that is given back."""
    kind, value = item.get("type"), item.get("value")
    handling = bundle.handled(item, at)
    made = None
    value = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(kind, str) and isinstance(value, str):
        made = _made(kind, value, item, bundle, at)
        if made is not None and not all(_is_valid(one) for one in made):
            made = None
    if made is None:
        made = [
            bundle.head(
                "x-misp-attribute", bundle.identity("x-misp-attribute", item.get("uuid"), at), bundle.time_of(item)
            )
        ]
    main = made[0]
    labels = [TYPE + kind + '"'] if isinstance(kind, str) else []
    if isinstance(item.get("category"), str):
        labels.append(CATEGORY + item["category"] + '"')
    main["labels"] = labels + _tag_labels(item)
    if not main["labels"]:
        del main["labels"]
    _confide(main, item)
    for one in made:
        bundle.mark(one, handling)
        bundle.add(one)
    if isinstance(item.get("uuid"), str):
        bundle.by_uuid.setdefault(item["uuid"], main["id"])
    return lambda: _finish(item, bundle, main, attribute_said(main, bundle.objects), handling, at)


def _finish(item: Item, bundle: Bundle, main: dict[str, Any], said: Item, handling: Handling, at: Path) -> None:
    said = said | bundle.sightings(item, main, handling, at)
    said |= bundle.galaxies_said(bundle.galaxies(item, main, handling))
    said |= bundle.analysis(item, main, handling, at)
    bundle.settle(main, item, said, handling, at)


def _confide(main: dict[str, Any], item: Item) -> None:
    confidence = read_tags(_tag_labels(item)).confidence if main["type"] == "indicator" else None
    if confidence is not None:
        main["confidence"] = confidence


def _is_valid(found: dict[str, Any]) -> bool:
    return check_object(found).valid


def _made(kind: str, value: str, item: Item, bundle: Bundle, at: Path) -> list[dict[str, Any]] | None:
    """The objects of an attribute, the main one first; ``None`` where STIX has no words for it."""
    is_for_detection = is_true(item.get("to_ids"))
    time = bundle.time_of(item)
    if kind in THINGS:
        return _thing(THINGS[kind][0], value, item, bundle, at, time)
    if is_for_detection and (kind in RULES or kind == PATTERN):
        return [_indicator(value, RULES[kind][0] if kind in RULES else "stix", item, bundle, at, time)]
    shape = SHAPES.get(kind)
    terms = _terms(shape, value, item) if shape else None
    if shape is None or terms is None:
        return None
    if is_for_detection:
        pattern = pattern_of(terms)
        if len(pattern) > LONGEST_PATTERN:
            terms = [term for term in terms if not term.path.startswith("file:content_ref.")]
            pattern = pattern_of(terms) if terms else ""
        return [_indicator(pattern, "stix", item, bundle, at, time)] if pattern else None
    return _observed(terms, item, bundle, at, time) if shape.is_seen else None


def _terms(shape: Shape, value: str, item: Item) -> list[Said] | None:
    parts = [value]
    if shape.parts > 1:
        parts = list(value.rpartition("|") if shape.splits_last else value.partition("|"))[::2]
        if shape.splits_last and not parts[0] and item.get("type") == "malware-sample":
            parts = [value]
    data = item.get(DATA)
    terms = []
    for term in shape.terms:
        if is_data_only(term) and not (isinstance(data, str) and data and fitting("artifact.payload_bin", data)):
            continue
        if term.part is not None and term.part >= len(parts):
            continue
        said = _term(term, parts, data)
        if said is None:
            return None
        terms.append(said)
    return terms or None


def _term(term: Term, parts: list[str], data: Any) -> Said | None:
    if term.is_data:
        return Said(term.path, data)
    if term.fixed == ADDRESS:
        kind = address_type(parts[0])
        return Said(term.path, kind) if kind else None
    if term.fixed is not None:
        return Said(term.path, term.fixed)
    value = fitting(term.path, parts[term.part or 0])
    return None if value is None else Said(term.path, value)


def _indicator(pattern: str, language: str, item: Item, bundle: Bundle, at: Path, time: datetime) -> dict[str, Any]:
    found = bundle.head("indicator", bundle.identity("indicator", item.get("uuid"), at), time)
    if isinstance(item.get("comment"), str) and item["comment"]:
        found["description"] = item["comment"]
    found |= {"pattern": pattern, "pattern_type": language}
    if language == "stix":
        found["pattern_version"] = "2.1"
    found["valid_from"] = written_short(read_time(item.get("first_seen")) or time)
    phase = item.get("category", item.get("meta-category"))
    if isinstance(phase, str) and phase:
        found["kill_chain_phases"] = [{"kill_chain_name": "misp-category", "phase_name": phase}]
    if is_true(item.get("deleted")):
        found["revoked"] = True
    return found


def _observed(terms: list[Said], item: Item, bundle: Bundle, at: Path, time: datetime) -> list[dict[str, Any]] | None:
    identity = bundle.identity("observed-data", item.get("uuid"), at)
    seen = observables_of(terms, identity.partition("--")[2])
    if seen is None:
        return None
    first = read_time(item.get("first_seen")) or time
    last = read_time(item.get("last_seen")) or first
    found = bundle.head("observed-data", identity, time)
    found |= {
        "first_observed": written_short(first),
        "last_observed": written_short(max(first, last)),
        "number_observed": 1,
        "object_refs": [one["id"] for one in seen],
    }
    if is_true(item.get("deleted")):
        found["revoked"] = True
    return [found, *seen]


def _thing(kind: str, name: str, item: Item, bundle: Bundle, at: Path, time: datetime) -> list[dict[str, Any]] | None:
    if not name:
        return None
    found = bundle.head(kind, bundle.identity(kind, item.get("uuid"), at), time)
    found["name"] = name
    if isinstance(item.get("comment"), str) and item["comment"]:
        found["description"] = item["comment"]
    if kind == "vulnerability" and name.upper().startswith("CVE-"):
        found["external_references"] = [{"source_name": "cve", "external_id": name}]
    if is_true(item.get("deleted")):
        found["revoked"] = True
    return [found]


# Objects ------------------------------------------------------------------------------------------------------------


def _object(item: Item, bundle: Bundle, at: Path) -> Any:
    """Convert an object; its attributes are all kept with it, and what STIX has words for is said in them too."""
    attributes = item.get("Attribute", [])
    if not isinstance(attributes, list):
        raise InputError(
            f"Attribute of Object[{at[1]}] is {type(attributes).__name__}, not a list: this is no MISP event"
        )
    handling = bundle.handled(item, at)
    for number, attribute in enumerate(attributes):
        if isinstance(attribute, dict):
            handling = handling.joined(bundle.handled(attribute, (*at, "Attribute", number)))
    made = _object_made(item, bundle, at)
    if made is None or not all(_is_valid(one) for one in made):
        made = [
            bundle.head("x-misp-object", bundle.identity("x-misp-object", item.get("uuid"), at), bundle.time_of(item))
        ]
    main = made[0]
    main["labels"] = [
        prefix + item[key] + '"'
        for key, prefix in (("name", NAME), ("meta-category", META_CATEGORY))
        if isinstance(item.get(key), str)
    ] + _tag_labels(item)
    if not main["labels"]:
        main["labels"] = [NAME + '"']
    for one in made:
        bundle.mark(one, handling)
        bundle.add(one)
    for uuid in (item.get("uuid"), *(part.get("uuid") for part in mappings(attributes))):
        if isinstance(uuid, str):
            bundle.by_uuid.setdefault(uuid, main["id"])
    return lambda: _finish_object(item, bundle, main, handling, at)


def _finish_object(item: Item, bundle: Bundle, main: dict[str, Any], handling: Handling, at: Path) -> None:
    for attribute in mappings(item.get("Attribute")):
        bundle.galaxies(attribute, main, handling, kind="attribute-galaxy")
    said = object_said(main) | bundle.references(item, main, handling, at)
    _finish(item, bundle, main, said, handling, at)


def _object_made(item: Item, bundle: Bundle, at: Path) -> list[dict[str, Any]] | None:
    name = item.get("name")
    attributes = [one for one in mappings(item.get("Attribute")) if isinstance(one.get("value"), str)]
    if not isinstance(name, str) or not attributes:
        return None
    time = bundle.time_of(item)
    wanted = [one for one in attributes if is_true(one.get("to_ids")) and not is_true(one.get("deleted"))]
    if name in RULE_TEMPLATES:
        relation, language = RULE_TEMPLATES[name]
        rules = [one["value"] for one in wanted if one.get("object_relation") == relation and one["value"]]
        return [_indicator(rules[0], language, item, bundle, at, time)] if len(rules) == 1 else None
    if name in THING_TEMPLATES:
        kind, relation = THING_TEMPLATES[name]
        named = [one["value"] for one in attributes if one.get("object_relation") == relation]
        return _thing(kind, named[0], item, bundle, at, time) if len(named) == 1 else None
    paths = TEMPLATES.get(name)
    if paths is None:
        return None
    terms = _object_terms(paths, wanted or [one for one in attributes if not is_true(one.get("deleted"))])
    if not terms:
        return None
    if not wanted:
        return _observed(terms, item, bundle, at, time)
    pattern = pattern_of(terms)
    return [_indicator(pattern, "stix", item, bundle, at, time)] if len(pattern) <= LONGEST_PATTERN else None


def _object_terms(paths: Mapping[str, str], attributes: list[Item]) -> list[Said]:
    """What the attributes say, in the order of the template's row; an address comes with its kind."""
    terms: dict[str, list[Said]] = {}
    for attribute in attributes:
        path = paths.get(str(attribute.get("object_relation")))
        value = fitting(path, attribute["value"]) if path else None
        if path is None or value is None:
            continue
        group = terms.setdefault(path, [])
        if path.endswith(("dst_ref.value", "src_ref.value")):
            kind = address_type(attribute["value"])
            if kind is None:
                continue
            group.append(Said(path.removesuffix("value") + "type", kind))
        group.append(Said(path, value))
    return [term for path in dict.fromkeys(paths.values()) for term in terms.get(path, ())]
