"""Values of patterns and observables that nobody made of a MISP event, as attributes and objects of MISP."""

from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.formats.misp.attribute_types import SHAPES, Shape
from tocsin.formats.misp.naming import derived, uuid_of
from tocsin.formats.misp.said import Item
from tocsin.formats.misp.templates import TEMPLATES
from tocsin.formats.misp.terms import Said, address_type, steps_of

Found = Mapping[str, Any]

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


# Patterns -----------------------------------------------------------------------------------------------------------


def values_of(terms: list[Said]) -> list[tuple[str, str, str]] | None:
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


def object_of(terms: Iterable[Said], uuid: str, *, is_for_detection: bool) -> Item | None:
    """The comparisons as a MISP object with one attribute each; ``None`` where a template lacks one of them."""
    terms = [term for term in terms if not term.path.endswith("_ref.type")]
    name = _TEMPLATE_OF.get(terms[0].path.partition(":")[0]) if terms else None
    relations = {path: relation for relation, path in reversed(TEMPLATES[name].items())} if name else {}
    if not name or any(term.path not in relations for term in terms):
        return None
    attributes = []
    for number, term in enumerate(terms):
        relation, kind = relations[term.path], _TYPES.get(term.path, "text")
        if term.path.endswith(("dst_ref.value", "src_ref.value")) and address_type(str(term.value)) is None:
            relation, kind = f"hostname-{term.path[16:19]}", "hostname"
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


def embedded(inside: Mapping[str, Any], identity: str) -> dict[str, Found]:
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


def seen_item(found: Found, objects: Mapping[str, Found]) -> tuple[str, Item] | None:
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
    made = object_of(terms, uuid, is_for_detection=False)
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


def refs_of(found: Found) -> set[str]:
    """Ids of the objects that an observable is made of."""
    refs: set[str] = set()
    for name, value in found.items():
        if name.endswith("_ref") and isinstance(value, str):
            refs.add(value)
        elif name.endswith("_refs") and isinstance(value, list) and name != "object_marking_refs":
            refs |= {one for one in value if isinstance(one, str)}
        elif name == "body_multipart" and isinstance(value, list):
            refs |= {str(one.get("body_raw_ref")) for one in value if isinstance(one, Mapping)}
    return refs


def texts(value: Any) -> list[str]:
    """The texts of a list; nothing where it is none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
