"""Small STIX objects for the tests of this room: ours, so under ``.example``."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tocsin.constituency.access import OPERATOR
from tocsin.formats.stix.writing import TLP_REFS
from tocsin.intel import actions
from tocsin.intel.actions import KeptObject
from tocsin.intel.models import StixObject
from tocsin.intel.rules.subjects import read_subject
from tocsin.vocab.markings import Tlp

CREATED = "2026-11-20T08:00:00.000Z"


def named(kind: str, name: str) -> str:
    """The id of an object of this name."""
    return f"{kind}--{uuid5(NAMESPACE_URL, f'{kind} {name}')}"


def stix(kind: str, name: str, /, **properties: Any) -> dict[str, Any]:
    """An object of this type with what all objects need."""
    told = {"type": kind, "spec_version": "2.1", "id": named(kind, name), "created": CREATED, "modified": CREATED}
    return told | properties


def indicator(name: str, /, *, tlp: Tlp | None = Tlp.GREEN, **properties: Any) -> dict[str, Any]:
    """An indicator for the domain ``name``."""
    marked = {} if tlp is None else {"object_marking_refs": [TLP_REFS[tlp]]}
    said = {"pattern": f"[domain-name:value = '{name}']", "pattern_type": "stix", "valid_from": CREATED}
    return stix("indicator", name, **said, **marked) | properties


def later(found: dict[str, Any], minutes: int = 1, **properties: Any) -> dict[str, Any]:
    """The object as its version of so many minutes later."""
    return found | {"modified": f"2026-11-20T08:{minutes:02}:00.000Z"} | properties


def raw(found: dict[str, Any]) -> bytes:
    """Its bytes, written in a way that no serialiser of ours would write them."""
    return json.dumps(found, indent=1).encode()


def keep(
    *objects: dict[str, Any] | bytes, source: str = "kaspersky", originator: str | None = None
) -> list[KeptObject]:
    """Keep them as given by ``source``."""
    given = [one if isinstance(one, bytes) else raw(one) for one in objects]
    return actions.keep_objects(actor=OPERATOR, source=source, objects=given, originator=originator)


def subject(stix_id: str) -> dict[str, Any]:
    """What an agreement is told of the newest version."""
    newest = StixObject.objects.filter(stix_id=stix_id).order_by("-version_us")[0]
    return read_subject(newest.subject.text)


__all__ = ["CREATED", "indicator", "keep", "later", "named", "raw", "stix", "subject"]
