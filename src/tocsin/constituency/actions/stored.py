"""The stored constituency as entries, and entries as rows: one place that knows both."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import models
from django.db.models import F

from tocsin.constituency.models import (
    AutonomousSystem,
    Contact,
    Domain,
    Network,
    Organisation,
    Province,
    RegistryHandle,
    Sector,
)
from tocsin.constituency.rules.declaration import Change, Entry, Key, Kind, entry_of
from tocsin.constituency.rules.holdings import ADDRESS_BITS, cidr_key

_ORGANISATIONS = uuid5(NAMESPACE_URL, "urn:tocsin:organisation")
_BATCH = 5000

_TABLES: dict[Kind, type[models.Model]] = {
    Kind.SECTOR: Sector,
    Kind.PROVINCE: Province,
    Kind.ORGANISATION: Organisation,
    Kind.CONTACT: Contact,
    Kind.NETWORK: Network,
    Kind.AUTONOMOUS_SYSTEM: AutonomousSystem,
    Kind.DOMAIN: Domain,
    Kind.REGISTRY_ID: RegistryHandle,
}
_VALIDITY = ("valid_from", "valid_until")
_COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.SECTOR: ("slug", "name_en", "name_ur"),
    Kind.PROVINCE: ("slug", "name_en", "name_ur"),
    Kind.ORGANISATION: ("slug", "name_en", "name_ur", "is_provider", "is_active"),
    Kind.CONTACT: ("role", "name", "email", "phone", "language", "is_active"),
    Kind.NETWORK: ("cidr", "asn", *_VALIDITY),
    Kind.AUTONOMOUS_SYSTEM: ("asn", *_VALIDITY),
    Kind.DOMAIN: ("name", *_VALIDITY),
    Kind.REGISTRY_ID: ("registry", "opaque_id", *_VALIDITY),
}
#: Fields that are slugs of other rows.
_REFERENCES: dict[Kind, Mapping[str, str]] = {
    Kind.ORGANISATION: {"sector": "sector__slug", "province": "province__slug", "parent": "parent__slug"},
    **{kind: {"organisation": "organisation__slug"} for kind in list(Kind)[3:]},
}


def organisation_uid(slug: str) -> UUID:
    """The name outside of an organisation that was first declared under this slug: the same wherever the same file is loaded."""
    return uuid5(_ORGANISATIONS, slug)


def stored_state() -> dict[tuple[Kind, Key], Entry]:
    """Everything that is stored, as it would be declared."""
    return {(entry.kind, entry.key): entry for kind in Kind for entry, _ in _stored(kind)}


def _stored(kind: Kind) -> Iterator[tuple[Entry, int]]:
    references = {f"{name}_said": F(path) for name, path in _REFERENCES.get(kind, {}).items()}
    columns = (*_COLUMNS[kind], *references)
    rows = _TABLES[kind]._default_manager.order_by().annotate(**references).values_list("pk", *columns)
    names = [name.removesuffix("_said") for name in columns]
    for pk, *values in rows.iterator(chunk_size=_BATCH):
        yield entry_of(kind, dict(zip(names, values, strict=True))), pk


class Writer:
    """Writes changes in the order of kinds; ``origin`` is noted on new holdings."""

    def __init__(self, origin: str, on_progress: Callable[[int], None]) -> None:
        self._origin = origin[:200]
        self._on_progress = on_progress
        self._known: dict[str, dict[str, int]] = {}

    def write(self, changes: Iterable[Change]) -> None:
        """Store changes of any kinds."""
        by_kind: dict[Kind, list[Change]] = {kind: [] for kind in Kind}
        for change in changes:
            by_kind[change.after.kind].append(change)
        for kind, rows in by_kind.items():
            if not rows:
                continue
            self._create(kind, [change.after for change in rows if change.before is None])
            self._update(kind, [change.after for change in rows if change.before is not None])
            self._known.clear()
            if kind is Kind.ORGANISATION:
                self._set_parents([change.after for change in rows])

    def _create(self, kind: Kind, entries: Sequence[Entry]) -> None:
        table = _TABLES[kind]
        for start in range(0, len(entries), _BATCH):
            batch = [table(**self._values(entry, is_new=True)) for entry in entries[start : start + _BATCH]]
            table._default_manager.bulk_create(batch)
            self._on_progress(len(batch))

    def _update(self, kind: Kind, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        wanted = {entry.key: entry for entry in entries}
        rows = {pk: wanted[entry.key] for entry, pk in _stored(kind) if entry.key in wanted}
        for pk, entry in rows.items():
            _TABLES[kind]._default_manager.filter(pk=pk).update(**self._values(entry, is_new=False))
            self._on_progress(1)

    def _values(self, entry: Entry, *, is_new: bool) -> dict[str, Any]:
        values = {name: entry.fields[name] for name in _COLUMNS[entry.kind]}
        for name in _REFERENCES.get(entry.kind, {}):
            if name != "parent":
                slug = entry.fields[name]
                values[f"{name}_id"] = self._ids(name)[slug] if slug else None
        if is_new and entry.kind is Kind.ORGANISATION:
            values["uid"] = organisation_uid(entry.fields["slug"])
        if is_new and "valid_from" in values:
            values["origin"] = self._origin
        if entry.kind is Kind.NETWORK:
            first, length = cidr_key(values["cidr"])
            last = first | ((1 << (ADDRESS_BITS - length)) - 1)
            values["first"], values["last"] = first.to_bytes(16, "big"), last.to_bytes(16, "big")
        return values

    def _set_parents(self, entries: Sequence[Entry]) -> None:
        """Second pass: a parent may stand below its child in the file."""
        self._known.clear()
        ids = self._ids("organisation")
        stored = dict(Organisation.objects.values_list("slug", "parent_id"))
        for entry in entries:
            parent = ids[entry.fields["parent"]] if entry.fields["parent"] else None
            if stored[entry.fields["slug"]] != parent:
                Organisation.objects.filter(slug=entry.fields["slug"]).update(parent_id=parent)

    def _ids(self, name: str) -> dict[str, int]:
        if name not in self._known:
            table = {"sector": Sector, "province": Province, "organisation": Organisation}[name]
            self._known[name] = dict(table._default_manager.values_list("slug", "pk"))
        return self._known[name]
