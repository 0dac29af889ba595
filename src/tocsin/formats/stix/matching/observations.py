"""Observed data as it is matched: observations with their times, and the objects that were seen (STIX 2.1 §4.14, 2.0 part 4 §2).

In 2.1 an observation refers to objects of the bundle; in 2.0 it holds them itself. Both may stand in one bundle.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.stix.matching.constants import nanoseconds
from tocsin.formats.stix.matching.limits import MatchError

MOST_OBJECTS = 2_000_000
MOST_OBSERVED = 999_999_999

#: An object's name: the observation that holds it (``None``: the bundle does) and its id or key.
Key = tuple[int | None, str]

# fmt: off
#: Everything in STIX that is no cyber-observable: patterns do not look at it (§9.7).
_NOT_OBSERVED = frozenset(
    {
        "attack-pattern", "bundle", "campaign", "course-of-action", "extension-definition", "grouping", "identity",
        "incident", "indicator", "infrastructure", "intrusion-set", "language-content", "location", "malware",
        "malware-analysis", "marking-definition", "note", "observed-data", "opinion", "relationship", "report",
        "sighting", "threat-actor", "tool", "vulnerability",
    }
)
# fmt: on


@dataclass(slots=True)
class Observation:
    """One ``observed-data`` object: ``count`` sightings of the same objects between two times (nanoseconds, both included)."""

    id: str
    first: int
    last: int
    count: int
    said: Mapping[str, Any]
    objects: tuple[Key, ...] = ()


@dataclass(slots=True)
class Observations:
    """All observations of a bundle; ``by_type`` has the objects that at least one of them saw."""

    all: list[Observation] = field(default_factory=list)
    objects: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    seen_in: dict[Key, list[int]] = field(default_factory=dict)
    by_type: dict[str, list[Key]] = field(default_factory=dict)

    def referred(self, key: Key, reference: str) -> Mapping[str, Any] | None:
        """The object that another one refers to: in the same observation, else in the bundle."""
        found = self.objects.get((key[0], reference))
        return self.objects.get((None, reference)) if found is None else found


def read_observations(objects: Iterable[Any]) -> Observations:
    """The observations among the objects of one or several bundles, bundles themselves included.

    Of several versions of one observation the newest counts. Raises ``MatchError`` for an observation without times or objects.
    """
    result = Observations()
    newest: dict[str, Mapping[str, Any]] = {}
    for count, one in enumerate(_unpacked(objects)):
        if count >= MOST_OBJECTS:
            raise MatchError(f"the data holds more than {MOST_OBJECTS} objects")
        kind, name = one.get("type"), one.get("id")
        if kind == "observed-data":
            key = name if isinstance(name, str) else f"observation {count + 1}"
            if key not in newest or str(newest[key].get("modified")) <= str(one.get("modified")):
                newest[key] = one
        elif isinstance(kind, str) and isinstance(name, str) and kind not in _NOT_OBSERVED:
            result.objects[None, name] = one
    for name, one in newest.items():
        _add(result, name, one)
    for seen in result.seen_in:
        result.by_type.setdefault(str(result.objects[seen]["type"]), []).append(seen)
    return result


def _unpacked(objects: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for one in objects:
        if not isinstance(one, Mapping):
            raise MatchError(f"the data holds a {type(one).__name__} where a STIX object should be")
        inside = one.get("objects")
        if one.get("type") == "bundle":
            yield from _unpacked(inside) if isinstance(inside, list) else ()
        else:
            yield one


def _add(result: Observations, name: str, said: Mapping[str, Any]) -> None:
    first, last = _time(name, said, "first_observed"), _time(name, said, "last_observed")
    if last < first:
        raise MatchError(f"{name}: last_observed is before first_observed")
    count = said.get("number_observed")
    if type(count) is not int or not 0 < count <= MOST_OBSERVED:
        raise MatchError(f"{name}: number_observed must be a whole number from 1 to {MOST_OBSERVED}")
    place = len(result.all)
    keys = (*_referred(result, name, said), *_held(result, place, name, said))
    result.all.append(Observation(name, first, last, count, said, keys))
    for key in keys:
        result.seen_in.setdefault(key, []).append(place)


def _time(name: str, said: Mapping[str, Any], key: str) -> int:
    try:
        return nanoseconds(str(said[key]))
    except KeyError as error:
        raise MatchError(f"{name}: {key} is missing") from error
    except ValueError as error:
        raise MatchError(f"{name}: {key} is no point in time: {error}") from error


def _referred(result: Observations, name: str, said: Mapping[str, Any]) -> list[Key]:
    references = said.get("object_refs")
    if references is None:
        if not isinstance(said.get("objects"), Mapping):
            raise MatchError(f"{name}: neither object_refs nor objects say what was observed")
        return []
    if not isinstance(references, list) or not all(isinstance(one, str) for one in references):
        raise MatchError(f"{name}: object_refs is no list of ids")
    return [(None, one) for one in dict.fromkeys(references) if (None, one) in result.objects]


def _held(result: Observations, place: int, name: str, said: Mapping[str, Any]) -> list[Key]:
    objects = said.get("objects")
    if objects is None:
        return []
    if not isinstance(objects, Mapping):
        raise MatchError(f"{name}: objects is no dictionary")
    keys: list[Key] = []
    for key, one in objects.items():
        if isinstance(one, Mapping) and isinstance(one.get("type"), str):
            result.objects[place, key] = one
            keys.append((place, key))
    return keys
