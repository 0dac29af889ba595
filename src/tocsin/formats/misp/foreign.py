"""STIX objects that nobody made of a MISP event, as MISP has them: attributes, objects, clusters, sightings, notes, reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.misp import galaxies
from tocsin.formats.misp.attribute_types import PATTERN, RULES
from tocsin.formats.misp.foreign_values import OBSERVABLES, object_of, refs_of, seen_item, texts, values_of
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
    tags_said,
)

Found = Mapping[str, Any]

_LANGUAGES = {language: kind for kind, (language, _) in reversed(RULES.items())}
_CONFIDENCE = (
    (95, "completely-confident"),
    (75, "usually-confident"),
    (50, "fairly-confident"),
    (25, "rarely-confident"),
    (0, "unconfident"),
)
_NO_TITLE = "STIX objects"


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
        tags = [*(tag["name"] for tag in tags_said(found)), *tags_for(marks, self.around)]
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
        values = values_of(terms)
        if values is None:
            item = object_of(terms, own, is_for_detection=True)
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
        item["to_ids"] = texts(found.get("indicator_types")) != ["benign"]
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


# Observables --------------------------------------------------------------------------------------------------------


def _observed(sorting: _Sorting, found: Found) -> None:
    refs = texts(found.get("object_refs"))
    given = {ref: sorting.objects[ref] for ref in refs if ref in sorting.objects}
    referred = {ref for one in given.values() for ref in refs_of(one)}
    first, last = (read_time(found.get(key)) for key in ("first_observed", "last_observed"))
    for identity, one in given.items():
        if identity in referred and len(given) > 1:
            sorting.hung.add(identity)
            continue
        made = seen_item(one, given)
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


def _observable(sorting: _Sorting, found: Found) -> None:
    if any(found["id"] in refs_of(one) for one in sorting.objects.values() if one["type"] in OBSERVABLES):
        return
    item = seen_item(found, sorting.objects)
    if item is not None:
        sorting.add(item[0], sorting.marked(item[1], found), found["id"])


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
    refs = texts(found.get("object_refs"))
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
