"""Who may know what: MISP's tags, distribution and sharing groups as STIX markings, and back. Nothing becomes wider on the way.

TLP tags become TLP 2.0 markings; a TLP tag that nobody knows is handled as RED. A distribution is no TLP label but a limit all the
same, so the narrowest reading of it stands beside the label, where it is stricter: "your organisation only" is RED (whoever has
it passes it to nobody), "this community only" and a sharing group AMBER+STRICT, "connected communities" AMBER. Only "all
communities" limits nobody. An attribute takes the strictest of its own and of its event's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.misp.losses import Loss, Path
from tocsin.formats.misp.naming import derived
from tocsin.formats.stix.markings import TLP_EXTENSION, TLP_MARKINGS, tlp_of_definition
from tocsin.vocab.markings import Pap, Tlp

_LABEL = re.compile(r"\s*(tlp|pap)\s*:\s*(?!ex\s*:)(.+?)\s*", re.IGNORECASE | re.DOTALL)
_STATEMENT_TAG = re.compile(r'stix:statement="(.*)"', re.DOTALL)
_LIMITS: dict[str, Tlp | None] = {"0": Tlp.RED, "1": Tlp.AMBER_STRICT, "2": Tlp.AMBER, "3": None, "4": Tlp.AMBER_STRICT}
_INHERIT = "5"
_SHARING_GROUP = "4"
_GROUP_STATEMENT = "Only for members of the MISP sharing group "

#: TLP 2.0 definitions by label (the second half of the table of well-known ids).
_TLP_IDS = {label: identity for identity, label in TLP_MARKINGS.items()}
#: MISP's distribution for a label: no wider than it.
_DISTRIBUTIONS = {Tlp.CLEAR: "3", Tlp.GREEN: "1"}
STRICTEST_DISTRIBUTION = "0"


@dataclass(frozen=True, slots=True)
class Handling:
    """How one item is to be handled: its label, the limit that its distribution sets, its PAP, and words beside them."""

    tlp: Tlp | None = None
    limit: Tlp | None = None
    pap: Pap | None = None
    statements: tuple[str, ...] = ()

    def joined(self, other: "Handling") -> "Handling":
        """The strictest of both."""
        return Handling(
            stricter(self.tlp, other.tlp),
            stricter(self.limit, other.limit),
            _stricter_pap(self.pap, other.pap),
            tuple(dict.fromkeys((*self.statements, *other.statements))),
        )

    @property
    def strictest(self) -> Tlp | None:
        """The label that a reader must obey."""
        return stricter(self.tlp, self.limit)

    def refs(self, definitions: dict[str, dict[str, Any]]) -> list[str]:
        """Ids of the marking definitions; those that are new are added to ``definitions``."""
        marks = [tlp_definition(self.tlp)] if self.tlp else []
        if self.limit and self.limit is not self.tlp and self.strictest is self.limit:
            marks.append(tlp_definition(self.limit))
        words = [self.pap.shown] if self.pap else []
        marks += [statement_definition(text) for text in (*words, *self.statements)]
        for mark in marks:
            definitions.setdefault(mark["id"], mark)
        return [mark["id"] for mark in marks]


def stricter(one: Tlp | None, other: Tlp | None) -> Tlp | None:
    """The stricter of two labels; no label is the widest."""
    return Tlp.strictest(one, other) if one and other else one or other


def _stricter_pap(one: Pap | None, other: Pap | None) -> Pap | None:
    return Pap.strictest(one, other) if one and other else one or other


def handling_of(item: Mapping[str, Any], at: Path, tightened: list[Loss]) -> Handling:
    """What an item says about its own handling; what cannot be read is handled as strictly as can be, and named."""
    tlp, pap, statements = None, None, []
    for name in tag_names(item):
        if statement := _STATEMENT_TAG.fullmatch(name):
            statements.append(statement[1])
        found = _LABEL.fullmatch(name)
        if not found:
            continue
        try:
            if found[1].lower() == "tlp":
                tlp = stricter(tlp, Tlp.read(found[2]))
            else:
                pap = _stricter_pap(pap, Pap.read(found[2]))
        except ValueError:
            tightened.append(Loss(at, f"nobody knows the tag {name[:80]!r}: handled as {found[1].upper()}:RED"))
            tlp, pap = (Tlp.RED, pap) if found[1].lower() == "tlp" else (tlp, Pap.RED)
    limit = _limit(item, at, statements, tightened)
    if limit and stricter(tlp, limit) is not tlp:
        shown = str(item.get("distribution"))[:20]
        tightened.append(Loss((*at, "distribution"), f"distribution {shown} allows no more than {limit.shown}"))
    return Handling(tlp, limit, pap, tuple(statements))


def _limit(item: Mapping[str, Any], at: Path, statements: list[str], tightened: list[Loss]) -> Tlp | None:
    given = item.get("distribution")
    if given is None or str(given) == _INHERIT:
        return None
    if isinstance(given, bool) or str(given) not in _LIMITS:
        tightened.append(
            Loss((*at, "distribution"), f"nobody knows the distribution {str(given)[:20]!r}: nobody else may know")
        )
        return Tlp.RED
    if str(given) == _SHARING_GROUP:
        statements.append(_GROUP_STATEMENT + _group_name(item))
    return _LIMITS[str(given)]


def _group_name(item: Mapping[str, Any]) -> str:
    group = item.get("SharingGroup")
    words = [str(group[key]) for key in ("name", "uuid") if group.get(key)] if isinstance(group, Mapping) else []
    return " ".join(words)[:300] or f"number {str(item.get('sharing_group_id', 'unknown'))[:40]} of the sender's"


def tag_names(item: Mapping[str, Any]) -> list[str]:
    """The names of an item's tags, also where a search answer wraps each of them (``EventTag``, ``AttributeTag``)."""
    names = []
    for key in ("Tag", "EventTag", "AttributeTag"):
        tags = item.get(key)
        for tag in tags if isinstance(tags, list) else ():
            inner = tag.get("Tag") if key != "Tag" and isinstance(tag, Mapping) else tag
            name = inner.get("name") if isinstance(inner, Mapping) else inner
            if isinstance(name, str):
                names.append(name)
    return names


def inner_handling(value: Any) -> Handling:
    """How the strictest part of a value is to be handled that travels inside something else.

    Clusters of MISP's own library (``default``) are public; what they say of their distribution limits nobody.
    """
    found = Handling()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if one.get("default") is not True and ("distribution" in one or "Tag" in one):
                found = found.joined(handling_of(one, (), []))
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


# Marking definitions ------------------------------------------------------------------------------------------------


def tlp_definition(label: Tlp) -> dict[str, Any]:
    """The TLP 2.0 marking definition that OASIS published for a label."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP_IDS[label],
        "created": "2022-10-01T00:00:00.000Z",
        "name": label.shown,
        "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": label.value}},
    }


def statement_definition(text: str) -> dict[str, Any]:
    """A statement as a marking definition; the same words have the same id everywhere."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--" + derived("statement", text),
        "created": "2022-10-01T00:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": text},
    }


@dataclass(slots=True)
class Marks:
    """What the markings of a STIX object come to, for MISP."""

    tlp: Tlp | None = None
    pap: Pap | None = None
    statements: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def marks_of(found: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Marks:
    """The markings of an object and of any part of it, the strictest of each kind; unknown definitions are named."""
    marks = Marks()
    for ref in _refs(found):
        label = TLP_MARKINGS.get(ref)
        definition = definitions.get(ref)
        if label is None and definition is not None:
            label = tlp_of_definition(definition)
        if label is not None:
            marks.tlp = stricter(marks.tlp, label)
            continue
        inner = definition.get("definition") if definition is not None else None
        statement = inner.get("statement") if isinstance(inner, Mapping) else None
        if not isinstance(statement, str):
            marks.unknown.append(ref)
            marks.tlp = Tlp.RED
            continue
        words = _LABEL.fullmatch(statement)
        if words is None:
            marks.statements.append(statement)
        elif words[1].lower() == "pap":
            marks.pap = _stricter_pap(marks.pap, _read_pap(words[2]))
        else:
            marks.tlp = stricter(marks.tlp, _read_tlp(words[2]))
    return marks


def _read_pap(text: str) -> Pap:
    try:
        return Pap.read(text)
    except ValueError:
        return Pap.RED


def _read_tlp(text: str) -> Tlp:
    try:
        return Tlp.read(text)
    except ValueError:
        return Tlp.RED


def _refs(found: Mapping[str, Any]) -> Iterable[str]:
    refs = found.get("object_marking_refs")
    named = [ref for ref in refs if isinstance(ref, str)] if isinstance(refs, list) else []
    parts = found.get("granular_markings")
    for part in parts if isinstance(parts, list) else ():
        ref = part.get("marking_ref") if isinstance(part, Mapping) else None
        if isinstance(ref, str):
            named.append(ref)
    return dict.fromkeys(named)


def tags_for(marks: Marks, own: Handling) -> list[str]:
    """The tags that an item still needs so that it says no less than the marks do; ``own`` is what it says already."""
    tags = []
    if marks.tlp and stricter(own.strictest, marks.tlp) is not own.strictest:
        tags.append(f"tlp:{marks.tlp.value}")
    if marks.pap and _stricter_pap(own.pap, marks.pap) is not own.pap:
        tags.append(marks.pap.shown)
    tags += [f'stix:statement="{text}"' for text in marks.statements if text not in own.statements]
    return tags


def distribution_for(label: Tlp | None) -> str:
    """The widest distribution that is no wider than a label; without a label nobody else may know."""
    return _DISTRIBUTIONS.get(label, STRICTEST_DISTRIBUTION) if label else STRICTEST_DISTRIBUTION
