"""Our own words as STIX 2.1 objects: bytes that are the same on every machine for the same input.

Ids are UUIDv5 in our namespace, so that what is written twice is one object. Every object carries its TLP 2.0 marking definition; PAP,
which STIX does not know, stands in marking definitions by an extension of ours (standards: STIX 2.1 §7.2, §7.3).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import orjson

from tocsin.formats.stix.marked import TERMS_EXTENSION
from tocsin.vocab.identity import INDICATOR_NAMESPACE
from tocsin.vocab.markings import Pap, Tlp

#: TLP 2.0 as STIX marking definitions; TLP 1 has no AMBER+STRICT, so its own are never written.
TLP_REFS: dict[Tlp, str] = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = datetime(2026, 1, 1, tzinfo=UTC)


def object_id(kind: str, *parts: object) -> str:
    """The id of an object of ours: its kind and a UUIDv5 over the kind and what makes it one."""
    return f"{kind}--{uuid5(INDICATOR_NAMESPACE, chr(9).join([kind, *map(str, parts)]))}"


def identity_id(party: str) -> str:
    """The id of a party as a maker of objects: the same on the nodes of all who name the party so."""
    return object_id("identity", party)


def pap_ref(pap: Pap) -> str:
    """The id of the marking definition of a PAP label."""
    return object_id("marking-definition", "pap", pap.value)


def written(told: Mapping[str, Any]) -> bytes:
    """The bytes of an object; keys without a value are left out."""
    return orjson.dumps({key: value for key, value in told.items() if value not in (None, [], {}, "")})


def stamp(moment: datetime) -> str:
    """A time as STIX writes it, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(microseconds: int) -> datetime:
    """The time so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=microseconds)


def identity(party: str, name: str) -> bytes:
    """Ourselves as a maker of objects. It never changes: its name may be shown to anybody who gets an object of ours."""
    own = identity_id(party)
    return written(
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": own,
            "created_by_ref": own,
            "created": stamp(_FIXED),
            "modified": stamp(_FIXED),
            "name": name,
            "identity_class": "organization",
            "object_marking_refs": [TLP_REFS[Tlp.CLEAR]],
        }
    )


def terms() -> list[bytes]:
    """What our objects refer to: who made the extension, the extension, and a marking definition for each PAP label."""
    maker = object_id("identity", "tocsin")
    about = {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": TERMS_EXTENSION,
        "created_by_ref": maker,
        "created": stamp(_FIXED),
        "modified": stamp(_FIXED),
        "name": "Tocsin exchange terms",
        "description": (
            "On marking definitions: 'pap', a PAP label (clear, green, amber, red), and 'iep', a FIRST IEP 2.0 policy object. "
            "On sightings and observed data: 'cell_size', the number of hosts in the smallest cell of an aggregate."
        ),
        "schema": "See the description.",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
        "object_marking_refs": [TLP_REFS[Tlp.CLEAR]],
    }
    makers = {
        "type": "identity",
        "spec_version": "2.1",
        "id": maker,
        "created": stamp(_FIXED),
        "modified": stamp(_FIXED),
        "name": "Tocsin",
        "identity_class": "system",
        "object_marking_refs": [TLP_REFS[Tlp.CLEAR]],
    }
    return [written(makers), written(about), *(pap_marking(pap) for pap in Pap)]


def pap_marking(pap: Pap) -> bytes:
    """The marking definition of a PAP label."""
    return written(
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": pap_ref(pap),
            "created": stamp(_FIXED),
            "name": pap.shown,
            "extensions": {TERMS_EXTENSION: {"extension_type": "property-extension", "pap": pap.value}},
        }
    )


def sighting(
    *,
    maker: str,
    about: str,
    name: str,
    said_at: datetime,
    count: int,
    first_seen_at: datetime | None,
    last_seen_at: datetime | None,
    hosts: int | None,
    tlp: Tlp,
) -> bytes:
    """That ``about`` was seen. ``name`` tells this sighting from others of the same; ``hosts`` is the smallest cell behind the count."""
    cell = (
        {TERMS_EXTENSION: {"extension_type": "property-extension", "cell_size": hosts}} if hosts is not None else None
    )
    return written(
        {
            "type": "sighting",
            "spec_version": "2.1",
            "id": object_id("sighting", maker, about, name),
            "created_by_ref": maker,
            "created": stamp(said_at),
            "modified": stamp(said_at),
            "sighting_of_ref": about,
            "count": count,
            "first_seen": stamp(first_seen_at) if first_seen_at else None,
            "last_seen": stamp(last_seen_at) if last_seen_at else None,
            "extensions": cell,
            "object_marking_refs": [TLP_REFS[tlp]],
        }
    )


def opinion(
    *, maker: str, about: Sequence[str], label: str, reason: str, name: str, said_at: datetime, tlp: Tlp
) -> bytes:
    """That we strongly disagree with ``about``, and why. ``label`` is ``false-positive`` or ``retraction``."""
    return written(
        {
            "type": "opinion",
            "spec_version": "2.1",
            "id": object_id("opinion", maker, label, name),
            "created_by_ref": maker,
            "created": stamp(said_at),
            "modified": stamp(said_at),
            "explanation": reason,
            "opinion": "strongly-disagree",
            "object_refs": list(about),
            "labels": [label],
            "object_marking_refs": [TLP_REFS[tlp]],
        }
    )


def next_version(raw: bytes, modified: datetime, **changes: Any) -> bytes:
    """The object with these properties changed, as its version of ``modified``."""
    return written(orjson.loads(raw) | {"modified": stamp(modified)} | changes)
