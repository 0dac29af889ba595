"""The STIX objects of one event while it is being converted: ids, markings, organisations, and what hangs on each object."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tocsin.formats.misp import galaxies
from tocsin.formats.misp.custom import keep
from tocsin.formats.misp.handling import Handling, handling_of, inner_handling
from tocsin.formats.misp.losses import Loss, Path, same
from tocsin.formats.misp.naming import derived, is_uuid, moment, read_time, written, written_short
from tocsin.formats.misp.said import (
    KIND,
    Item,
    note_said,
    opinion_of,
    opinion_said,
    organisation_said,
    reference_said,
    relation_said,
    report_said,
    sighting_said,
)

_RELATION = re.compile(r"[^a-z0-9]+")
#: What an indicator says of a cluster's type.
_INDICATED = frozenset(
    {"attack-pattern", "campaign", "infrastructure", "intrusion-set", "malware", "threat-actor", "tool"}
)


@dataclass(slots=True)
class Bundle:
    """What one event has become so far. ``time`` is the event's own; ``handling`` holds for all that stands in it."""

    uuid: str
    time: datetime
    handling: Handling
    author: str | None = None
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    tightened: list[Loss] = field(default_factory=list)
    by_uuid: dict[str, str] = field(default_factory=dict)
    pending: list[tuple[dict[str, Any], Item, Item, Path]] = field(default_factory=list)
    _refs: dict[Handling, list[str]] = field(default_factory=dict)

    def identity(self, kind: str, given: Any, at: Path) -> str:
        """A new id: with the UUID that was given where that is one and free, else a derived one."""
        if is_uuid(given) and f"{kind}--{given}" not in self.objects:
            return f"{kind}--{given}"
        return f"{kind}--{derived(self.uuid, kind, *at)}"

    def handled(self, item: Mapping[str, Any], at: Path) -> Handling:
        """How an item of the event is to be handled: as its event, or stricter."""
        return self.handling.joined(handling_of(item, at, self.tightened))

    def mark(self, found: dict[str, Any], handling: Handling) -> None:
        """Put the markings on an object."""
        refs = self._refs.get(handling)
        if refs is None:
            refs = self._refs[handling] = handling.refs(self.definitions)
        if refs:
            found["object_marking_refs"] = list(refs)

    def settle(self, found: dict[str, Any], item: Item, said: Item, handling: Handling, at: Path) -> None:
        """Keep beside an object what it does not say; what is kept so is marked no wider than it was."""
        keep(found, item, said)
        inside = [
            item[key]
            for key, value in item.items()
            if isinstance(value, dict | list) and not same(said.get(key), value)
        ]
        whole = handling.joined(inner_handling([one for one in inside if one is not item.get("Tag")]))
        if whole != handling:
            self.tightened.append(Loss(at, "what is kept inside is marked stricter: so is the whole"))
            self.mark(found, whole)

    def head(self, kind: str, identity: str, time: datetime, created: datetime | None = None) -> dict[str, Any]:
        """The properties that every object begins with."""
        found: dict[str, Any] = {"type": kind, "spec_version": "2.1", "id": identity}
        if self.author:
            found["created_by_ref"] = self.author
        found["created"] = written(created if created and created <= time else time)
        found["modified"] = written(time)
        return found

    def add(self, found: dict[str, Any]) -> dict[str, Any]:
        """Take an object in."""
        self.objects[found["id"]] = found
        return found

    def time_of(self, item: Mapping[str, Any]) -> datetime:
        """When an item was last changed; the event's time where it does not say."""
        return moment(item.get("timestamp")) or self.time

    def organisation(self, item: Any) -> str | None:
        """The identity of an organisation, if it has a name."""
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not item["name"]:
            return None
        uuid = item["uuid"] if is_uuid(item.get("uuid")) else derived("organisation", item["name"])
        identity = f"identity--{uuid}"
        known = self.objects.get(identity)
        if known is None:
            time = written(self.time)
            self.add(
                {
                    "type": "identity",
                    "spec_version": "2.1",
                    "id": identity,
                    "created": time,
                    "modified": time,
                    "name": item["name"],
                    "identity_class": "organization",
                }
            )
        return identity

    # What hangs on an object ------------------------------------------------------------------------------------

    def galaxies(
        self, item: Item, target: dict[str, Any] | None, handling: Handling, *, kind: str | None = None
    ) -> list[str]:
        """The clusters of an item's galaxies as objects, and how ``target`` is related to each; their ids."""
        refs = []
        for galaxy in mappings(item.get("Galaxy")):
            for cluster in mappings(galaxy.get("GalaxyCluster")):
                if (identity := self._cluster(galaxy, cluster)) is None:
                    continue
                refs.append(identity)
                if target is not None:
                    self._indicates(target, identity, cluster, handling, kind)
        return refs

    def _cluster(self, galaxy: Item, cluster: Item) -> str | None:
        found = galaxies.cluster_object(galaxy, cluster, written(self.time))
        if found is None:
            return None
        known = self.objects.get(found["id"])
        if known is None:
            own = handling_of(cluster, (), []) if cluster.get("default") is not True else Handling()
            if cluster.get("default") is not True:
                self.mark(found, self.handling.joined(own))
            self.add(found)
        return found["id"] if known is None or galaxies.cluster_of(known).get("value") == cluster.get("value") else None

    def _indicates(
        self, target: dict[str, Any], cluster: str, item: Item, handling: Handling, kind: str | None
    ) -> None:
        named = relation_name(item.get("relationship_type"))
        stands_for = cluster.partition("--")[0]
        usual = "indicates" if target["type"] == "indicator" and stands_for in _INDICATED else "related-to"
        identity = "relationship--" + derived(self.uuid, "galaxy", target["id"], cluster)
        found = {
            **self.head("relationship", identity, self.time),
            "created": target["created"],
            "modified": target["modified"],
            "relationship_type": named or usual,
            "source_ref": target["id"],
            "target_ref": cluster,
            KIND: kind or "galaxy",
        }
        self.mark(found, handling)
        self.add(found)

    def galaxies_said(self, refs: list[str]) -> Item:
        """The galaxies that the clusters' objects give."""
        found = galaxies.galaxies_of([self.objects[ref] for ref in refs])
        return {"Galaxy": found} if found else {}

    def sightings(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> Item:
        """An item's sightings; what the objects made of them say."""
        said = []
        for number, sighting in enumerate(mappings(item.get("Sighting"))):
            place = (*at, "Sighting", number)
            kind = {"0": "sighting", "1": "opinion"}.get(str(sighting.get("type", "0")))
            if kind is None:
                self._expire(target, sighting)
                continue
            found = self._sighting(kind, sighting, target, place)
            self.mark(found, handling)
            keep(found, sighting, sighting_said(found, self.objects))
            self.add(found)
            said.append(sighting)
        return {"Sighting": said} if same(said, item.get("Sighting", [])) and said else {}

    def _sighting(self, kind: str, item: Item, target: dict[str, Any], at: Path) -> dict[str, Any]:
        time = moment(item.get("date_sighting")) or self.time
        found = self.head(kind, self.identity(kind, item.get("uuid"), at), time)
        by = self.organisation(item.get("Organisation"))
        if kind == "sighting":
            found |= {
                "sighting_of_ref": target["id"],
                "first_seen": written_short(time),
                "last_seen": written_short(time),
            }
            if by:
                found["where_sighted_refs"] = [by]
            if isinstance(item.get("source"), str) and item["source"]:
                found["description"] = item["source"]
        else:
            found |= {"opinion": "strongly-disagree", "explanation": "A false positive.", "object_refs": [target["id"]]}
        return {**found, KIND: "sighting"}

    def _expire(self, target: dict[str, Any], item: Item) -> None:
        """MISP's third type of sighting says when an attribute ends to be worth looking for."""
        ends = moment(item.get("date_sighting"))
        since = read_time(target.get("valid_from"))
        if str(item.get("type")) == "2" and ends and since and ends > since:
            target["valid_until"] = written_short(ends)

    def analysis(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> Item:
        """Notes, opinions and relationships of analysts about an item; what the objects made of them say."""
        said: Item = {}
        for key, make in (("Note", self._note), ("Opinion", self._opinion), ("Relationship", self._relation)):
            given = item.get(key)
            parts = mappings(given)
            made = [make(part, target, handling, (*at, key, number)) for number, part in enumerate(parts)]
            if made and all(made) and isinstance(given, list) and len(parts) == len(given):
                said[key] = given
        return said

    def _note(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> bool:
        if not isinstance(item.get("note"), str):
            return False
        found = self._authored("note", item, at)
        found |= {"content": item["note"], "object_refs": [target["id"]], KIND: "note"}
        if isinstance(item.get("language"), str) and re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", item["language"]):
            found["lang"] = item["language"]
        return self._hang(found, item, note_said(found), handling, at)

    def _opinion(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> bool:
        degree = item.get("opinion")
        degree = int(degree) if isinstance(degree, str) and re.fullmatch(r"\d{1,3}", degree, re.ASCII) else degree
        if isinstance(degree, bool) or not isinstance(degree, int) or not 0 <= degree <= 100:
            return False
        found = self._authored("opinion", item, at)
        found |= {"opinion": opinion_of(degree), "object_refs": [target["id"]], KIND: "opinion"}
        if isinstance(item.get("comment"), str) and item["comment"]:
            found["explanation"] = item["comment"]
        return self._hang(found, item, opinion_said(found), handling, at)

    def _relation(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> bool:
        other = self.by_uuid.get(str(item.get("related_object_uuid")))
        name = relation_name(item.get("relationship_type"))
        if other is None or name is None:
            return False
        found = self._authored("relationship", item, at)
        found |= {"relationship_type": name, "source_ref": target["id"], "target_ref": other, KIND: "relationship"}
        found.pop("authors", None)
        return self._hang(found, item, relation_said(found), handling, at)

    def _authored(self, kind: str, item: Item, at: Path) -> dict[str, Any]:
        created, modified = (read_time(item.get(key)) for key in ("created", "modified"))
        time = modified or created or self.time
        found = self.head(kind, self.identity(kind, item.get("uuid"), at), time, created)
        if isinstance(item.get("authors"), str) and item["authors"]:
            found["authors"] = [item["authors"]]
        return found

    def _hang(self, found: dict[str, Any], item: Item, said: Item, handling: Handling, at: Path) -> bool:
        own = handling.joined(handling_of(item, at, self.tightened))
        self.mark(found, own)
        self.add(found)
        said |= self.analysis(item, found, own, at)
        self.settle(found, item, said, own, at)
        return True

    def report(self, item: Item, target: str, at: Path) -> bool:
        """An event report as a note about the event; ``False`` if it has no text."""
        if not isinstance(item.get("content"), str) or not isinstance(item.get("name"), str) or not item["name"]:
            return False
        found = self.head("note", self.identity("note", item.get("uuid"), at), self.time_of(item))
        found |= {"abstract": item["name"], "content": item["content"], "object_refs": [target], KIND: "event-report"}
        if is_true(item.get("deleted")):
            found["revoked"] = True
        handling = self.handled(item, at)
        self.mark(found, handling)
        self.add(found)
        self.settle(found, item, report_said(found) | self.analysis(item, found, handling, at), handling, at)
        return True

    # References between objects, when all of them are there ---------------------------------------------------------

    def references(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> Item:
        """An object's references to others; what the relationships say. Those that lead out of the event stay with the object."""
        given = item.get("ObjectReference")
        parts = mappings(given)
        if not parts or not isinstance(given, list):
            return {}
        made = [
            self._reference(part, target, handling, (*at, "ObjectReference", number))
            for number, part in enumerate(parts)
        ]
        return {"ObjectReference": given} if all(made) and len(parts) == len(given) else {}

    def _reference(self, item: Item, target: dict[str, Any], handling: Handling, at: Path) -> bool:
        other, name = self.by_uuid.get(str(item.get("referenced_uuid"))), relation_name(item.get("relationship_type"))
        if other is None or name is None:
            return False
        identity = self.identity("relationship", item.get("uuid"), at)
        found = self.head("relationship", identity, self.time_of(item))
        found |= {"relationship_type": name, "source_ref": target["id"], "target_ref": other, KIND: "object-reference"}
        if isinstance(item.get("comment"), str) and item["comment"]:
            found["description"] = item["comment"]
        self.mark(found, handling)
        keep(found, item, reference_said(found))
        self.add(found)
        return True

    def organisation_as_said(self, identity: str | None) -> Item:
        """The organisation that an identity gives."""
        return organisation_said(self.objects.get(identity)) if identity else {}


def relation_name(given: Any) -> str | None:
    """A relationship type as STIX writes them: small letters, digits and hyphens."""
    if not isinstance(given, str):
        return None
    return _RELATION.sub("-", given.lower()).strip("-")[:250] or None


def mappings(value: Any) -> list[Item]:
    """The JSON objects of a list; nothing where it is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def is_true(value: Any) -> bool:
    """MISP writes booleans as such, as 0 and 1, and as text."""
    return value is True or (type(value) is int and value == 1) or value in ("1", "true", "True")
