"""An indicator of ours as the content of a STIX object, and whether that says anything new."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.formats.stix.writing import TLP_REFS, pap_ref, stamp
from tocsin.formats.times import iso_time
from tocsin.intel.rules.effective import Said
from tocsin.vocab.observables import ObservableType

#: RSIT classes whose meaning STIX's own vocabulary of indicator types has a word for; else ``malicious-activity``.
_TYPES = {
    "intrusions/system-compromise": "compromised",
    "intrusions/application-compromise": "compromised",
    "other/other": "unknown",
    "other/undetermined": "unknown",
}
_MOST_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one source says of one indicator. Times are aware: when it first came, when a delivery last spoke of it."""

    uid: UUID
    type: ObservableType
    value: str
    said: Said
    malware: tuple[str, ...]
    classification: str
    description: str | None
    references: tuple[str, ...]
    first_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """The newest version that is stored."""

    version_us: int
    content: Mapping[str, Any]


def indicator_object(
    one: Wanted, *, stix_id: str, maker: str, pattern: str, modified: datetime, source: str | None
) -> dict[str, Any]:
    """The content of the object. ``source`` is named, with its references, only if given."""
    references = [{"source_name": source, "url": url} for url in one.references[:_MOST_REFERENCES]] if source else []
    if source and not references:
        references = [{"source_name": source, "description": "Reported by this source."}]
    since = one.said.valid_from or one.first_at
    until = one.said.valid_until if one.said.valid_until and one.said.valid_until > since else None
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": stix_id,
        "created_by_ref": maker,
        "created": stamp(one.first_at),
        "modified": stamp(modified),
        "revoked": True if one.said.is_revoked else None,
        "name": one.value[:250] if one.type is not ObservableType.PATTERN else "Pattern",
        "description": one.description if source else None,
        "indicator_types": [_TYPES.get(one.classification, "malicious-activity")],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": stamp(since),
        "valid_until": stamp(until) if until else None,
        "confidence": one.said.confidence,
        "labels": [f"rsit:{one.classification.replace('/', '=', 1)}", *(f"malware:{name}" for name in one.malware)],
        "external_references": references,
        "object_marking_refs": [TLP_REFS[one.said.tlp], pap_ref(one.said.pap)],
    }


def is_same_word(before: Mapping[str, Any], content: Mapping[str, Any], at: datetime) -> bool:
    """Whether a new version would only say again what stands. A later end of validity is news when half of what is left of it would
    otherwise be lost: else a daily feed would make a new version of everything every day."""
    own = {key: value for key, value in content.items() if value not in (None, [], {}, "")}
    if _without_times(before) != _without_times(own):
        return False
    old, new = before.get("valid_until"), own.get("valid_until")
    if old == new:
        return True
    if old is None or new is None:
        return False
    left, wanted = iso_time(old) - at, iso_time(new) - at
    return wanted >= left and left * 2 >= wanted


def _without_times(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("modified", "valid_until")}
