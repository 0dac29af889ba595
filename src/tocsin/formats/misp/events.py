"""One MISP attribute, in the light of its object and its event, as indicators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tocsin.formats.canonical import Observable
from tocsin.formats.misp.kinds import observables
from tocsin.formats.outcome import Outcome
from tocsin.formats.tags import Tags, read_tags
from tocsin.formats.times import epoch_time, iso_time, shown
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import IndicatorRecord

#: Attribute category, lower case -> RSIT. Only where every attribute of the category is that; else the record is silent.
_CATEGORIES = {
    "payload delivery": "malicious-code/malware-distribution",
    "payload installation": "malicious-code/malware-distribution",
    "artifacts dropped": "malicious-code/malware-distribution",
}
_EVENT_DETAILS = ("info", "uuid", "date", "threat_level_id", "analysis", "distribution", "published", "extends_uuid")
_ATTRIBUTE_DETAILS = ("category", "comment", "distribution", "object_relation", "disable_correlation")
_MOST_TEXT = 10_000

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an event or an object says about all its attributes."""

    details: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    reads: Tags = field(default_factory=Tags)
    is_deleted: bool = False


def event_surroundings(event: Mapping[str, Any]) -> Surroundings:
    """The event's own words: title, level, date, who made it, its tags and galaxies."""
    details = {key: event[key] for key in _EVENT_DETAILS if event.get(key) not in (None, "", [])}
    maker = event.get("Orgc")
    if isinstance(maker, Mapping) and maker.get("name"):
        details["orgc"] = maker["name"]
    group = event.get("SharingGroup")
    if isinstance(group, Mapping) and group.get("name"):
        details["sharing_group"] = group["name"]
    tags = tag_names(event)
    return Surroundings({"event": details} if details else {}, tags, read_tags(tags), _is_true(event.get("deleted")))


def object_surroundings(found: Mapping[str, Any]) -> Surroundings:
    """The object's name and whether it was deleted (MISP keeps no tags on objects)."""
    details = {key: found[key] for key in ("name", "uuid", "comment") if found.get(key) not in (None, "")}
    return Surroundings({"object": details} if details else {}, is_deleted=_is_true(found.get("deleted")))


def tag_names(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of an event or attribute, and those that its galaxies' clusters stand for, once each."""
    names = [tag.get("name") for tag in _mappings(found.get("Tag"))]
    for galaxy in _mappings(found.get("Galaxy")):
        names += [cluster.get("tag_name") for cluster in _mappings(galaxy.get("GalaxyCluster"))]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name.strip()))


def read_attribute(attribute: Any, around: Iterable[Surroundings]) -> Outcome:
    """The indicators of an attribute; ``around`` are its object and its event."""
    if not isinstance(attribute, Mapping):
        return Outcome(problem="the attribute is not a JSON object")
    kind, value = attribute.get("type"), attribute.get("value")
    if not isinstance(kind, str) or not kind:
        return Outcome(problem="the attribute names no type")
    if not isinstance(value, str | int | float):
        return Outcome(problem=f"the attribute ({kind}) has no value")
    found: dict[Observable, str] = {}
    refused = []
    for given, read in observables(kind, str(value)):
        try:
            found.setdefault(read(given), given)
        except ValueError as error:
            refused.append(f"{kind} {given[:120]!r}: {error}")
    if not found:
        return Outcome(problem="; ".join(refused))
    return Outcome(tuple(_indicators(attribute, kind, found, refused, list(around))))


def _indicators(
    attribute: Mapping[str, Any],
    kind: str,
    found: Mapping[Observable, str],
    refused: list[str],
    around: list[Surroundings],
) -> Iterable[IndicatorRecord]:
    own = tag_names(attribute)
    tags = tuple(dict.fromkeys((*own, *(tag for part in around for tag in part.tags))))
    reads = [read_tags(own), *(part.reads for part in around)]
    details = _details(attribute, kind, around, refused)
    comment = str(attribute.get("comment") or "").strip()[:_MOST_TEXT]
    info = next((part.details["event"].get("info") for part in around if "event" in part.details), None)
    for (observable, value), given in found.items():
        yield IndicatorRecord(
            type=observable,
            value=value,
            given=None if given == value or value.endswith(f":{given.strip()}") else given,
            classification=_first(read.classification for read in reads)
            or _CATEGORIES.get(str(attribute.get("category")).lower()),
            malware=_first(read.malware for read in reads),
            confidence=_first(read.confidence for read in reads),
            tlp=_strictest_tlp(reads),
            pap=_strictest_pap(reads),
            valid_from=_since(attribute),
            is_revoked=_is_true(attribute.get("deleted")) or any(part.is_deleted for part in around),
            external_id=attribute["uuid"] if isinstance(attribute.get("uuid"), str) else None,
            description=comment or (str(info) if info else None),
            tags=tags,
            details=details,
        )


def _details(
    attribute: Mapping[str, Any], kind: str, around: Iterable[Surroundings], refused: list[str]
) -> dict[str, Any]:
    """``misp_type`` and ``to_ids`` always; the rest where the record says it."""
    details: dict[str, Any] = {"misp_type": kind, "to_ids": _is_true(attribute.get("to_ids"))}
    details |= {key: attribute[key] for key in _ATTRIBUTE_DETAILS if attribute.get(key) not in (None, "")}
    if "|" in kind or kind == "malware-sample":
        details["value"] = attribute["value"]
    if (last := _moment(attribute, "last_seen")) is not None:
        details["last_seen"] = shown(last)
    if sightings := _mappings(attribute.get("Sighting")):
        details["sightings"] = len(sightings)
    for part in around:
        details |= part.details
    if refused:
        details["refused"] = refused
    return details


def _since(attribute: Mapping[str, Any]) -> datetime | None:
    return _moment(attribute, "first_seen") or _moment(attribute, "timestamp")


def _moment(attribute: Mapping[str, Any], key: str) -> datetime | None:
    """A time of an attribute: seconds since 1970 (as text), or ISO 8601 with its zone; what is neither is no time."""
    value = attribute.get(key)
    if value in (None, "", 0, "0"):
        return None
    try:
        return epoch_time(value) if str(value).replace(".", "", 1).isdecimal() else iso_time(str(value))
    except ValueError:
        return None


def _strictest_tlp(reads: Iterable[Tags]) -> Tlp | None:
    labels = [read.tlp for read in reads if read.tlp]
    return labels[0] if len(labels) == 1 else Tlp.strictest(*labels) if labels else None


def _strictest_pap(reads: Iterable[Tags]) -> Pap | None:
    labels = [read.pap for read in reads if read.pap]
    return labels[0] if len(labels) == 1 else Pap.strictest(*labels) if labels else None


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((value for value in values if value is not None), None)


def _is_true(value: Any) -> bool:
    """MISP writes booleans as such, as 0 and 1, and as text."""
    return value is True or value == 1 or value in ("1", "true")


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
