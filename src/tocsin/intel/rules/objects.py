"""One STIX object made ready to be kept: what the database, the agreements and correlation need of its bytes. Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from tocsin.agreements.rules.personal import found_kinds
from tocsin.formats.json_values import MAX_DEPTH
from tocsin.formats.stix.check import check_object
from tocsin.formats.stix.check.strict_json import read_strictly
from tocsin.formats.stix.markings import TLP_MARKINGS
from tocsin.formats.stix.values import values_of
from tocsin.formats.times import iso_time
from tocsin.vocab.identity import indicator_id_bytes

#: The most bytes of one object. Samples and evidence travel by other ways.
MAX_OBJECT_BYTES = 4 << 20
#: The longest id: a type of 250 characters (STIX 2.1 §3.1), two dashes, a UUID.
MAX_ID = 288
_NAMED = re.compile(rb'"id"\s*:\s*"([a-z0-9-]{1,250}--[0-9a-fA-F-]{36})"')
_HEAD = 64 << 10
_TOLD_ERRORS = 3
#: What holds an object made from others, by type: its markings are at least theirs.
_MADE_FROM = frozenset({"report", "grouping", "note", "opinion", "observed-data"})
_STATE_ACTORS = frozenset({"threat-actor", "intrusion-set", "campaign"})
#: Properties that hold no words of people: ids, times, digests.
_NO_WORDS = frozenset({"id", "type", "spec_version", "created", "modified", "hashes", "payload_bin", "extension_type"})
_DOUBTED = frozenset({"strongly-disagree", "disagree"})


@dataclass(frozen=True, slots=True)
class Remark:
    """What an object says about others: a ``sighting``, or a ``false-positive`` or ``retraction`` as an opinion. Times aware."""

    kind: str
    about: tuple[str, ...]
    count: int = 1
    hosts: int | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An object that may be kept. ``version_us`` is ``None`` where it says no time itself; ``keys`` are its postings, 16 bytes each.

    ``derivations`` are pairs: what was made, from what it was made. ``personal_data`` are the kinds found in its words.
    """

    raw: bytes
    sha256: str
    stix_id: str
    type: str
    version_us: int | None
    spec_version: str
    confidence: int | None
    is_revoked: bool
    created_by: str | None
    embargo_until: datetime | None
    keys: tuple[bytes, ...]
    derivations: tuple[tuple[str, str], ...]
    personal_data: tuple[str, ...]
    remark: Remark | None
    cell_size: int | None
    is_state_attribution: bool

    def found(self) -> dict[str, Any]:
        """The object itself."""
        read: dict[str, Any] = orjson.loads(self.raw)
        return read


def prepare(raw: bytes) -> Prepared:
    """What is to be known of an object's bytes. Raises ``ValueError`` with the reason why it cannot be kept."""
    found = read_object(raw)
    stix_id, kind = found["id"], found["type"]
    remark = _remark(found)
    return Prepared(
        raw=raw,
        sha256=sha256(raw).hexdigest(),
        stix_id=stix_id,
        type=kind,
        version_us=_version(found),
        spec_version=_spec_version(found),
        confidence=_confidence(found),
        is_revoked=found.get("revoked") is True,
        created_by=found["created_by_ref"] if isinstance(found.get("created_by_ref"), str) else None,
        embargo_until=_time(found, "x_embargo_until"),
        keys=tuple(indicator_id_bytes(of.value, value) for of, value in values_of(found)),
        derivations=_derivations(found),
        personal_data=found_kinds(words_of(found)),
        remark=remark,
        cell_size=_cell_size(found),
        is_state_attribution=_names_state(found),
    )


def read_object(raw: bytes) -> dict[str, Any]:
    """The object of these bytes, bounded in size and depth, if no MUST of STIX forbids it. Raises ``ValueError`` with the reasons."""
    if len(raw) > MAX_OBJECT_BYTES:
        raise ValueError(f"the object is longer than {MAX_OBJECT_BYTES} bytes")
    found = read_strictly(raw)
    if not isinstance(found, dict):
        raise ValueError("this is no STIX object")
    checked = check_object(found)
    if not checked.valid:
        told = "; ".join(map(str, checked.errors[:_TOLD_ERRORS]))
        more = len(checked.errors) - _TOLD_ERRORS
        raise ValueError(told + (f"; and {more} more" if more > 0 else ""))
    if found["type"] == "bundle":
        raise ValueError("a bundle is no object: hand in what is inside it")
    if len(found["id"]) > MAX_ID:
        raise ValueError(f"the id is longer than {MAX_ID} characters")
    return found


def named_in(raw: bytes) -> str:
    """The id in bytes that were refused, if one can be seen; for the report of the refusal."""
    found = _NAMED.search(raw[:_HEAD])
    return found[1].decode("ascii") if found else ""


def canonical(found: Mapping[str, Any]) -> bytes:
    """The same bytes for the same object however it was written: sorted keys, no space."""
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def words_of(found: Mapping[str, Any]) -> str:
    """Everything in the object that people may have written, a line each: what is searched for personal data."""
    return "\n".join(_words(found, 0))


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > MAX_DEPTH:
        return
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _NO_WORDS and not key.endswith(("_ref", "_refs")):
                yield from _words(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner, depth + 1)


# Times and numbers ---------------------------------------------------------------------------------------------------


def _version(found: Mapping[str, Any]) -> int | None:
    """Microseconds since 1970 of ``modified``, else of ``created``. Raises ``ValueError`` on something else than a time."""
    moment = _time(found, "modified") or _time(found, "created")
    return None if moment is None else microseconds(moment)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, without going through a float."""
    seconds = math.floor(moment.timestamp())
    return seconds * 1_000_000 + moment.microsecond


def _time(found: Mapping[str, Any], key: str) -> datetime | None:
    text = found.get(key)
    if text is None:
        return None
    try:
        return iso_time(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{key} is not a time such as 2024-05-19T08:32:11.250Z") from error


def _spec_version(found: Mapping[str, Any]) -> str:
    """What the object says; else 2.0 for what has a creation time (2.1 demands it there) and 2.1 for cyber-observables."""
    said = found.get("spec_version")
    if isinstance(said, str) and len(said) <= 8:
        return said
    return "2.0" if "created" in found else "2.1"


def _confidence(found: Mapping[str, Any]) -> int | None:
    said = found.get("confidence")
    return said if type(said) is int and 0 <= said <= 100 else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 999_999_999 else None


def _cell_size(found: Mapping[str, Any]) -> int | None:
    """Hosts in the smallest cell of an aggregate, where the object says so itself or in an extension."""
    for part in (found, *_mappings(found.get("extensions"))):
        for key in ("cell_size", "x_cell_size"):
            if (size := _count(part.get(key))) is not None:
                return size
    return None


# What it says about others -------------------------------------------------------------------------------------------


def _derivations(found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(made, made from): a report and all that it cites, and whatever a relationship says so of."""
    if found["type"] in _MADE_FROM:
        return tuple((found["id"], ref) for ref in _ids(found.get("object_refs")) if ref != found["id"])
    if found["type"] == "relationship" and found.get("relationship_type") == "derived-from":
        pair = _ids([found.get("source_ref"), found.get("target_ref")])
        return ((pair[0], pair[1]),) if len(pair) == 2 else ()
    return ()


def _ids(value: Any) -> list[str]:
    """Ids that could be those of an object: others cannot be stored and so mark nothing."""
    if not isinstance(value, list):
        return []
    return list(dict.fromkeys(ref for ref in value if isinstance(ref, str) and len(ref) <= MAX_ID and "\0" not in ref))


def _names_state(found: Mapping[str, Any]) -> bool:
    """Whether it says of an actor that a state stands behind it, or that it comes from a place."""
    if found["type"] == "relationship":
        source, target = str(found.get("source_ref")), str(found.get("target_ref"))
        is_actor = source.partition("--")[0] in _STATE_ACTORS
        return is_actor and target.startswith("location--")
    if found["type"] not in _STATE_ACTORS:
        return False
    kinds = found.get("threat_actor_types")
    is_state = isinstance(kinds, list) and "nation-state" in kinds
    return is_state or found.get("resource_level") == "government"


def _remark(found: Mapping[str, Any]) -> Remark | None:
    if found["type"] == "sighting":
        about = _ids([found.get("sighting_of_ref")])
        if not about:
            return None
        count = _count(found.get("count"))
        first, last = _time(found, "first_seen"), _time(found, "last_seen")
        return Remark("sighting", tuple(about), 1 if count is None else count, _cell_size(found), first, last)
    if found["type"] == "opinion" and found.get("opinion") in _DOUBTED:
        labels = found.get("labels") if isinstance(found.get("labels"), list) else []
        kinds = [kind for kind in ("retraction", "false-positive") if kind in (labels or [])]
        about = _ids(found.get("object_refs"))
        if kinds and about:
            return Remark(kinds[0], tuple(about), reason=str(found.get("explanation") or "")[:4000])
    return None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value.values() if isinstance(one, Mapping)] if isinstance(value, Mapping) else []


def marking_of(stix_id: str) -> str | None:
    """The label that a well-known marking definition stands for."""
    label = TLP_MARKINGS.get(stix_id)
    return label.value if label else None
