"""MISP events for property tests: likely ones, and ones that nobody should have written."""

from typing import Any

from hypothesis import strategies as st

from tocsin.formats.misp.attribute_types import SHAPES

_TEXT = st.text(max_size=12)
_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_UUID = st.uuids(version=4).map(str) | st.sampled_from(["a", "b", "5758ebf5-c898-48e6-9fe9-5665c0a83866"])
_SECONDS = st.integers(0, 2_000_000_000).map(str)
_ISO = st.datetimes().map(lambda time: time.isoformat() + "+00:00") | _TEXT
_TAG_NAMES = [
    "tlp:green",
    "tlp:red",
    "TLP:AMBER+STRICT",
    "tlp:white",
    "tlp:unclear",
    "PAP:RED",
    "pap:x",
    "blah",
    'misp:type="x"',
    "Threat-Report",
    'misp:tool="tocsin"',
    'stix:statement="c"',
]
_VALUES = [
    "198.18.0.1",
    "2001:db8::1",
    "a.example",
    "198.18.0.1|80",
    "a.example|443",
    "a.example|198.18.0.1",
    "a|" + "a" * 32,
    "a|b|" + "b" * 64,
    "a" * 32,
    "b" * 64,
    "AS12",
    "7",
    "it's \\ odd",
    "x@a.example",
    "CVE-2026-0001",
    "HKLM\\x|%a\\b",
    "00:11:22:33:44:55",
    "http://a.example/x y",
]


_META_KEYS = [
    *("external_id", "refs", "synonyms", "kill_chain", "ISO", "first_seen", "last_seen", "is_family", "goals"),
    *("galaxy", "unsaid", "rest", "cluster", "Capital", "aliases", "x_mitre_platforms", "x_misp_x", "labels"),
]


def _mapping(optional: dict[str, Any], **required: Any) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


def events(*, is_wild: bool) -> Any:
    """A strategy of events; ``is_wild`` puts values of every JSON type where MISP has another."""
    junk = _JUNK if is_wild else st.nothing()
    text = _TEXT
    seconds = _SECONDS | junk
    distribution = st.sampled_from(["0", "1", "2", "3", "4", "5"]) | (
        st.sampled_from([5, "9", None]) if is_wild else st.nothing()
    )
    name = st.sampled_from(_TAG_NAMES) | text
    tags = st.lists(_mapping({"colour": text, "exportable": st.booleans(), "id": text}, name=name) | junk, max_size=3)
    organisation = _mapping({"uuid": _UUID, "name": text, "id": text}) | junk
    sighting = (
        _mapping(
            {
                "uuid": _UUID,
                "type": st.sampled_from(["0", "1", "2"]),
                "date_sighting": seconds,
                "source": text,
                "Organisation": organisation,
            }
        )
        | junk
    )
    note = st.deferred(
        lambda: (
            _mapping(
                {
                    "uuid": _UUID,
                    "note": text,
                    "authors": text,
                    "created": _ISO,
                    "modified": _ISO,
                    "language": st.sampled_from(["en", "x y"]),
                    "Note": st.lists(note, max_size=1),
                    "distribution": distribution,
                }
            )
            | junk
        )
    )
    opinion = _mapping({"uuid": _UUID, "opinion": st.integers(-5, 120), "comment": text, "authors": text})
    relation = _mapping({"uuid": _UUID, "related_object_uuid": _UUID, "relationship_type": text | st.just("uses")})
    meta = st.dictionaries(
        st.sampled_from(_META_KEYS) | text,
        st.lists(text, max_size=2) | text | st.sampled_from(["G0023", ["a:b"], "2020-01-01T00:00:00Z", True]) | junk,
        max_size=5,
    )
    kinds = ["mitre-intrusion-set", "sector", "country", "region", "threat-actor", "x y", "mitre-malware"]
    cluster = (
        _mapping(
            {
                "uuid": _UUID,
                "value": text | st.just("APT16 - G0023"),
                "type": st.sampled_from([*kinds, "branded-vulnerability", "stix-2.1-tool", "stix-2.1-campaign"]),
                "description": text,
                "default": st.booleans(),
                "distribution": distribution,
                "tag_name": text,
                "relationship_type": text,
                "meta": meta,
            }
        )
        | junk
    )
    galaxy = (
        _mapping(
            {
                "uuid": _UUID,
                "name": text,
                "type": text | st.just("mitre-intrusion-set"),
                "description": text,
                "GalaxyCluster": st.lists(cluster, max_size=2) | junk,
            }
        )
        | junk
    )
    value = st.sampled_from(_VALUES) | text | junk
    kind = st.sampled_from([*sorted(SHAPES), "yara", "vulnerability", "campaign-name", "text", "stix2-pattern"]) | junk
    attribute = _mapping(
        {
            "uuid": _UUID,
            "category": st.sampled_from(["Network activity", "Payload delivery"]) | text,
            "timestamp": seconds,
            "comment": text,
            "deleted": st.booleans(),
            "distribution": distribution,
            "first_seen": _ISO,
            "last_seen": _ISO,
            "Tag": tags,
            "Galaxy": st.lists(galaxy, max_size=2),
            "Sighting": st.lists(sighting, max_size=3),
            "data": st.sampled_from(["aGk=", "!!"]),
            "Note": st.lists(note, max_size=2),
            "Opinion": st.lists(opinion, max_size=2),
            "Relationship": st.lists(relation, max_size=1),
            "ShadowAttribute": st.lists(_JUNK, max_size=2),
            "object_relation": text,
            "SharingGroup": organisation,
            "x_misp_unsaid": junk,
            "rest": junk,
            "labels": junk,
        },
        type=kind,
        value=value,
        to_ids=st.booleans() | junk,
    )
    relations = ["ip", "dst-port", "filename", "md5", "domain", "url", "from", "to", "cc", "key", "data", "name", "pid"]
    inner = _mapping(
        {"type": text, "uuid": _UUID, "Tag": tags, "Galaxy": st.lists(galaxy, max_size=1), "deleted": st.booleans()},
        object_relation=st.sampled_from([*relations, "id", "yara", "attachment", "ip-src"]),
        value=st.sampled_from(_VALUES),
        to_ids=st.booleans(),
    )
    reference = _mapping({"uuid": _UUID, "referenced_uuid": _UUID, "relationship_type": text, "comment": text}) | junk
    templates = ["file", "domain-ip", "ip-port", "email", "url", "registry-key", "process", "vulnerability", "yara"]
    found = _mapping(
        {
            "uuid": _UUID,
            "meta-category": text,
            "timestamp": seconds,
            "comment": text,
            "description": text,
            "Attribute": st.lists(inner | junk, max_size=4),
            "ObjectReference": st.lists(reference, max_size=2),
            "distribution": distribution,
            "deleted": st.booleans(),
            "Note": st.lists(note, max_size=1),
        },
        name=st.sampled_from([*templates, "zzz", "asn", "http-request", "x509"]) | text,
    )
    report = _mapping({"uuid": _UUID, "name": text, "content": text, "timestamp": seconds, "deleted": st.booleans()})
    return _mapping(
        {
            "uuid": _UUID,
            "info": text,
            "date": st.dates().map(str) | text,
            "timestamp": seconds,
            "publish_timestamp": seconds,
            "published": st.booleans() | junk,
            "distribution": distribution,
            "Tag": tags,
            "Orgc": organisation,
            "Org": organisation,
            "Attribute": st.lists(attribute | junk, max_size=3),
            "Object": st.lists(found | junk, max_size=2),
            "Galaxy": st.lists(galaxy, max_size=2),
            "EventReport": st.lists(report | junk, max_size=2),
            "Note": st.lists(note, max_size=1),
            "Relationship": st.lists(relation, max_size=1),
            "RelatedEvent": _JUNK,
            "threat_level_id": st.sampled_from(["1", "4"]) | junk,
            "EventTag": junk,
        }
    )
