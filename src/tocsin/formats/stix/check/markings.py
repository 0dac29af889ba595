"""Marking definitions (STIX 2.1 §7.2): statements, the four instances of TLP, and those that an extension defines."""

from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check.common import references_of
from tocsin.formats.stix.check.found import Found, must, should

_TLP_CREATED = "2017-01-20T00:00:00.000Z"
#: Every property of the only four TLP markings that may exist (§7.2.1.4).
TLP_INSTANCES = {
    f"marking-definition--{number}": {"name": f"TLP:{label.upper()}", "definition": {"tlp": label}}
    for label, number in {
        "white": "613f2e26-407d-48c7-9eca-b8e91df99dc9",
        "green": "34098fce-860f-48ae-8e50-ebd3cc5e41da",
        "amber": "f88d31f6-486f-44da-b317-01333bde0b82",
        "red": "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    }.items()
}


def definition_is_whole(value: Mapping[str, Any]) -> Found:
    """What a marking means is said by ``definition_type`` and ``definition``, or by an extension (§7.2.1)."""
    kind, definition = value.get("definition_type"), value.get("definition")
    if "extensions" not in value and (kind is None or definition is None):
        return must("must have definition_type and definition, or extensions that define it")
    if kind == "tlp":
        return _tlp(value)
    if kind == "statement":
        if not isinstance(definition, Mapping) or not isinstance(definition.get("statement"), str):
            return must("must have a statement, as text", ".definition")
        return None
    found: list[Any] = []
    if kind is not None:
        found += should("marking-definition-type", "should be statement or tlp", ".definition_type")
    if "extensions" not in value:
        found += should("extensions-use", "should be defined by an extension", ".definition_type")
    return found or None


def _tlp(value: Mapping[str, Any]) -> Found:
    instance = TLP_INSTANCES.get(str(value.get("id")))
    if instance is None:
        return must("is not the id of one of the four TLP markings, and there must be no others", ".id")
    whole = {
        **instance,
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": value["id"],
        "created": _TLP_CREATED,
        "definition_type": "tlp",
    }
    wrong = sorted(name for name in {*whole, *value} if whole.get(name) != value.get(name))
    if wrong:
        return must(f"is not the TLP marking of the specification: {', '.join(wrong)} must not differ from it")
    return None


def marks_itself(value: Mapping[str, Any]) -> bool:
    """Whether a marking definition is marked with itself (§7.2.1, §3.2)."""
    return value.get("id") in references_of(value)


def statement_or_tlp(value: Mapping[str, Any]) -> Found:
    """A marking of STIX 2.0, whose TLP markings are the same four without name and version."""
    kind, definition = value.get("definition_type"), value.get("definition")
    if kind == "statement" and (
        not isinstance(definition, Mapping) or not isinstance(definition.get("statement"), str)
    ):
        return must("must have a statement, as text", ".definition")
    if kind == "tlp":
        instance = TLP_INSTANCES.get(str(value.get("id")))
        if instance is None or instance["definition"] != definition or value.get("created") != _TLP_CREATED:
            return must("is not one of the four TLP markings of the specification, and there must be no others")
    return None
