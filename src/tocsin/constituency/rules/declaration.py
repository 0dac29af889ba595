"""What a constituency file declares, and how that differs from what is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """Kinds of entries, in the order in which they are stored: nothing refers to a later one."""

    SECTOR = "sector"
    PROVINCE = "province"
    ORGANISATION = "organisation"
    CONTACT = "contact"
    NETWORK = "network"
    AUTONOMOUS_SYSTEM = "autonomous system"
    DOMAIN = "domain"
    REGISTRY_ID = "registry id"

    @property
    def one(self) -> str:
        """``a sector``, ``an organisation``: for sentences."""
        return f"an {self}" if self.value[0] in "aeiou" else f"a {self}"


class Place(NamedTuple):
    """Where something is said."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its kind, what identifies it, and every other field it states. ``owner`` is a slug, empty for what has none."""

    kind: Kind
    key: Key
    owner: str
    fields: Mapping[str, Any] = field(hash=False)

    def is_over(self, at: datetime) -> bool:
        """Whether it no longer counts at a moment."""
        if "valid_until" in self.fields:
            until = self.fields["valid_until"]
            return until is not None and until <= at
        return not self.fields.get("is_active", True)

    def ended(self, at: datetime) -> "Entry":
        """The same entry as of its end. What would only have begun after ``at`` ends a microsecond after its beginning."""
        change: dict[str, Any] = {"is_active": False}
        if "valid_until" in self.fields:
            begins = self.fields["valid_from"]
            change = {"valid_until": at if begins is None or begins < at else begins + timedelta(microseconds=1)}
        return replace(self, fields={**self.fields, **change})

    def __str__(self) -> str:
        said = " ".join(str(part) for part in self.key if part not in (None, ""))
        return f"{self.kind} {said}"


def entry_of(kind: Kind, fields: Mapping[str, Any]) -> Entry:
    """An entry from the fields of its kind. Validity is part of what identifies a holding: it may be held twice in time."""
    owner = str(fields.get("organisation", ""))
    names = {
        Kind.CONTACT: ("organisation", "role", "email", "phone"),
        Kind.NETWORK: ("organisation", "cidr", "valid_from"),
        Kind.AUTONOMOUS_SYSTEM: ("organisation", "asn", "valid_from"),
        Kind.DOMAIN: ("organisation", "name", "valid_from"),
        Kind.REGISTRY_ID: ("organisation", "registry", "opaque_id", "valid_from"),
    }.get(kind, ("slug",))
    return Entry(kind, tuple(fields[name] for name in names), owner, dict(fields))


State = Mapping[tuple[Kind, Key], Entry]


@dataclass(slots=True)
class Declaration:
    """Everything that a set of files declares. What is wrong with them is collected, so that a person corrects it all at once."""

    entries: dict[tuple[Kind, Key], Entry] = field(default_factory=dict)
    places: dict[tuple[Kind, Key], Place] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, entry: Entry, place: Place) -> None:
        """Take an entry in; the same one twice is a problem."""
        identity = entry.kind, entry.key
        if identity in self.places:
            self.problem(place, f"{entry} was already declared at {self.places[identity]}")
            return
        self.entries[identity] = entry
        self.places[identity] = place

    def problem(self, place: Place, reason: str) -> None:
        """Note what is wrong where."""
        self.problems.append(f"{place}: {reason}")


class Change(NamedTuple):
    """An entry before (``None``: added) and after."""

    before: Entry | None
    after: Entry

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.after}{_validity(self.after)}"
        fields = self.after.fields
        differing = [name for name in fields if fields[name] != self.before.fields.get(name)]
        shown = ", ".join(
            f"{name}: {_shown(self.before.fields.get(name))} → {_shown(fields[name])}" for name in differing
        )
        return f"~ {self.after}: {shown}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What loading a declaration changes: nothing is ever removed, what is gone ends."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    ended: tuple[Change, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether everything was already so."""
        return not (self.added or self.changed or self.ended)

    def count(self, kind: Kind) -> tuple[int, int, int]:
        """How many of a kind are added, changed and ended."""
        added, changed, ended = (
            sum(change.after.kind is kind for change in changes) for changes in (self.added, self.changed, self.ended)
        )
        return added, changed, ended

    def __str__(self) -> str:
        return (
            f"{len(self.added)} added, {len(self.changed)} changed, {len(self.ended)} ended, {self.unchanged} as before"
        )


def difference(stored: State, declaration: Declaration, *, replaces: bool, at: datetime) -> Difference:
    """What differs. With ``replaces`` what is not declared ends ``at`` that moment; otherwise it stays as it is."""
    added, changed, unchanged = [], [], 0
    for identity, entry in declaration.entries.items():
        before = stored.get(identity)
        if before is None:
            added.append(Change(None, entry))
        elif dict(before.fields) != dict(entry.fields):
            changed.append(Change(before, entry))
        else:
            unchanged += 1
    ended: list[Change] = []
    if replaces:
        gone = (entry for identity, entry in stored.items() if identity not in declaration.entries)
        ended = [Change(entry, entry.ended(at)) for entry in gone if _can_end(entry) and not entry.is_over(at)]
    return Difference(_in_order(added), _in_order(changed), _in_order(ended), unchanged)


def _in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    order = list(Kind)
    return tuple(sorted(changes, key=lambda change: order.index(change.after.kind)))


def check_references(declaration: Declaration, stored: State) -> None:
    """Note every entry that refers to an organisation, sector or province that neither the files nor the store know."""
    known = {kind: _slugs(kind, declaration.entries.values(), stored.values()) for kind in list(Kind)[:3]}
    for identity, entry in declaration.entries.items():
        for name, kind in _REFERENCES.items():
            slug = entry.fields.get(name)
            if slug and slug not in known[kind]:
                declaration.problem(
                    declaration.places[identity], f"there is no {kind} {slug!r}; declare it or correct the slug"
                )
    _check_parents(declaration, stored)


_REFERENCES = {
    "organisation": Kind.ORGANISATION,
    "parent": Kind.ORGANISATION,
    "sector": Kind.SECTOR,
    "province": Kind.PROVINCE,
}


def _check_parents(declaration: Declaration, stored: State) -> None:
    """An organisation is not its own ancestor."""
    merged = {**stored, **declaration.entries}
    parents = {e.fields["slug"]: e.fields.get("parent") for e in merged.values() if e.kind is Kind.ORGANISATION}
    for identity, entry in declaration.entries.items():
        if entry.kind is not Kind.ORGANISATION:
            continue
        seen, above = {entry.fields["slug"]}, entry.fields.get("parent")
        while above and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == entry.fields["slug"]:
            declaration.problem(declaration.places[identity], f"organisation {above!r} would be its own parent")


def _slugs(kind: Kind, *sources: Iterable[Entry]) -> set[str]:
    return {entry.fields["slug"] for source in sources for entry in source if entry.kind is kind}


def _can_end(entry: Entry) -> bool:
    return entry.kind not in {Kind.SECTOR, Kind.PROVINCE}


def _validity(entry: Entry) -> str:
    begins, ends = entry.fields.get("valid_from"), entry.fields.get("valid_until")
    return (f" from {_shown(begins)}" if begins else "") + (f" until {_shown(ends)}" if ends else "")


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return "nothing" if value in (None, "") else str(value)
