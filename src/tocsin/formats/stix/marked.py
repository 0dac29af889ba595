"""How a STIX object is marked: TLP, PAP, IEP and recipients that are left out, on the object and on any part of it.

STIX knows TLP alone. PAP and IEP stand in marking definitions by extension (ours, or any that carries ``pap`` or an IEP policy), in
statements such as ``PAP:AMBER``, and in labels as MISP writes them. What marks an object and cannot be read is ``unknown``: a person
has to look at it, it is never taken for unmarked.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.stix.markings import TLP_MARKINGS, tlp_of_definition
from tocsin.vocab.markings import Pap, Tlp

#: The label of what is marked in a way that cannot be read.
UNKNOWN = "unknown"
#: Our extension of marking definitions and objects: ``pap``, ``iep``, ``cell_size``.
TERMS_EXTENSION = "extension-definition--8e68a700-d5fa-58d4-b8b3-42e795103eb9"
#: The property in which an originator names parties that must not get an object.
EXCLUDE = "x_exclude_recipients"

_LABEL = re.compile(r"\s*(tlp|pap)\s*:\s*(?!ex\s*:)(.+?)\s*", re.IGNORECASE)
_MOST_EXCLUDED = 200
_MOST_POLICY = 4_000


@dataclass(frozen=True, slots=True)
class Marks:
    """What markings say together; ``None`` where they are silent. ``tlp`` and ``pap`` are labels or ``unknown``.

    ``iep`` are IEP policy objects, all of which hold; ``None`` among them, as among ``exclude``, is one that cannot be read. ``missing``
    are marking definitions that nobody knows yet.
    """

    tlp: str | None = None
    pap: str | None = None
    iep: tuple[Mapping[str, Any] | None, ...] = ()
    exclude: tuple[str | None, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sum:
    """Marks while they are being added up: the strictest wins, the unknown above all."""

    tlps: list[Tlp] = field(default_factory=list)
    paps: list[Pap] = field(default_factory=list)
    ieps: list[Mapping[str, Any] | None] = field(default_factory=list)
    exclude: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    is_tlp_unknown: bool = False
    is_pap_unknown: bool = False
    is_exclude_odd: bool = False

    def label(self, text: Any) -> bool:
        """Take a text such as ``TLP:AMBER``; whether it is one."""
        found = _LABEL.fullmatch(text) if isinstance(text, str) else None
        if not found:
            return False
        self.word(found[1].lower(), found[2])
        return True

    def word(self, kind: str, text: Any) -> None:
        """Take a label of one kind (``tlp`` or ``pap``)."""
        try:
            if kind == "tlp":
                self.tlps.append(Tlp.read(str(text)))
            else:
                self.paps.append(Pap.read(str(text)))
        except ValueError:
            if kind == "tlp":
                self.is_tlp_unknown = True
            else:
                self.is_pap_unknown = True

    def policy(self, policy: Any) -> None:
        """Take an IEP policy."""
        read = policy if isinstance(policy, Mapping) and len(str(policy)) <= _MOST_POLICY else None
        if read not in self.ieps:
            self.ieps.append(read)

    def excluding(self, names: Any) -> None:
        """Take names of recipients that are left out."""
        if isinstance(names, list) and len(names) <= _MOST_EXCLUDED and all(isinstance(name, str) for name in names):
            self.exclude.update(names)
        elif names is not None:
            self.is_exclude_odd = True

    def marks(self) -> Marks:
        """The sum."""
        odd: tuple[None, ...] = (None,) if self.is_exclude_odd else ()
        return Marks(
            UNKNOWN if self.is_tlp_unknown else Tlp.strictest(*self.tlps).value if self.tlps else None,
            UNKNOWN if self.is_pap_unknown else Pap.strictest(*self.paps).value if self.paps else None,
            tuple(self.ieps),
            (*sorted(self.exclude), *odd),
            tuple(dict.fromkeys(self.missing)),
        )


def marking_refs(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the marking definitions of an object and of its parts that are not TLP's own well-known ones."""
    return tuple(ref for ref in _refs(found) if ref not in TLP_MARKINGS)


def marks_of(found: Mapping[str, Any], known: Callable[[str], Mapping[str, Any] | None]) -> Marks:
    """The markings of an object; ``known`` gives the marking definition of an id, or ``None``.

    A part that is marked stricter marks the whole: objects are passed on whole. A definition that nobody knows yet is unknown.
    """
    total = _Sum()
    for ref in _refs(found):
        if ref in TLP_MARKINGS:
            total.tlps.append(TLP_MARKINGS[ref])
        elif (definition := known(ref)) is not None:
            _read_definition(definition, total)
        else:
            total.is_tlp_unknown = True
            total.missing.append(ref)
    for text in _texts(found.get("labels")):
        total.label(text)
    total.excluding(found.get(EXCLUDE))
    for extension in _extensions(found):
        total.excluding(extension.get(EXCLUDE))
    return total.marks()


def _read_definition(definition: Mapping[str, Any], total: _Sum) -> None:
    """What one marking definition says. A statement (a licence, a copyright) restricts nobody in a way that a label would."""
    inner = definition.get("definition")
    parts = [part for part in (inner, *_extensions(definition)) if isinstance(part, Mapping)]
    kind = str(definition.get("definition_type", "")).lower()
    is_read = False
    if (tlp := tlp_of_definition(definition)) is not None:
        total.tlps.append(tlp)
        is_read = True
    elif kind.startswith("tlp") or any("tlp" in part or "tlp_2_0" in part for part in parts):
        total.is_tlp_unknown = is_read = True
    for part in parts:
        if "pap" in part:
            total.word("pap", part["pap"])
            is_read = True
        if "iep" in part or "iep_version" in part or kind == "iep":
            total.policy(part.get("iep", part))
            is_read = True
        if EXCLUDE in part:
            total.excluding(part[EXCLUDE])
            is_read = True
        if isinstance(part.get("statement"), str):
            total.label(part["statement"])
            is_read = True
    if not is_read:
        total.is_tlp_unknown = True


def _refs(found: Mapping[str, Any]) -> Iterable[str]:
    refs = _texts(found.get("object_marking_refs"))
    parts = found.get("granular_markings")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Mapping) and isinstance(part.get("marking_ref"), str):
            refs.append(part["marking_ref"])
    return dict.fromkeys(refs)


def _extensions(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    extensions = found.get("extensions")
    return [one for one in extensions.values() if isinstance(one, Mapping)] if isinstance(extensions, Mapping) else []


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
