"""What the standard properties of a STIX object say in MISP's words. Custom properties are not looked at here: whatever differs
from this is kept beside (``custom.keep``), and whoever reads such objects begins with this (``custom.restore``)."""

from collections.abc import Mapping
from typing import Any

from tocsin.formats.misp.attribute_types import PATTERN, RULES, SHAPES, THINGS, Shape
from tocsin.formats.misp.naming import misp_time, read_time, seconds_of, uuid_of
from tocsin.formats.misp.terms import look, terms_of

Item = dict[str, Any]
Objects = Mapping[str, Mapping[str, Any]]

TYPE, CATEGORY = 'misp:type="', 'misp:category="'
NAME, META_CATEGORY = 'misp:name="', 'misp:meta-category="'
TOOL = 'misp:tool="tocsin"'
REPORT = "Threat-Report"
_OURS = (TYPE, CATEGORY, NAME, META_CATEGORY, "misp:galaxy-name=", "misp:galaxy-type=", 'misp:to_ids="')
_SURROUNDING = ("_ref.type", ":account_type")
#: ``x_misp_kind`` of objects that stand for a part of another item.
KIND = "x_misp_kind"


def labelled(found: Mapping[str, Any], prefix: str) -> str | None:
    """The text of the first label with that prefix."""
    return next(
        (label[len(prefix) : -1] for label in labels(found) if label.startswith(prefix) and label.endswith('"')), None
    )


def labels(found: Mapping[str, Any]) -> list[str]:
    """The labels of an object that are texts."""
    given = found.get("labels")
    return [label for label in given if isinstance(label, str)] if isinstance(given, list) else []


def tags_said(found: Mapping[str, Any]) -> list[Item]:
    """The tags that labels stand for: all but the ones that name MISP's own fields."""
    return [{"name": label} for label in labels(found) if not label.startswith(_OURS) and label not in (TOOL, REPORT)]


def _common(found: Mapping[str, Any]) -> Item:
    said: Item = {"uuid": uuid_of(str(found.get("id")))}
    if (seconds := seconds_of(found.get("modified"))) is not None:
        said["timestamp"] = seconds
    if found.get("revoked") is True:
        said["deleted"] = True
    if tags := tags_said(found):
        said["Tag"] = tags
    return said


# Attributes ---------------------------------------------------------------------------------------------------------


def attribute_said(found: Mapping[str, Any], objects: Objects) -> Item:
    """An attribute, as an indicator, observed data or a custom object tells it; ``objects`` are looked up by id."""
    said = _common(found)
    kind, category = labelled(found, TYPE), labelled(found, CATEGORY)
    said |= {key: value for key, value in (("type", kind), ("category", category)) if value is not None}
    form = found.get("type")
    if form == "indicator":
        said |= {"to_ids": True} | _pattern_said(kind or "", found)
        said |= _described(found)
        if _differ(found.get("valid_from"), found.get("modified")):
            said["first_seen"] = _time(found["valid_from"])
    elif form == "observed-data":
        said["to_ids"] = False
        said |= _seen_said(kind or "", found, objects)
        if _differ(found.get("first_observed"), found.get("modified")):
            said["first_seen"] = _time(found["first_observed"])
        if _differ(found.get("last_observed"), found.get("first_observed")):
            said["last_seen"] = _time(found["last_observed"])
    elif kind in THINGS:
        said |= _described(found)
        if isinstance(found.get("name"), str):
            said["value"] = found["name"]
    return {key: value for key, value in said.items() if value is not None}


def _described(found: Mapping[str, Any]) -> Item:
    return {"comment": found["description"]} if isinstance(found.get("description"), str) else {}


def _differ(one: Any, other: Any) -> bool:
    return read_time(one) is not None and read_time(one) != read_time(other)


def _time(text: Any) -> str | None:
    read = read_time(text)
    return None if read is None else misp_time(read)


def _pattern_said(kind: str, found: Mapping[str, Any]) -> Item:
    pattern = found.get("pattern")
    if not isinstance(pattern, str):
        return {}
    if kind in RULES or kind == PATTERN:
        return {"value": pattern}
    shape = SHAPES.get(kind)
    terms = terms_of(pattern) if shape else None
    if shape is None or terms is None:
        return {}
    values = {term.path: term.value for term in terms}
    said = _joined(shape, kind, lambda path: values.get(path))
    plain = [str(term.value) for term in terms if not term.path.endswith(_SURROUNDING)]
    if not said and len(plain) == shape.parts:
        # Others write the same comparisons on other paths: the label says what they are.
        said["value"] = "|".join(plain)
    return said


def _seen_said(kind: str, found: Mapping[str, Any], objects: Objects) -> Item:
    """The value in the first of the observables that has it (ours is the first of all)."""
    shape, refs = SHAPES.get(kind), found.get("object_refs")
    if shape is None or not isinstance(refs, list):
        return {}
    for ref in refs:
        root = objects.get(ref) if isinstance(ref, str) else None
        if root is not None and (said := _root_said(shape, kind, root, objects)):
            return said
    return {}


def _root_said(shape: Shape, kind: str, root: Mapping[str, Any], objects: Objects) -> Item:
    said = _joined(shape, kind, lambda path: look(path, objects, root))
    hashes = root.get("hashes")
    if "value" not in said and isinstance(hashes, Mapping) and len(hashes) == 1:
        (only,) = hashes.values()
        said = _joined(shape, kind, lambda path: only if ":hashes." in path else look(path, objects, root))
    return said


def _joined(shape: Shape, kind: str, value_at: Any) -> Item:
    """The value and the attached bytes; nothing where a part of the value is missing."""
    said: Item = {}
    parts: dict[int, str] = {}
    for term in shape.terms:
        value = value_at(term.path)
        if term.is_data and isinstance(value, str):
            said["data"] = value
        if term.part is not None and isinstance(value, str | int):
            parts[term.part] = str(value)
    if len(parts) == shape.parts:
        said["value"] = "|".join(parts[number] for number in sorted(parts))
    elif kind == "malware-sample" and 0 in parts:
        said["value"] = parts[0]
    return said


# Objects, events and what hangs on them -----------------------------------------------------------------------------


def object_said(found: Mapping[str, Any]) -> Item:
    """A MISP object less its attributes."""
    said = _common(found)
    said |= {"name": labelled(found, NAME), "meta-category": labelled(found, META_CATEGORY)}
    if found.get("type") in ("indicator", "vulnerability"):
        said |= _described(found)
    return {key: value for key, value in said.items() if value is not None}


def event_said(found: Mapping[str, Any], objects: Objects) -> Item:
    """The head of an event, as a report (published) or a grouping (not yet) tells it."""
    said = _common(found)
    said["published"] = found.get("type") == "report"
    if isinstance(found.get("name"), str):
        said["info"] = found["name"]
    created = found.get("created")
    if isinstance(created, str) and read_time(created):
        said["date"] = created[:10]
    if found.get("type") == "report" and (seconds := seconds_of(found.get("published"))) is not None:
        said["publish_timestamp"] = seconds
    if organisation := organisation_said(objects.get(str(found.get("created_by_ref")))):
        said["Orgc"] = organisation
    return said


def organisation_said(found: Mapping[str, Any] | None) -> Item:
    """An organisation, as an identity tells it."""
    if found is None:
        return {}
    said = {"uuid": uuid_of(str(found.get("id"))), "name": found.get("name")}
    return {key: value for key, value in said.items() if isinstance(value, str)}


def sighting_said(found: Mapping[str, Any], objects: Objects) -> Item:
    """A sighting (type 0), or a false positive that an opinion tells (type 1)."""
    said: Item = {"uuid": uuid_of(str(found.get("id"))), "type": "0" if found.get("type") == "sighting" else "1"}
    if (seconds := seconds_of(found.get("modified"))) is not None:
        said["date_sighting"] = seconds
    if found.get("type") == "sighting" and isinstance(found.get("description"), str):
        said["source"] = found["description"]
    refs = found.get("where_sighted_refs")
    if isinstance(refs, list) and refs and (by := organisation_said(objects.get(str(refs[0])))):
        said["Organisation"] = by
    return said


def report_said(found: Mapping[str, Any]) -> Item:
    """An event report, as a note tells it."""
    said = _common(found)
    for key, name in (("abstract", "name"), ("content", "content")):
        if isinstance(found.get(key), str):
            said[name] = found[key]
    return said


def _analyst(found: Mapping[str, Any]) -> Item:
    said: Item = {"uuid": uuid_of(str(found.get("id")))}
    for key in ("created", "modified"):
        if (time := read_time(found.get(key))) is not None:
            said[key] = time.strftime("%Y").zfill(4) + time.strftime("-%m-%d %H:%M:%S")
    authors = found.get("authors")
    if isinstance(authors, list) and len(authors) == 1 and isinstance(authors[0], str):
        said["authors"] = authors[0]
    return said


def note_said(found: Mapping[str, Any]) -> Item:
    """An analyst's note."""
    said = _analyst(found)
    for key, name in (("content", "note"), ("lang", "language")):
        if isinstance(found.get(key), str):
            said[name] = found[key]
    return said


#: STIX's five opinions and the middle of MISP's range (0-100) for each.
OPINIONS = {"strongly-disagree": 0, "disagree": 25, "neutral": 50, "agree": 75, "strongly-agree": 100}


def opinion_of(degree: int) -> str:
    """The word for a degree from 0 to 100."""
    words = list(OPINIONS)
    return words[min(4, max(0, (degree + 12) // 25))]


def opinion_said(found: Mapping[str, Any]) -> Item:
    """An analyst's opinion."""
    said = _analyst(found)
    if (degree := OPINIONS.get(str(found.get("opinion")))) is not None:
        said["opinion"] = degree
    if isinstance(found.get("explanation"), str):
        said["comment"] = found["explanation"]
    return said


def reference_said(found: Mapping[str, Any]) -> Item:
    """A reference from an object, as a relationship tells it."""
    said = {
        "uuid": uuid_of(str(found.get("id"))),
        "object_uuid": uuid_of(str(found.get("source_ref"))),
        "referenced_uuid": uuid_of(str(found.get("target_ref"))),
        "relationship_type": found.get("relationship_type"),
        "timestamp": seconds_of(found.get("modified")),
        "comment": found.get("description"),
    }
    return {key: value for key, value in said.items() if isinstance(value, str)}


def relation_said(found: Mapping[str, Any]) -> Item:
    """An analyst's relationship."""
    said = _analyst(found)
    said |= {
        "object_uuid": uuid_of(str(found.get("source_ref"))),
        "related_object_uuid": uuid_of(str(found.get("target_ref"))),
        "relationship_type": found.get("relationship_type"),
    }
    return {key: value for key, value in said.items() if isinstance(value, str)}
