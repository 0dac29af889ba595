"""STIX objects that nobody made of a MISP event, as MISP has them: attributes, objects, clusters, sightings, notes, reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.misp import galaxies
from tocsin.formats.misp.attribute_types import PATTERN, RULES, SHAPES, Shape
from tocsin.formats.misp.handling import Handling, distribution_for, handling_of, marks_of, stricter, tags_for
from tocsin.formats.misp.losses import Loss
from tocsin.formats.misp.naming import derived, misp_time, read_time, seconds_of, uuid_of
from tocsin.formats.misp.patterns import alternatives_of
from tocsin.formats.misp.said import (
    Item,
    labelled,
    note_said,
    opinion_said,
    organisation_said,
    relation_said,
    sighting_said,
)
from tocsin.formats.misp.templates import TEMPLATES
from tocsin.formats.misp.terms import Said, steps_of

Found = Mapping[str, Any]

#: Kinds of observables -> the template whose attributes they are.
_TEMPLATE_OF = {
    "file": "file",
    "domain-name": "domain-ip",
    "network-traffic": "network-connection",
    "email-message": "email",
    "process": "process",
    "x509-certificate": "x509",
    "user-account": "user-account",
    "windows-registry-key": "registry-key",
    "autonomous-system": "asn",
    "mutex": "mutex",
    "url": "url",
}
_META_CATEGORIES = {"file": "file", "registry-key": "file", "process": "misc", "user-account": "misc", "mutex": "misc"}
_LANGUAGES = {language: kind for kind, (language, _) in reversed(RULES.items())}
_CONFIDENCE = (
    (95, "completely-confident"),
    (75, "usually-confident"),
    (50, "fairly-confident"),
    (25, "rarely-confident"),
    (0, "unconfident"),
)
_NO_TITLE = "STIX objects"


def _single_types() -> dict[str, str]:
    """A path that is all of a value -> the attribute type; of several types the first row counts."""
    found: dict[str, str] = {}
    for kind, shape in SHAPES.items():
        if len(shape.terms) == 1:
            found.setdefault(shape.terms[0].path, kind)
    return found | {
        "ipv4-addr:value": "ip-dst",
        "ipv6-addr:value": "ip-dst",
        "network-traffic:dst_ref.value": "ip-dst",
        "network-traffic:src_ref.value": "ip-src",
    }


_TYPES = _single_types()


@dataclass(slots=True)
class _Sorting:
    """What is being added to an event; ``places`` finds the item that a STIX id became."""

    event: Item
    objects: Mapping[str, Found]
    definitions: Mapping[str, Found]
    tightened: list[Loss]
    around: Handling
    places: dict[str, tuple[str, Item]] = field(default_factory=dict)
    clusters: dict[str, Found] = field(default_factory=dict)
    hung: set[str] = field(default_factory=set)

    def marked(self, item: Item, found: Found) -> Item:
        """The item with tags and a distribution no wider than the object's markings."""
        marks = marks_of(found, self.definitions)
        for ref in marks.unknown:
            self.tightened.append(Loss((str(found["id"]),), f"nobody knows the marking {ref}: handled as TLP:RED"))
        tags = [*_texts(found.get("labels")), *tags_for(marks, self.around)]
        if tags:
            item["Tag"] = [{"name": tag} for tag in dict.fromkeys(tags)]
        own = handling_of(item, (), [])
        is_stricter = stricter(self.around.strictest, own.tlp) is not self.around.strictest
        item["distribution"] = distribution_for(own.tlp) if is_stricter else "5"
        return item

    def add(self, key: str, item: Item, *identities: str) -> None:
        """Add an item to a list of the event, found again under these STIX ids."""
        self.event.setdefault(key, []).append(item)
        for identity in identities:
            self.places.setdefault(identity, (key, item))


def complete(
    event: Item,
    head: Found | None,
    objects: Mapping[str, Found],
    taken: set[str],
    definitions: Mapping[str, Found],
    tightened: list[Loss],
) -> None:
    """Add to an event what is not in it yet, and what MISP asks of every event where the head was not made of one."""
    rest = [found for identity, found in objects.items() if identity not in taken]
    is_ours = head is not None and any(name.startswith("x_misp_") for name in head)
    if not is_ours:
        _begin(event, head, objects, definitions)
    sorting = _Sorting(event, objects, definitions, tightened, handling_of(event, (), []))
    _find_places(sorting)
    for kinds in (_FIRST, _SECOND):
        for found in rest:
            if found["id"] not in sorting.hung and (make := kinds.get(str(found["type"]))) is not None:
                make(sorting, found)
    loose = [found for identity, found in sorting.clusters.items() if identity not in sorting.hung]
    if loose:
        event["Galaxy"] = [*event.get("Galaxy", []), *galaxies.galaxies_of(loose)]
    if head is not None and not is_ours and isinstance(head.get("description"), str) and head["description"]:
        report = {"uuid": derived(head["id"], "description"), "name": event["info"], "content": head["description"]}
        event.setdefault("EventReport", []).append({**report, "timestamp": event["timestamp"], "distribution": "5"})


def _begin(event: Item, head: Found | None, objects: Mapping[str, Found], definitions: Mapping[str, Found]) -> None:
    """Title, date, times, level and distribution. Without a head the strictest marking of all objects holds for the event."""
    latest = max((str(found.get("modified", "")) for found in objects.values()), default="")
    event.setdefault("uuid", uuid_of(str(head["id"])) if head else derived("event", *sorted(objects)))
    event.setdefault("info", _NO_TITLE)
    event.setdefault("timestamp", seconds_of(latest) or "0")
    day = read_time(latest)
    event.setdefault("date", day.strftime("%Y-%m-%d") if day else "1970-01-01")
    event.setdefault("published", False)
    event.setdefault("threat_level_id", "4")
    event.setdefault("analysis", "2")
    if head is None:
        marks = [marks_of(found, definitions) for found in objects.values() if "object_marking_refs" in found]
        labels = [mark.tlp for mark in marks if mark.tlp]
        if labels:
            event["Tag"] = [*event.get("Tag", []), {"name": f"tlp:{max(labels, key=lambda one: one.strictness).value}"}]
    event.setdefault("distribution", distribution_for(handling_of(event, (), []).tlp))


def _find_places(sorting: _Sorting) -> None:
    """Where the items stand that the event has already."""
    event = sorting.event
    for key in ("Attribute", "Object"):
        for item in event.get(key, ()):
            uuid = item.get("uuid") if isinstance(item, Mapping) else None
            if isinstance(uuid, str):
                for kind in (
                    "indicator",
                    "observed-data",
                    "x-misp-attribute",
                    "x-misp-object",
                    "vulnerability",
                    "campaign",
                ):
                    sorting.places.setdefault(f"{kind}--{uuid}", (key, item))
    for kind in ("report", "grouping"):
        sorting.places.setdefault(f"{kind}--{event.get('uuid')}", ("Event", event))


# Indicators ---------------------------------------------------------------------------------------------------------


def _indicator(sorting: _Sorting, found: Found) -> None:
    uuid, pattern = uuid_of(found["id"]), found.get("pattern")
    if not isinstance(pattern, str):
        return
    language = str(found.get("pattern_type", "stix"))
    if language != "stix":
        kind = _LANGUAGES.get(language, "other")
        category = RULES[kind][1] if kind in RULES else "Other"
        sorting.add("Attribute", _of_indicator(sorting, found, uuid, (kind, category, pattern)), found["id"])
        return
    read = alternatives_of(pattern)
    for number, terms in enumerate(read or ()):
        own = uuid if number == 0 else derived(uuid, number)
        values = _values_of(terms)
        if values is None:
            item = _object_of(terms, own, is_for_detection=True)
            if item is None:
                read = None
                break
            sorting.add("Object", _of_indicator(sorting, found, own, None) | item, found["id"])
            continue
        for position, value in enumerate(values):
            inner = own if position == 0 else derived(own, "part", position)
            sorting.add("Attribute", _of_indicator(sorting, found, inner, value), found["id"])
    if not read:
        value = (PATTERN, "External analysis", pattern)
        sorting.add("Attribute", _of_indicator(sorting, found, uuid, value), found["id"])


def _of_indicator(sorting: _Sorting, found: Found, uuid: str, value: tuple[str, str, str] | None) -> Item:
    """What an indicator says beside its pattern. ``value`` is type, category and value of an attribute."""
    item: Item = {"uuid": uuid, "timestamp": seconds_of(found.get("modified", found.get("created"))) or "0"}
    if value is not None:
        item |= {"type": value[0], "category": value[1], "value": value[2]}
        item["to_ids"] = _texts(found.get("indicator_types")) != ["benign"]
    comment = found.get("description") or found.get("name")
    if isinstance(comment, str) and comment:
        item["comment"] = comment
    since, modified = read_time(found.get("valid_from")), read_time(found.get("modified"))
    if since and since != modified:
        item["first_seen"] = misp_time(since)
    if until := seconds_of(found.get("valid_until")):
        item["Sighting"] = [{"uuid": derived(uuid, "valid_until"), "type": "2", "date_sighting": until}]
    if found.get("revoked") is True:
        item["deleted"] = True
    sorting.marked(item, found)
    degree = found.get("confidence")
    if type(degree) is int and 0 <= degree <= 100:
        word = next(word for least, word in _CONFIDENCE if degree >= least)
        item["Tag"] = [*item.get("Tag", []), {"name": f'misp:confidence-level="{word}"'}]
    return item


def _values_of(terms: list[Said]) -> list[tuple[str, str, str]] | None:
    """The attributes that comparisons of one thing come to, or ``None`` if they are no attributes of their own."""
    given = {term.path: term.value for term in terms}
    if len(terms) == 1:
        kind = _TYPES.get(terms[0].path)
        return [_value(kind, terms[0].value)] if kind else None
    for kind, shape in SHAPES.items():
        if (text := _fits(shape, given)) is not None:
            return [(kind, shape.category, text)]
    if set(given) == {"email-addr:value", "email-addr:display_name"}:
        name = str(given["email-addr:display_name"])
        return [_value("email-dst", given["email-addr:value"]), ("email-dst-display-name", "Payload delivery", name)]
    return None


def _value(kind: str, value: str | int) -> tuple[str, str, str]:
    kind = "email-dst" if kind == "email" else kind
    text = f"AS{value}" if kind == "AS" else str(value)
    return kind, SHAPES[kind].category, text


def _fits(shape: Shape, given: Mapping[str, str | int]) -> str | None:
    """The value of an attribute of that shape, if the comparisons are exactly its own."""
    if {term.path for term in shape.terms} != given.keys() or any(term.is_data for term in shape.terms):
        return None
    if any(term.fixed not in (None, given[term.path]) and "{" not in str(term.fixed) for term in shape.terms):
        return None
    parts = {term.part: str(given[term.path]) for term in shape.terms if term.part is not None}
    return "|".join(parts[number] for number in sorted(parts))


def _object_of(terms: Iterable[Said], uuid: str, *, is_for_detection: bool) -> Item | None:
    """The comparisons as a MISP object with one attribute each; ``None`` where a template lacks one of them."""
    terms = [term for term in terms if not term.path.endswith("_ref.type")]
    name = _TEMPLATE_OF.get(terms[0].path.partition(":")[0]) if terms else None
    relations = {path: relation for relation, path in reversed(TEMPLATES[name].items())} if name else {}
    if not name or any(term.path not in relations for term in terms):
        return None
    attributes = []
    for number, term in enumerate(terms):
        relation = relations[term.path]
        kind = _TYPES.get(term.path, "text")
        category = SHAPES[kind].category if kind in SHAPES else "Other"
        attributes.append(
            {
                "uuid": derived(uuid, "attribute", number),
                "object_relation": relation,
                "type": kind,
                "category": category,
                "value": str(term.value),
                "to_ids": is_for_detection,
                "distribution": "5",
            }
        )
    return {"uuid": uuid, "name": name, "meta-category": _META_CATEGORIES.get(name, "network"), "Attribute": attributes}


# Observables --------------------------------------------------------------------------------------------------------


def _observed(sorting: _Sorting, found: Found) -> None:
    inside = found.get("objects")
    if isinstance(inside, Mapping):
        given = _embedded(inside, found["id"])
    else:
        refs = _texts(found.get("object_refs"))
        given = {ref: sorting.objects[ref] for ref in refs if ref in sorting.objects}
    referred = {ref for one in given.values() for ref in _refs_of(one)}
    first, last = (read_time(found.get(key)) for key in ("first_observed", "last_observed"))
    for identity, one in given.items():
        if identity in referred and len(given) > 1:
            sorting.hung.add(identity)
            continue
        made = _seen(one, given)
        if made is None:
            continue
        key, item = made
        item["timestamp"] = seconds_of(found.get("modified", found.get("created"))) or "0"
        item["comment"] = f"Observed Data ID: {found['id']}"
        if first and last and first != last:
            item |= {"first_seen": misp_time(first), "last_seen": misp_time(last)}
        if found.get("revoked") is True:
            item["deleted"] = True
        around = {name: found[name] for name in ("labels", "object_marking_refs", "granular_markings") if name in found}
        sorting.marked(item, _both_marked(one, around))
        sorting.add(key, item, identity, found["id"])
        sorting.hung.add(identity)


def _both_marked(one: Found, around: Mapping[str, Any]) -> dict[str, Any]:
    """An observable with its own markings and those of the observed data that it stands in."""
    both = {
        name: [*_parts(one.get(name)), *_parts(around.get(name))]
        for name in ("labels", "object_marking_refs", "granular_markings")
    }
    return {**one, **{name: parts for name, parts in both.items() if parts}}


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _embedded(inside: Mapping[str, Any], identity: str) -> dict[str, Found]:
    """The observables that STIX 2.0 kept inside observed data, with ids, so that they can be read like any others."""
    ids = {
        key: f"{one['type']}--{derived(identity, key)}"
        for key, one in inside.items()
        if isinstance(one, Mapping) and isinstance(one.get("type"), str)
    }

    def named(name: str, value: Any) -> Any:
        if name.endswith("_ref"):
            return ids.get(str(value), value)
        return (
            [ids.get(str(one), one) for one in value] if name.endswith("_refs") and isinstance(value, list) else value
        )

    return {
        own: {name: named(name, value) for name, value in inside[key].items()} | {"id": own} for key, own in ids.items()
    }


def _observable(sorting: _Sorting, found: Found) -> None:
    if any(found["id"] in _refs_of(one) for one in sorting.objects.values() if one["type"] in OBSERVABLES):
        return
    item = _seen(found, sorting.objects)
    if item is not None:
        sorting.add(item[0], sorting.marked(item[1], found), found["id"])


def _seen(found: Found, objects: Mapping[str, Found]) -> tuple[str, Item] | None:
    """An observable as an attribute or an object that is not for detection."""
    terms = list(_terms(found, objects))
    uuid = uuid_of(str(found["id"]))
    if not terms:
        return None
    if len(terms) == 1 and (kind := _TYPES.get(terms[0].path)):
        named = "email" if kind == "email" else kind
        text = f"AS{terms[0].value}" if kind == "AS" else str(terms[0].value)
        item = {"uuid": uuid, "type": named, "category": SHAPES[named].category, "value": text, "to_ids": False}
        return "Attribute", item
    made = _object_of(terms, uuid, is_for_detection=False)
    return None if made is None else ("Object", made)


def _terms(found: Found, objects: Mapping[str, Found]) -> Iterable[Said]:
    """The properties of an observable that a template or a type has a place for."""
    kind = str(found["type"])
    paths = {path for template in TEMPLATES.values() for path in template.values() if path.startswith(kind + ":")}
    for path in sorted(paths | {path for path in _TYPES if path.startswith(kind + ":")}):
        for value in _all_at(path.partition(":")[2], found, objects):
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield Said(path, value)


def _all_at(rest: str, node: Any, objects: Mapping[str, Found]) -> list[Any]:
    """All values at a path; a reference is followed."""
    for name, is_list in ((step.name, step.is_list) for step in steps_of(rest)):
        if not isinstance(node, Mapping) or name not in node:
            return []
        inner = node[name]
        if name.endswith("_refs") and isinstance(inner, list):
            after = rest.partition("]")[2].lstrip(".")
            return [value for ref in inner for value in _all_at(after, objects.get(str(ref)), objects)]
        if name.endswith("_ref"):
            inner = objects.get(str(inner))
        if is_list and isinstance(inner, list):
            after = rest.partition("]")[2].lstrip(".")
            return [value for one in inner for value in (_all_at(after, one, objects) if after else [one])]
        node = inner
    return [node]


def _refs_of(found: Found) -> set[str]:
    refs: set[str] = set()
    for name, value in found.items():
        if name.endswith("_ref") and isinstance(value, str):
            refs.add(value)
        elif name.endswith("_refs") and isinstance(value, list) and name != "object_marking_refs":
            refs |= {one for one in value if isinstance(one, str)}
        elif name == "body_multipart" and isinstance(value, list):
            refs |= {str(one.get("body_raw_ref")) for one in value if isinstance(one, Mapping)}
    return refs


# Clusters, and what hangs on others ---------------------------------------------------------------------------------


def _cluster(sorting: _Sorting, found: Found) -> None:
    """A domain object as a cluster of the galaxy that MISP has for objects of STIX 2.1."""
    kind = str(found["type"])
    if labelled(found, 'misp:galaxy-type="') is None:
        title = "STIX 2.1 " + " ".join(word.capitalize() if word != "of" else word for word in kind.split("-"))
        found = {**found, "labels": [f'misp:galaxy-name="{title}"', f'misp:galaxy-type="stix-2.1-{kind}"']}
    sorting.clusters[found["id"]] = found


def _identity(sorting: _Sorting, found: Found) -> None:
    if found.get("identity_class") == "class" and labelled(found, 'misp:galaxy-type="') is not None:
        sorting.clusters[found["id"]] = found


def _relationship(sorting: _Sorting, found: Found) -> None:
    source, target = str(found.get("source_ref")), str(found.get("target_ref"))
    place = sorting.places.get(source)
    if place is None or not isinstance(found.get("relationship_type"), str):
        return
    key, item = place
    if target in sorting.clusters:
        (galaxy,) = galaxies.galaxies_of([sorting.clusters[target]])
        galaxy["GalaxyCluster"][0]["relationship_type"] = found["relationship_type"]
        item.setdefault("Galaxy", []).append(galaxy)
        sorting.hung.add(target)
        return
    other = sorting.places.get(target)
    if other is None:
        return
    said = relation_said(found) | {"object_type": key, "object_uuid": item["uuid"]}
    item.setdefault("Relationship", []).append(
        said | {"related_object_uuid": other[1]["uuid"], "related_object_type": other[0]}
    )


def _sighting(sorting: _Sorting, found: Found) -> None:
    place = sorting.places.get(str(found.get("sighting_of_ref")))
    if place is not None and place[0] == "Attribute":
        place[1].setdefault("Sighting", []).append(sighting_said(found, sorting.objects))


def _note(sorting: _Sorting, found: Found) -> None:
    _analysis(sorting, found, "Note", note_said(found))


def _opinion(sorting: _Sorting, found: Found) -> None:
    _analysis(sorting, found, "Opinion", opinion_said(found))


def _analysis(sorting: _Sorting, found: Found, key: str, said: Item) -> None:
    """An analyst's word about the first thing that it names, else about the event."""
    refs = _texts(found.get("object_refs"))
    kind, item = next((sorting.places[ref] for ref in refs if ref in sorting.places), ("Event", sorting.event))
    item.setdefault(key, []).append(said | {"object_type": kind, "object_uuid": item.get("uuid")})


def _report(sorting: _Sorting, found: Found) -> None:
    """A second report is a report within the event."""
    content = found.get("description") or found.get("name")
    if isinstance(content, str) and isinstance(found.get("name"), str):
        item = {"uuid": uuid_of(found["id"]), "name": found["name"], "content": content}
        item["timestamp"] = seconds_of(found.get("modified")) or "0"
        sorting.add("EventReport", sorting.marked(item, found), found["id"])


def _author(sorting: _Sorting, found: Found) -> None:
    """The one organisation that wrote everything is the event's author."""
    authors = {one["created_by_ref"] for one in sorting.objects.values() if isinstance(one.get("created_by_ref"), str)}
    if "Orgc" not in sorting.event and authors == {found["id"]} and (said := organisation_said(found)).get("name"):
        sorting.event["Orgc"] = said


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


#: Observables that have a place in MISP.
OBSERVABLES = frozenset(
    {
        "artifact",
        "autonomous-system",
        "directory",
        "domain-name",
        "email-addr",
        "email-message",
        "file",
        "ipv4-addr",
        "ipv6-addr",
        "mac-addr",
        "mutex",
        "network-traffic",
        "process",
        "software",
        "url",
        "user-account",
        "windows-registry-key",
        "x509-certificate",
    }
)
_CLUSTERS = galaxies.CLUSTER_TYPES - {"identity"}


def _identity_or_author(sorting: _Sorting, found: Found) -> None:
    _identity(sorting, found)
    _author(sorting, found)


_FIRST = {
    "indicator": _indicator,
    "observed-data": _observed,
    "identity": _identity_or_author,
    "report": _report,
    "grouping": _report,
    **dict.fromkeys(_CLUSTERS, _cluster),
}
_SECOND = {
    "relationship": _relationship,
    "sighting": _sighting,
    "note": _note,
    "opinion": _opinion,
    **dict.fromkeys(OBSERVABLES, _observable),
}
