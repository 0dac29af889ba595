"""One STIX indicator object as indicators.

What breaks a MUST that we rely on is refused (no pattern, a pattern that is not well formed, times that are none, an end before
the beginning). What only breaks advice, or a field that we can do without, is let pass and noted under ``details["ignored"]``.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from tocsin.formats.canonical import Observable
from tocsin.formats.kaspersky.verdicts import confidence_of, read_verdict
from tocsin.formats.outcome import Outcome
from tocsin.formats.stix.alternatives import alternatives, simple_alternative
from tocsin.formats.stix.context import Context
from tocsin.formats.stix.grammar import read_pattern
from tocsin.formats.tags import Tags, read_tags
from tocsin.formats.times import iso_time, unless_forever
from tocsin.vocab.markings import Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord

#: Open vocabulary of indicator types, labels and kill chain phases, by words inside them -> RSIT. The first that fits counts.
_CLASSES = (
    (("command-and-control", "c2", "c&c", "botnet"), "malicious-code/c2-server"),
    (("phish",), "fraud/phishing"),
    (("compromised",), "intrusions/system-compromise"),
    (("scanner", "scanning", "reconnaissance"), "information-gathering/scanner"),
    (("brute",), "intrusion-attempts/brute-force"),
    (("exploit",), "intrusion-attempts/exploit"),
    (("ddos",), "availability/ddos"),
    (("spam",), "abusive-content/spam"),
    (("malware", "ransomware", "delivery", "installation"), "malicious-code/malware-distribution"),
    (("anonymization", "anonymisation"), "other/other"),
)
_MENTIONED = frozenset(
    {
        "type",
        "id",
        "spec_version",
        "pattern",
        "valid_from",
        "valid_until",
        "confidence",
        "revoked",
        "description",
        "labels",
    }
    | {"object_marking_refs", "created_by_ref", "kill_chain_phases", "external_references"}
)


def read_indicator(found: Mapping[str, Any], context: Context) -> Outcome:
    """The indicators of one ``indicator`` object, in the light of the bundle's other objects."""
    try:
        observables, refused = _observables(found)
        since, until = _validity(found)
    except ValueError as error:
        return Outcome(problem=str(error))
    if not observables:
        return Outcome(problem="; ".join(refused))
    texts = _texts(found.get("labels")) + _texts(found.get("indicator_types"))
    tags = read_tags(texts)
    said = _said(found.get("description"))
    details, confidence = _details(found, context, refused, said)
    tlp = _tlp(found, context, tags)
    verdict = read_verdict(said.get("threat", ""))
    description, name = found.get("description"), found.get("name")
    given_pattern = str(found["pattern"])
    return Outcome(
        tuple(
            IndicatorRecord(
                type=kind,
                value=value,
                given=None if given == value else given,
                classification=tags.classification or _classification(found, texts),
                malware=context.family_of(found.get("id")) or tags.malware or (verdict.family if verdict else None),
                confidence=confidence if confidence is not None else tags.confidence,
                tlp=tlp,
                pap=tags.pap,
                valid_from=since,
                valid_until=until,
                is_revoked=found.get("revoked") is True or found.get("id") in context.revoked,
                external_id=found["id"] if isinstance(found.get("id"), str) else None,
                description=str(description or name) if description or name else None,
                references=_references(found),
                tags=tuple(dict.fromkeys(texts)),
                details=(details if kind is ObservableType.PATTERN else details | {"pattern": given_pattern}) or None,
            )
            for (kind, value), given in observables.items()
        )
    )


# The pattern --------------------------------------------------------------------------------------------------------


def _observables(found: Mapping[str, Any]) -> tuple[dict[Observable, str], list[str]]:
    """Canonical observables with the text that gave each, and the reasons for those that could not be read."""
    pattern = found.get("pattern")
    if not isinstance(pattern, str) or not pattern.strip():
        raise ValueError("the indicator has no pattern")
    whole: Observable = (ObservableType.PATTERN, pattern.strip())
    if found.get("pattern_type", "stix") != "stix":
        return {whole: whole[1]}, []
    plain = simple_alternative(pattern) or alternatives(read_pattern(pattern))
    observables: dict[Observable, str] = {}
    refused = []
    for one in plain.observables:
        try:
            observables.setdefault(one.read(one.given), one.given)
        except ValueError as error:
            refused.append(f"{one.given[:120]!r}: {error}")
    if plain.rest:
        observables[whole] = whole[1]
    return observables, refused


# Times and markings -------------------------------------------------------------------------------------------------


def _validity(found: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    since, until = (_time(found, key) for key in ("valid_from", "valid_until"))
    if since and until and until <= since:
        raise ValueError(f"valid_until {found['valid_until']} is not after valid_from {found['valid_from']}")
    return since, unless_forever(until)


def _time(found: Mapping[str, Any], key: str) -> datetime | None:
    if found.get(key) is None:
        return None
    try:
        return iso_time(str(found[key]))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _tlp(found: Mapping[str, Any], context: Context, tags: Tags) -> Tlp | None:
    """The strictest label on the object or on any part of it: a part must not travel wider than it is marked."""
    refs = _texts(found.get("object_marking_refs"))
    refs += [str(part.get("marking_ref")) for part in _mappings(found.get("granular_markings"))]
    labels = [context.markings[ref] for ref in refs if ref in context.markings]
    labels += [tags.tlp] if tags.tlp else []
    return Tlp.strictest(*labels) if labels else None


# The rest -----------------------------------------------------------------------------------------------------------

_SAID = re.compile(r"\s*([a-z][a-z_]*)=([^;]*)(?:;|\Z)")
_SAID_KEYS = frozenset(
    {
        "threat",
        "threat_score",
        "date_added",
        "detection_date",
        "publication_name",
        "geo",
        "users_geo",
        "ip_geo",
        "actors",
    }
)


def _said(description: Any) -> dict[str, str]:
    """``key=value;key=value``, as Kaspersky's TAXII server writes its context into the description; else nothing."""
    if not isinstance(description, str):
        return {}
    pairs = {}
    at = 0
    while at < len(description.rstrip()):
        found = _SAID.match(description, at)
        if not found:
            return {}
        pairs[found[1]] = found[2].strip()
        at = found.end()
    return pairs if _SAID_KEYS & pairs.keys() else {}


def _details(
    found: Mapping[str, Any], context: Context, refused: list[str], said: Mapping[str, str]
) -> tuple[dict[str, Any], int | None]:
    """All other properties under STIX's names, with ids turned into names, and the confidence."""
    details: dict[str, Any] = {
        key: value for key, value in found.items() if key not in _MENTIONED and value not in (None, [], {})
    }
    if details.get("name") == found.get("description") or not found.get("description"):
        details.pop("name", None)
    confidence = found.get("confidence")
    if confidence is not None and not (type(confidence) is int and 0 <= confidence <= 100):
        details["ignored"] = {"confidence": confidence}
        confidence = None
    if author := found.get("created_by_ref"):
        details["created_by"] = context.authors.get(str(author), author)
    if phases := [
        f"{p.get('kill_chain_name')}:{p.get('phase_name')}" for p in _mappings(found.get("kill_chain_phases"))
    ]:
        details["kill_chain"] = phases
    if others := [ref for ref in _texts(found.get("object_marking_refs")) if ref not in context.markings]:
        details["markings"] = [context.statements.get(ref, ref) for ref in others]
    if refused:
        details["refused"] = refused
    if said:
        details["context"] = dict(said)
        if confidence is None:
            confidence = confidence_of(_number(said.get("threat_score")), _number(said.get("popularity")))
    if _texts(found.get("indicator_types")) == ["benign"] or _texts(found.get("labels")) == ["benign"]:
        details["to_ids"] = False
    return details, confidence


def _classification(found: Mapping[str, Any], texts: Iterable[str]) -> str | None:
    phases = [str(phase.get("phase_name", "")) for phase in _mappings(found.get("kill_chain_phases"))]
    return _class_of("\n".join([*texts, *phases]).lower())


@lru_cache(maxsize=4096)
def _class_of(words: str) -> str | None:
    return next((kind for parts, kind in _CLASSES if any(part in words for part in parts)), None)


def _references(found: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(one["url"] for one in _mappings(found.get("external_references")) if isinstance(one.get("url"), str))


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
