"""``objects`` of observed data: observables in a container, which refer to each other by its keys (STIX 2.0; deprecated since)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.formats.stix.check.found import Problem, must, shown, step
from tocsin.formats.stix.check.vocabularies import OBSERVABLES

#: Property -> types that it may refer to, by the type of its owner; ``any`` where every observable will do.
_REFERENCES: dict[str, dict[str, str]] = {
    "directory": {"contains_refs": "file directory"},
    "domain-name": {"resolves_to_refs": "ipv4-addr ipv6-addr domain-name"},
    "email-addr": {"belongs_to_ref": "user-account"},
    "email-message": {
        "from_ref": "email-addr",
        "sender_ref": "email-addr",
        "to_refs": "email-addr",
        "cc_refs": "email-addr",
        "bcc_refs": "email-addr",
        "raw_email_ref": "artifact",
        "body_raw_ref": "artifact file",
    },
    "file": {"parent_directory_ref": "directory", "content_ref": "artifact"},
    "ipv4-addr": {"resolves_to_refs": "mac-addr", "belongs_to_refs": "autonomous-system"},
    "ipv6-addr": {"resolves_to_refs": "mac-addr", "belongs_to_refs": "autonomous-system"},
    "network-traffic": {
        "src_ref": "ipv4-addr ipv6-addr mac-addr domain-name",
        "dst_ref": "ipv4-addr ipv6-addr mac-addr domain-name",
        "src_payload_ref": "artifact",
        "dst_payload_ref": "artifact",
        "message_body_data_ref": "artifact",
        "encapsulates_refs": "network-traffic",
        "encapsulated_by_ref": "network-traffic",
    },
    "process": {
        "opened_connection_refs": "network-traffic",
        "creator_user_ref": "user-account",
        "image_ref": "file",
        "binary_ref": "file",
        "parent_ref": "process",
        "child_refs": "process",
        "service_dll_refs": "file",
    },
    "windows-registry-key": {"creator_user_ref": "user-account"},
}
_NO_REFERENCES = frozenset({"object_marking_refs", "marking_ref", "created_by_ref"})


def dangling_references(container: Mapping[str, Any]) -> Iterator[Problem]:
    """References that lead to no key of the container, or to an object of another type than they may."""
    for key, held in container.items():
        if isinstance(held, Mapping) and held.get("type") in OBSERVABLES:
            yield from _of_part(held, str(held["type"]), step(key), container)


def _of_part(part: Any, owner: str, path: str, container: Mapping[str, Any]) -> Iterator[Problem]:
    if isinstance(part, Mapping):
        for name, value in part.items():
            place = path + step(name)
            if name.endswith(("_ref", "_refs")) and name not in _NO_REFERENCES:
                keys = value if isinstance(value, list) else [value]
                yield from _resolved(keys, _REFERENCES.get(owner, {}).get(name), place, container)
            else:
                yield from _of_part(value, owner, place, container)
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _of_part(value, owner, f"{path}[{index}]", container)


def _resolved(keys: list[Any], types: str | None, path: str, container: Mapping[str, Any]) -> Iterator[Problem]:
    for key in keys:
        if not isinstance(key, str):
            continue
        target = container.get(key)
        if target is None:
            yield from must(f"refers to {shown(key)}, which the container does not have", path)
        elif types and isinstance(target, Mapping) and target.get("type") not in types.split():
            yield from must(f"must refer to {' or '.join(types.split())}, not to {target.get('type')}", path)
