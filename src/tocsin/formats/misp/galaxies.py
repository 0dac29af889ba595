"""Galaxy clusters as the STIX objects that they stand for, and back.

Clusters are a library: the same attack pattern hangs on many events. Its properties are STIX's where STIX has them; other ``meta``
stand as ``x_misp_<key>``, the galaxy's own head in ``x_misp_galaxy``, the rest of the cluster in ``x_misp_cluster``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tocsin.formats.misp.custom import PREFIX, REST, UNSAID, is_plain, keep, restore
from tocsin.formats.misp.losses import same
from tocsin.formats.misp.naming import is_uuid, read_time, uuid_of, written_short

#: Parts of a galaxy's type -> STIX type; the first that is contained in it counts.
_TYPES = (
    ("attack-pattern", "attack-pattern"),
    ("course-of-action", "course-of-action"),
    ("preventive-measure", "course-of-action"),
    ("intrusion-set", "intrusion-set"),
    ("activity-group", "intrusion-set"),
    ("threat-actor", "threat-actor"),
    ("campaign", "campaign"),
    ("vulnerability", "vulnerability"),
    ("malware", "malware"),
    ("tool", "tool"),
    ("location", "location"),
    ("infrastructure", "infrastructure"),
)
_EXACT = {
    "country": "location",
    "region": "location",
    "sector": "identity",
    "tds": "tool",
    **dict.fromkeys(
        ("ransomware", "rat", "banker", "botnet", "stealer", "backdoor", "cryptominers", "malpedia", "android"),
        "malware",
    ),
}
CUSTOM = "x-misp-galaxy-cluster"
CLUSTER_TYPES = frozenset({kind for _, kind in _TYPES} | set(_EXACT.values()) | {CUSTOM})
_WITH_ALIASES = frozenset(
    {"attack-pattern", "campaign", "intrusion-set", "malware", "threat-actor", "tool", "infrastructure"}
)
_WITH_PHASES = frozenset({"attack-pattern", "malware", "tool", "infrastructure"})
#: Properties that a cluster's ``meta`` may give under their own names: property -> kind of value.
_TEXT, _LIST, _TIME, _TRUTH = "text", "list", "time", "truth"
_TIMES = {"first_seen": _TIME, "last_seen": _TIME}
_PROPERTIES: dict[str, dict[str, str]] = {
    "campaign": {"objective": _TEXT, **_TIMES},
    "intrusion-set": {
        "goals": _LIST,
        "resource_level": _TEXT,
        "primary_motivation": _TEXT,
        "secondary_motivations": _LIST,
        **_TIMES,
    },
    "threat-actor": {
        "threat_actor_types": _LIST,
        "roles": _LIST,
        "goals": _LIST,
        "sophistication": _TEXT,
        "resource_level": _TEXT,
        "primary_motivation": _TEXT,
        "secondary_motivations": _LIST,
        "personal_motivations": _LIST,
        **_TIMES,
    },
    "malware": {
        "malware_types": _LIST,
        "is_family": _TRUTH,
        "architecture_execution_envs": _LIST,
        "implementation_languages": _LIST,
        "capabilities": _LIST,
        **_TIMES,
    },
    "tool": {"tool_types": _LIST, "tool_version": _TEXT},
    "location": {"country": _TEXT, "region": _TEXT, "administrative_area": _TEXT, "city": _TEXT, "postal_code": _TEXT},
    "infrastructure": {"infrastructure_types": _LIST, **_TIMES},
}
#: STIX 2.0 kept in labels what 2.1 has a property for; the galaxies of 2.0's objects still do.
_OLDER_LABELS = {"malware": "malware_types", "threat-actor": "threat_actor_types", "tool": "tool_types"}
_SOURCES = (
    (re.compile(r"CVE-\d{4}-\d{4,}"), "cve"),
    (re.compile(r"CAPEC-\d+"), "capec"),
    (re.compile(r"(?:T|G|S|M|C|TA|DS|DET)\d{4}(?:\.\d{3})?"), "mitre-attack"),
)
_ID_SOURCES = ("mitre-attack", "capec", "cve", "misp-galaxy")
#: What MISP's own library says of the galaxies that STIX objects become: type -> (UUID, name, namespace, icon).
HEADS = {
    "mitre-attack-pattern": ("c4e851fa-775f-11e7-8163-b774922098cd", "Attack Pattern", "mitre-attack", "map"),
    "mitre-course-of-action": ("6fcb4472-6de4-11e7-b5f7-37771619e14e", "Course of Action", "mitre-attack", "link"),
    "mitre-intrusion-set": ("1023f364-7831-11e7-8318-43b5531983ab", "Intrusion Set", "mitre-attack", "user-secret"),
    "mitre-malware": ("d752161c-78f6-11e7-a0ea-bfa79b407ce4", "Malware", "mitre-attack", "optin-monster"),
    "mitre-tool": ("d5cbd1a2-78f6-11e7-a833-7b9bccca9649", "mitre-tool", "mitre-attack", "gavel"),
    "threat-actor": ("698774c7-8022-42c4-917f-8d6e4f06ada3", "Threat Actor", "misp", "user-secret"),
    "branded-vulnerability": ("fda8c7c2-f45a-11e7-9713-e75dac0492df", "Branded Vulnerability", "misp", "bug"),
    "sector": ("e1bb134c-ae4d-11e7-8aa9-f78a37325439", "Sector", "misp", "industry"),
    "stix-2.1-attack-pattern": ("2d018cbb-4236-53c8-aeba-0aa1b51e636e", "STIX 2.1 Attack Pattern", "stix-2.1", "map"),
    "stix-2.1-campaign": ("3d29c2ad-cb5a-5173-8ef6-1afd3bd2ed34", "STIX 2.1 Campaign", "stix-2.1", "user-secret"),
    "stix-2.1-course-of-action": (
        "e0b51d22-4971-5444-879c-317f5bfa959e",
        "STIX 2.1 Course of Action",
        "stix-2.1",
        "link",
    ),
    "stix-2.1-intrusion-set": (
        "7205e3fa-e1eb-5215-a68f-35ab2b4eb87d",
        "STIX 2.1 Intrusion Set",
        "stix-2.1",
        "user-secret",
    ),
    "stix-2.1-location": ("4f858bdf-8213-5d43-999b-d22c2074983d", "STIX 2.1 Location", "stix-2.1", "globe"),
    "stix-2.1-malware": ("5de9a83d-06f0-532b-bcf6-54eaf4db61c8", "STIX 2.1 Malware", "stix-2.1", "optin-monster"),
    "stix-2.1-threat-actor": (
        "69073dcd-d569-5589-81a0-e1a36ec7c3f0",
        "STIX 2.1 Threat Actor",
        "stix-2.1",
        "user-secret",
    ),
    "stix-2.1-tool": ("77e81218-13f5-537a-acfa-caf14fbe1810", "STIX 2.1 Tool", "stix-2.1", "gavel"),
    "stix-2.1-vulnerability": ("90ec1934-1ab3-5f62-a526-53a5f7f61b90", "STIX 2.1 Vulnerability", "stix-2.1", "bug"),
}
_NAME, _TYPE = 'misp:galaxy-name="', 'misp:galaxy-type="'
_PLAIN_KEY = re.compile(r"[a-z0-9_]{1,200}")
_NOT_META = frozenset({f"{PREFIX}galaxy", f"{PREFIX}cluster", f"{PREFIX}galaxy_meta", UNSAID, REST, f"{PREFIX}kind"})


def type_of(galaxy_type: str) -> str:
    """The STIX type for a galaxy."""
    return _EXACT.get(galaxy_type) or next((kind for part, kind in _TYPES if part in galaxy_type), CUSTOM)


def cluster_object(galaxy: Mapping[str, Any], cluster: Mapping[str, Any], time: str) -> dict[str, Any] | None:
    """The STIX object of a cluster; ``None`` if the cluster has no UUID, type or value that would make one."""
    kind, value, uuid = cluster.get("type", galaxy.get("type")), cluster.get("value"), cluster.get("uuid")
    if not isinstance(kind, str) or not isinstance(value, str) or not value or not is_uuid(uuid):
        return None
    meta = cluster.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    stix_type = type_of(kind)
    found: dict[str, Any] = {
        "type": stix_type,
        "spec_version": "2.1",
        "id": f"{stix_type}--{uuid}",
        "created": time,
        "modified": time,
        "name": _name(value, kind, meta, cluster),
    }
    if isinstance(cluster.get("description"), str) and cluster["description"]:
        found["description"] = cluster["description"]
    _properties(found, meta)
    _place(found, kind, value, meta)
    labels = [_NAME + galaxy["name"] + '"'] if isinstance(galaxy.get("name"), str) else []
    found["labels"] = [*labels, f'{_TYPE}{kind}"']
    if references := _references(meta, stix_type):
        found["external_references"] = references
    _keep_meta(found, meta)
    said = _cluster_said(found)
    for name, item, gives in (("galaxy", galaxy, galaxy_said(found)), ("cluster", cluster, said)):
        kept: dict[str, Any] = {}
        keep(kept, {key: part for key, part in item.items() if key not in ("GalaxyCluster", "meta")}, gives)
        if kept:
            found[PREFIX + name] = kept
    return found


def _name(value: str, kind: str, meta: Mapping[str, Any], cluster: Mapping[str, Any]) -> str:
    """The name less the number that MISP hangs on ATT&CK's names, ``APT16 - G0023``; a place as its description spells it."""
    number = meta.get("external_id")
    if kind.startswith("mitre-") and isinstance(number, str):
        return value.removesuffix(f" - {number}") or value
    if kind == "region":
        return value.partition(" - ")[2] or value
    spelled = cluster.get("description")
    return spelled if kind == "country" and isinstance(spelled, str) and spelled.lower() == value.lower() else value


def _properties(found: dict[str, Any], meta: Mapping[str, Any]) -> None:
    kind = found["type"]
    if kind == "malware":
        found["is_family"] = False
    if kind == "identity":
        found["identity_class"] = "class"
    for name, form in _PROPERTIES.get(kind, {}).items():
        if (value := _formed(meta.get(name), form)) is not None:
            found[name] = value
    if "first_seen" in found and "last_seen" in found and found["last_seen"] < found["first_seen"]:
        del found["last_seen"]
    older = _OLDER_LABELS.get(kind)
    if older and older not in found and _texts(meta.get("labels")):
        found[older] = meta["labels"]
    synonyms = _texts(meta.get("synonyms"))
    if kind in _WITH_ALIASES and (aliases := [one for one in synonyms if one != found["name"]]):
        found["aliases"] = aliases
    phases = [phase.rpartition(":") for phase in _texts(meta.get("kill_chain"))]
    if kind in _WITH_PHASES and phases and all(chain and name for chain, _, name in phases):
        found["kill_chain_phases"] = [{"kill_chain_name": chain, "phase_name": name} for chain, _, name in phases]


def _formed(value: Any, form: str) -> Any:
    if form == _TRUTH:
        return value if isinstance(value, bool) else None
    if form == _LIST:
        return _texts(value) or None
    if form == _TIME:
        read = read_time(value)
        return written_short(read) if read else None
    return value if isinstance(value, str) and value else None


def _place(found: dict[str, Any], kind: str, value: str, meta: Mapping[str, Any]) -> None:
    """STIX requires of a location that it says where it is."""
    if found["type"] != "location":
        return
    code = meta.get("ISO")
    if kind == "country" and isinstance(code, str) and re.fullmatch(r"[A-Za-z]{2}", code):
        found["country"] = code
    elif not {"country", "region"} & found.keys():
        found["region"] = re.sub(r"[^a-z]+", "-", (value.partition(" - ")[2] or value).lower()).strip("-") or value


def _references(meta: Mapping[str, Any], stix_type: str) -> list[dict[str, str]]:
    numbers = _texts(meta.get("external_id")) or (
        [meta["external_id"]] if isinstance(meta.get("external_id"), str) else []
    )
    if stix_type == "vulnerability":
        numbers += [one for one in _texts(meta.get("aliases")) if one.startswith("CVE-")]
    found = [{"source_name": _source(number), "external_id": number} for number in numbers if number]
    return found + [{"source_name": "url", "url": url} for url in _texts(meta.get("refs")) if url]


def _source(number: str) -> str:
    return next((name for shape, name in _SOURCES if shape.fullmatch(number)), "misp-galaxy")


def _texts(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) and value and all(isinstance(one, str) for one in value) else []


def _keep_meta(found: dict[str, Any], meta: Mapping[str, Any]) -> None:
    """``meta`` that the properties do not give again: one custom property each, and what no property may hold in one dictionary."""
    said = _meta_said(found)
    kept: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in meta.items():
        if key in said and same(said[key], value):
            continue
        name = _property_of(key)
        if name is not None and key not in said and is_plain(value):
            found[name] = value
        elif is_plain({key: value}) and key not in (UNSAID, REST):
            kept[key] = value
        else:
            rest[key] = value
    if rest:
        kept[REST] = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
    if unsaid := sorted(key for key in said if key not in meta):
        kept[UNSAID] = unsaid
    if kept:
        found[f"{PREFIX}galaxy_meta"] = kept


def _property_of(key: str) -> str | None:
    """The custom property of a key of ``meta``; those that are custom properties already (``x_mitre_platforms``) stay."""
    if not _PLAIN_KEY.fullmatch(key):
        return None
    if key.startswith("x_"):
        return None if key.startswith(PREFIX) else key
    return None if PREFIX + key in _NOT_META or f"x_{key}".startswith(PREFIX) else PREFIX + key


def _key_of(name: str) -> str | None:
    """The key of ``meta`` that a custom property stands for."""
    if not name.startswith("x_") or name in _NOT_META:
        return None
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else name


# Back ---------------------------------------------------------------------------------------------------------------


def galaxies_of(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The galaxies of STIX objects in their order; neighbours under the same head share one."""
    galaxies: list[dict[str, Any]] = []
    for one in found:
        head, cluster = galaxy_of(one), cluster_of(one)
        if galaxies and same({key: part for key, part in galaxies[-1].items() if key != "GalaxyCluster"}, head):
            galaxies[-1]["GalaxyCluster"].append(cluster)
        else:
            galaxies.append({**head, "GalaxyCluster": [cluster]})
    return galaxies


def galaxy_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The head of the galaxy that a STIX object's cluster belongs to."""
    kept = found.get(f"{PREFIX}galaxy")
    return restore(kept if isinstance(kept, Mapping) else {}, galaxy_said(found))


def galaxy_said(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the labels say of the galaxy's head, and what MISP's library adds to that type."""
    kind = _labelled(found, _TYPE)
    library = dict(zip(("uuid", "name", "namespace", "icon"), HEADS.get(str(kind), ()), strict=False))
    said = {**library, "type": kind}
    if (name := _labelled(found, _NAME)) is not None:
        said["name"] = name
    return {key: value for key, value in said.items() if value is not None}


def cluster_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster that a STIX object stands for."""
    kept = found.get(f"{PREFIX}cluster")
    cluster = restore(kept if isinstance(kept, Mapping) else {}, _cluster_said(found))
    if meta := _meta_of(found):
        cluster["meta"] = meta
    return cluster


def _cluster_said(found: Mapping[str, Any]) -> dict[str, Any]:
    kind, name = _labelled(found, _TYPE), found.get("name")
    number = _meta_said(found).get("external_id")
    value = f"{name} - {number}" if kind and kind.startswith("mitre-") and isinstance(number, str) else name
    said = {
        "uuid": uuid_of(str(found.get("id"))),
        "type": kind,
        "value": value,
        "description": found.get("description"),
    }
    return {key: part for key, part in said.items() if part is not None}


def _labelled(found: Mapping[str, Any], prefix: str) -> str | None:
    labels = found.get("labels")
    for label in labels if isinstance(labels, list) else ():
        if isinstance(label, str) and label.startswith(prefix) and label.endswith('"'):
            return label[len(prefix) : -1]
    return None


def _meta_of(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = found.get(f"{PREFIX}galaxy_meta")
    kept = kept if isinstance(kept, Mapping) else {}
    silent = kept.get(UNSAID)
    meta = {key: value for key, value in _meta_said(found).items() if not isinstance(silent, list) or key not in silent}
    meta |= {key: value for name, value in found.items() if (key := _key_of(name)) is not None}
    meta |= {key: value for key, value in kept.items() if key not in (UNSAID, REST)}
    meta |= restore({REST: kept[REST]}, {}) if REST in kept else {}
    return meta


def _meta_said(found: Mapping[str, Any]) -> dict[str, Any]:
    """``meta`` as the standard properties give it."""
    said: dict[str, Any] = {name: found[name] for name in _PROPERTIES.get(str(found.get("type")), {}) if name in found}
    if said.get("is_family") is False:
        del said["is_family"]
    if _texts(found.get("aliases")):
        said["synonyms"] = found["aliases"]
    phases = found.get("kill_chain_phases")
    chain = (
        [f"{phase.get('kill_chain_name')}:{phase.get('phase_name')}" for phase in phases if isinstance(phase, Mapping)]
        if isinstance(phases, list)
        else []
    )
    if chain:
        said["kill_chain"] = chain
    references = found.get("external_references")
    parts = [one for one in references if isinstance(one, Mapping)] if isinstance(references, list) else []
    numbers = [one["external_id"] for one in parts if isinstance(one.get("external_id"), str)]
    if numbers:
        said["external_id"] = numbers[0] if len(numbers) == 1 else numbers
    if urls := [one["url"] for one in parts if isinstance(one.get("url"), str) and "external_id" not in one]:
        said["refs"] = urls
    return said
