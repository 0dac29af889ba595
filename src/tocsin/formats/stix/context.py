"""What the other objects of a bundle say about its indicators: who made them, what they indicate, how they are marked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.stix.markings import TLP_MARKINGS, tlp_of_definition
from tocsin.vocab.markings import Tlp

#: The most objects of one kind that are remembered; in a larger bundle later ones go unused rather than fill the memory.
MOST_REMEMBERED = 200_000


@dataclass(slots=True)
class Context:
    """Names by id, the malware that an indicator points to, and the meaning of marking definitions."""

    authors: dict[str, str] = field(default_factory=dict)
    malware: dict[str, str] = field(default_factory=dict)
    indicated: dict[str, list[str]] = field(default_factory=dict)
    markings: dict[str, Tlp] = field(default_factory=lambda: dict(TLP_MARKINGS))
    statements: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def remember(self, kind: object, found: Mapping[str, Any]) -> None:
        """Keep what an object that is no indicator says; objects of other kinds are left out."""
        identity, name = found.get("id"), found.get("name")
        if kind == "relationship":
            self._remember_relationship(str(found.get("source_ref")), str(found.get("target_ref")))
        elif not isinstance(identity, str):
            return
        elif kind == "marking-definition":
            self._remember_marking(identity, found)
        elif kind in ("identity", "malware") and isinstance(name, str):
            names = self.authors if kind == "identity" else self.malware
            if len(names) < MOST_REMEMBERED:
                names[identity] = name

    def remember_indicator(self, found: Mapping[str, Any]) -> None:
        """Keep that an indicator is revoked: for good (STIX 2.1 §3.6), so every version of it in the bundle is."""
        identity = found.get("id")
        if found.get("revoked") is True and isinstance(identity, str) and len(self.revoked) < MOST_REMEMBERED:
            self.revoked.add(identity)

    def _remember_relationship(self, source: str, target: str) -> None:
        if (
            source.startswith("indicator--")
            and target.startswith("malware--")
            and len(self.indicated) < MOST_REMEMBERED
        ):
            self.indicated.setdefault(source, []).append(target)

    def _remember_marking(self, identity: str, found: Mapping[str, Any]) -> None:
        if identity in self.markings or len(self.markings) + len(self.statements) > MOST_REMEMBERED:
            return
        if tlp := tlp_of_definition(found):
            self.markings[identity] = tlp
            return
        definition = found.get("definition")
        said = definition.get("statement") if isinstance(definition, Mapping) else None
        self.statements[identity] = str(said or found.get("name") or found.get("definition_type") or identity)

    def family_of(self, indicator: object) -> str | None:
        """The name of the first malware that the indicator is said to indicate."""
        for target in self.indicated.get(indicator, ()) if isinstance(indicator, str) else ():
            if target in self.malware:
                return self.malware[target]
        return None
