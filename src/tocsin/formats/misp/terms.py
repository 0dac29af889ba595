"""Comparisons (a path and a value) as a STIX pattern and as observables, and back: what a path says is read off the path itself."""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from tocsin.formats.misp.attribute_types import HASH_DIGITS, NUMBERS
from tocsin.formats.misp.naming import derived

#: Longer patterns are refused everywhere; attached bytes are then left out of the pattern (they stay with the attribute).
LONGEST_PATTERN = 100_000

_STEP = re.compile(r"\.?(?:'([^']+)'|([A-Za-z0-9_-]+))(\[(?:\*|\d+)\])?")
_COMPARISON = re.compile(r"(\S+?:\S+) = (?:'((?:[^'\\]|\\.)*)'|(-?\d+))(?: AND |\Z)", re.DOTALL)
_UNESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_MAIL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_HEX = re.compile(r"[0-9a-fA-F]+")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

#: STIX 2.1 §6.17: the hive "MUST be fully expanded and not truncated".
_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}

#: What kind of observable a reference leads to.
_REFERRED = {
    "from_ref": "email-addr",
    "sender_ref": "email-addr",
    "to_refs": "email-addr",
    "cc_refs": "email-addr",
    "bcc_refs": "email-addr",
    "content_ref": "artifact",
    "body_raw_ref": "file",
    "parent_directory_ref": "directory",
    "image_ref": "file",
}


@dataclass(frozen=True, slots=True)
class Said:
    """``path = value``."""

    path: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path; ``is_list``: an index stands behind it."""

    name: str
    is_list: bool


def address_type(text: str) -> str | None:
    """``ipv4-addr`` or ``ipv6-addr`` for an address or a network, else ``None``."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return "ipv4-addr" if network.version == 4 else "ipv6-addr"


def fitting(path: str, text: str) -> str | int | None:
    """The text as the property's value, or ``None`` if the property may not have it."""
    if not text:
        return None
    if path in NUMBERS:
        digits = text[2:] if path == "autonomous-system:number" and text[:2].upper() == "AS" else text
        if not re.fullmatch(r"\d{1,15}", digits, re.ASCII) or (path.endswith("_port") and int(digits) > 65535):
            return None
        return int(digits)
    if ":hashes." in path:
        algorithm = path.rpartition(":hashes.")[2].strip("'")
        digits_due = HASH_DIGITS.get(algorithm)
        return text if digits_due is None or (len(text) == digits_due and _HEX.fullmatch(text)) else None
    if path == "mac-addr:value":
        return text if _MAC.fullmatch(text) else None
    if path == "email-addr:value" or (
        path.startswith("email-message:") and path.endswith(("_ref.value", "_refs[*].value"))
    ):
        return text if _MAIL.fullmatch(text) else None
    if path.endswith("resolves_to_refs[*].value"):
        return text if address_type(text) else None
    if path == "windows-registry-key:key":
        hive, mark, key = text.partition("\\")
        return _HIVES.get(hive.upper(), hive) + mark + key
    if path.endswith(".payload_bin"):
        return text if _BASE64.fullmatch(text) else None
    if path == "network-traffic:protocols[*]":
        return text.lower() if re.fullmatch(r"[A-Za-z0-9-]{1,20}", text) else None
    return text


# Patterns -----------------------------------------------------------------------------------------------------------


def pattern_of(terms: Sequence[Said]) -> str:
    """``[a = 'x' AND b = 'y']``; several values of one property are alternatives, in parentheses."""
    groups: dict[str, list[Said]] = {}
    for term in terms:
        groups.setdefault(_group(term.path), []).append(term)
    parts = []
    for group in groups.values():
        by_value = [
            "(" + " AND ".join(_comparison(one) for one in pair) + ")" if len(pair) > 1 else _comparison(pair[0])
            for pair in _pairs(group)
        ]
        if len(by_value) == 1:
            parts.append(by_value[0][1:-1] if by_value[0].startswith("(") else by_value[0])
        else:
            parts.append("(" + " OR ".join(by_value) + ")")
    return "[" + " AND ".join(parts) + "]"


def _group(path: str) -> str:
    """An address and its kind belong together, whatever stands between them."""
    return re.sub(r"_ref\.(type|value)$", "_ref", path)


def _pairs(group: Sequence[Said]) -> list[list[Said]]:
    if not any(term.path.endswith("_ref.type") for term in group):
        return [[term] for term in group]
    return [list(group[at : at + 2]) for at in range(0, len(group), 2)]


def _comparison(term: Said) -> str:
    if isinstance(term.value, int):
        return f"{term.path} = {term.value}"
    quoted = term.value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{term.path} = '{quoted}'"


def terms_of(pattern: str) -> list[Said] | None:
    """The comparisons of a pattern as :func:`pattern_of` writes it without alternatives; ``None`` for any other."""
    if not pattern.startswith("[") or not pattern.endswith("]"):
        return None
    inner, found, at = pattern[1:-1], [], 0
    while at < len(inner):
        match = _COMPARISON.match(inner, at)
        if not match:
            return None
        text = match[2]
        found.append(Said(match[1], int(match[3]) if text is None else _UNESCAPED.sub(r"\1", text)))
        at = match.end()
    return found


# Observables --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sight:
    """Observables that are being put together; the first is what the others belong to."""

    uuid: str
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def new(self, kind: str) -> dict[str, Any]:
        identity = f"{kind}--{self.uuid}"
        if identity in self.objects:
            identity = f"{kind}--{derived(self.uuid, kind, len(self.objects))}"
        made = {"type": kind, "spec_version": "2.1", "id": identity}
        self.objects[identity] = made
        return made


def observables_of(terms: Iterable[Said], uuid: str) -> list[dict[str, Any]] | None:
    """The observables that the terms describe, the main one first; ``None`` if they describe none that STIX allows."""
    terms = list(terms)
    roots = {term.path.partition(":")[0] for term in terms}
    if len(roots) != 1:
        return None
    sight = _Sight(
        uuid, kinds={t.path.removesuffix(".type"): str(t.value) for t in terms if t.path.endswith("_ref.type")}
    )
    root = sight.new(roots.pop())
    for path, group in groupby((term for term in terms if not term.path.endswith("_ref.type")), lambda term: term.path):
        for number, term in enumerate(group):
            _place(sight, root, path, term.value, number)
    return list(sight.objects.values()) if _complete(root, sight.objects) else None


def _place(sight: _Sight, root: dict[str, Any], path: str, value: str | int, number: int) -> None:
    """Write a value where its path leads; a second value of a property that has but one place is left out."""
    kind, _, rest = path.partition(":")
    node, steps, walked = root, steps_of(rest), kind + ":"
    for at, step in enumerate(steps):
        walked += step.name
        is_last = at == len(steps) - 1
        if step.name.endswith(("_ref", "_refs")):
            node = _referred(sight, node, step, walked, value, number)
        elif step.is_list:
            inside: list[Any] = node.setdefault(step.name, [])
            if is_last:
                inside.append(value)
                return
            while len(inside) <= number:
                inside.append({})
            node = inside[number]
        elif is_last:
            node.setdefault(step.name, value)
        else:
            node = node.setdefault(step.name, {})
        walked += "."


def _referred(
    sight: _Sight, node: dict[str, Any], step: Step, walked: str, value: str | int, number: int
) -> dict[str, Any]:
    kind = sight.kinds.get(walked) or _REFERRED.get(step.name) or address_type(str(value)) or "domain-name"
    if not step.is_list:
        if step.name not in node:
            made = sight.new(kind)
            node[step.name] = made["id"]
        return sight.objects[node[step.name]]
    refs: list[str] = node.setdefault(step.name, [])
    while len(refs) <= number:
        refs.append(sight.new(kind)["id"])
    return sight.objects[refs[number]]


def steps_of(rest: str) -> list[Step]:
    """The names of a path behind its colon."""
    return [Step(found[1] or found[2], bool(found[3])) for found in _STEP.finditer(rest)]


def _complete(root: dict[str, Any], objects: Mapping[str, Mapping[str, Any]]) -> bool:
    """Add what STIX requires beside; ``False`` where something is missing that nobody said."""
    kind = root["type"]
    if kind == "network-traffic":
        root.setdefault("protocols", ["tcp"])
        return "src_ref" in root or "dst_ref" in root
    if kind == "email-message":
        root["is_multipart"] = "body_multipart" in root
        for part in root.get("body_multipart", ()):
            name = str(objects.get(part.get("body_raw_ref"), {}).get("name", ""))
            part["content_disposition"] = (
                f"attachment; filename='{name}'" if name.isascii() and "'" not in name else "attachment"
            )
        return True
    required = {"file": ("name", "hashes"), "autonomous-system": ("number",), "domain-name": ("value",)}.get(kind)
    return required is None or any(name in root for name in required)


def look(path: str, objects: Mapping[str, Mapping[str, Any]], root: Mapping[str, Any]) -> Any:
    """The first value at a path, following references through ``objects``; ``None`` where there is none."""
    kind, _, rest = path.partition(":")
    if root.get("type") != kind:
        return None
    node: Any = root
    for step in steps_of(rest):
        if not isinstance(node, Mapping):
            return None
        node = node.get(step.name)
        if step.is_list:
            node = node[0] if isinstance(node, list) and node else None
        if step.name.endswith(("_ref", "_refs")):
            node = objects.get(node) if isinstance(node, str) else None
    return node
