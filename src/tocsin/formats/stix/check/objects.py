"""One object against the specification: what of it must be refused, and what is worth a word."""

from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check.common import OBJECT, OBSERVABLE, granular_markings_select
from tocsin.formats.stix.check.contained import dangling_references
from tocsin.formats.stix.check.found import Problem, kind_of, must, should, shown, step, under
from tocsin.formats.stix.check.identifiers import deterministic_problem, version_problem
from tocsin.formats.stix.check.kinds import is_before, type_of
from tocsin.formats.stix.check.layout import Layout
from tocsin.formats.stix.check.markings import marks_itself
from tocsin.formats.stix.check.names import custom_extension, custom_property, custom_type, property_of, type_problem
from tocsin.formats.stix.check.objects21 import LAYOUTS as OBJECTS
from tocsin.formats.stix.check.observables21 import CONTAINED
from tocsin.formats.stix.check.observables21 import LAYOUTS as OBSERVABLES
from tocsin.formats.stix.check.older import CONTAINED as OLDER_CONTAINED
from tocsin.formats.stix.check.older import LAYOUTS as OLDER
from tocsin.formats.stix.check.rules import Rules
from tocsin.formats.stix.check.vocabularies import RESERVED_PROPERTIES

_NEWER = {**OBJECTS, **OBSERVABLES}
_CUSTOM_OBJECT = Layout(OBJECT, frozenset({"spec_version", "created", "modified"}), is_known=False)
_CUSTOM_OBSERVABLE = Layout(OBSERVABLE, frozenset(), is_observable=True, is_known=False)
_CUSTOM_OLDER = Layout(OLDER["identity"].properties, frozenset({"created", "modified"}), is_known=False)
_CONTAINED_ONLY = {"2.0": (OLDER_CONTAINED, frozenset({"type"})), "2.1": (CONTAINED, frozenset({"type", "id"}))}
_INTEROP_FREE = frozenset({"identity", "marking-definition", "language-content", "extension-definition", "incident"})


def problems_of(value: dict[str, Any], rules: Rules) -> list[Problem]:
    """Everything that is found in an object that is no bundle, recommendations that nobody asked for included."""
    kind = value.get("type")
    if type(kind) is not str:
        return must("is missing" if kind is None else f"must be text, not {kind_of(kind)}", ".type")
    wrong_type = type_problem(kind)
    found: list[Problem] = must(wrong_type, ".type") if wrong_type else []
    found += _identifier_problems(value, kind)
    layout, version = _layout_of(value, kind, rules)
    if version == "2.0" and rules.version == "2.1":
        found += should("spec-version", "is not '2.1': the object is read as one of STIX 2.0", ".spec_version")
    found += _property_problems(value, layout)
    found += _whole_problems(value, kind, layout, version)
    if layout.is_observable and "deterministic-id" in rules.running:
        found += deterministic_problem(value, kind)
    if rules.is_interop and version == "2.1" and not layout.is_observable and kind not in _INTEROP_FREE:
        found += _author_problems(value)
    return found


def _author_problems(value: Mapping[str, Any]) -> list[Problem]:
    """The interoperability profile wants to know who created an object."""
    return (
        []
        if "created_by_ref" in value
        else must("is missing: the interoperability profile asks for it", ".created_by_ref")
    )


def _layout_of(value: Mapping[str, Any], kind: str, rules: Rules) -> tuple[Layout, str]:
    """The layout of an object and the version that it is written in."""
    version = value.get("spec_version")
    is_old = rules.version == "2.0" or version == "2.0"
    if version is None and rules.version == "2.1":
        is_old = kind in OLDER or (kind not in _NEWER and "created" in value and "modified" in value)
    if is_old:
        return OLDER.get(kind, _CUSTOM_OLDER), "2.0"
    layout = _NEWER.get(kind)
    if layout is None:
        is_observable = "created" not in value and "modified" not in value
        layout = _CUSTOM_OBSERVABLE if is_observable else _CUSTOM_OBJECT
    return layout, "2.1"


def _identifier_problems(value: Mapping[str, Any], kind: str) -> list[Problem]:
    identifier = value.get("id")
    if type(identifier) is not str:
        return must("is missing" if identifier is None else f"must be text, not {kind_of(identifier)}", ".id")
    named = type_of(identifier)
    if named == kind:
        return []
    if named is None:
        return must(f"must be an identifier, {kind}--UUID (RFC 4122), not {shown(identifier)}", ".id")
    return must(f"must begin with {kind}--, the type of the object, not with {named}--", ".id")


def _property_problems(value: Mapping[str, Any], layout: Layout) -> list[Problem]:
    """Each property by itself, and the required ones."""
    kinds = layout.properties
    found: list[Problem] = []
    custom: list[str] = []
    for name, item in value.items():
        kind = kinds.get(name)
        if kind is None:
            custom.append(name)
        elif problems := kind(item):
            found += under("." + name, problems)
    if custom:
        found += _custom_problems(custom, value, layout)
    if not layout.required <= value.keys():
        for name in sorted(layout.required - value.keys()):
            found += must("is missing", "." + name)
    return found


def _custom_problems(names: list[str], value: Mapping[str, Any], layout: Layout) -> list[Problem]:
    """Properties that the type does not have."""
    found: list[Problem] = []
    is_extended = layout.is_known and _extends(value, ("toplevel-property-extension",))
    for name in names:
        if name in RESERVED_PROPERTIES:
            found += must("is a name that the specification keeps for itself", step(name))
        problems = property_of(name, value[name])
        if problems:
            found += under(step(name), problems)
        if layout.is_known:
            found += custom_property(name, is_extended=is_extended)
    return found


def _extends(value: Mapping[str, Any], types: tuple[str, ...]) -> bool:
    """Whether the object has an extension of one of these types."""
    extensions = value.get("extensions")
    if type(extensions) is not dict:
        return False
    return any(type(one) is dict and one.get("extension_type") in types for one in extensions.values())


def _whole_problems(value: dict[str, Any], kind: str, layout: Layout, version: str) -> list[Problem]:
    """Rules about several properties; each passes over what is not of the kind that it should be, as that is told already."""
    found: list[Problem] = []
    if is_before(value.get("modified"), value.get("created")):
        found += must(f"must not be before created ({value['created']})", ".modified")
    for rule in layout.rules:
        found += rule(value) or ()
    if "granular_markings" in value:
        found += granular_markings_select(value)
    if kind == "marking-definition" and marks_itself(value):
        found += must("must not be marked with itself")
    found += version_problem(value, kind, is_observable=layout.is_observable)
    found += _extension_problems(value, kind, layout)
    if kind == "observed-data" and type(value.get("objects")) is dict:
        found += _contained_problems(value["objects"], version)
    if "external_references" in value:
        found += _unhashed(value["external_references"])
    return found


def _extension_problems(value: Mapping[str, Any], kind: str, layout: Layout) -> list[Problem]:
    if not layout.is_known:
        return list(custom_type(kind, is_extended=_extends(value, ("new-sdo", "new-sco", "new-sro"))))
    if not layout.extensions or type(value.get("extensions")) is not dict:
        return []
    is_extended = _extends(value, ("property-extension",))
    return [
        problem
        for name in value["extensions"]
        if name not in layout.extensions
        for problem in custom_extension(name, is_extended=is_extended)
    ]


def _unhashed(references: Any) -> list[Problem]:
    """A reference to a page SHOULD have the hash of what was there (§2.5)."""
    if type(references) is not list:
        return []
    for index, reference in enumerate(references):
        if type(reference) is dict and "url" in reference and "hashes" not in reference:
            return should(
                "extref-hashes", "should have hashes of what its url leads to", f".external_references[{index}]"
            )
    return []


def _contained_problems(container: Mapping[str, Any], version: str) -> list[Problem]:
    """The observables inside observed data of old."""
    layouts, required = _CONTAINED_ONLY[version]
    found: list[Problem] = []
    for key, held in container.items():
        place = ".objects" + step(key)
        if not (key.isascii() and key.isdigit()):
            found += should("observable-object-keys", "should have a whole number for its key", place)
        if type(held) is not dict:
            found += must(f"must be an object, not {kind_of(held)}", place)
            continue
        missing = [problem for name in sorted(required - held.keys()) for problem in must("is missing", step(name))]
        if missing:
            found += under(place, missing)
            continue
        layout = layouts.get(held["type"]) if type(held["type"]) is str else None
        layout = layout or _CUSTOM_OBSERVABLE
        wrong = _identifier_problems(held, held["type"]) if version == "2.1" else []
        wrong += _property_problems(held, layout)
        wrong += [problem for rule in layout.rules for problem in rule(held) or ()]
        found += under(place, wrong)
    return found + under(".objects", dangling_references(container))
