"""Writes of warning lists: a delivered list replaces the one of that name, whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import orjson
from django.db import transaction
from django.utils.text import slugify

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.intel.models import Delivery, Revision, Source, WarningList, WarningListEntry
from tocsin.intel.queries.warning_lists import REVISION
from tocsin.intel.rules.warning import scope_of
from tocsin.vocab.errors import NotFound
from tocsin.vocab.records import ListRecord

_BATCH = 5_000


@dataclass(slots=True)
class _Told:
    """One list as its delivery tells it."""

    name: str
    kind: str
    version: str
    attributes: tuple[str, ...]
    values: list[str] = field(default_factory=list)

    def digest(self) -> str:
        """SHA-256 over everything."""
        told = [self.name, self.kind, self.version, self.attributes, self.values]
        return sha256(orjson.dumps(told)).hexdigest()


class ToldLists:
    """Collects the entries of a delivery, list by list."""

    def __init__(self) -> None:
        self._lists: dict[str, _Told] = {}

    def add(self, entries: Iterable[ListRecord]) -> None:
        """Take entries in their order."""
        for entry in entries:
            told = self._lists.get(entry.list_name)
            if told is None:
                told = self._lists[entry.list_name] = _Told(
                    entry.list_name, entry.kind, entry.version or "", entry.matching_attributes
                )
            told.values.append(entry.value)

    def write(self, source: Source, delivery: Delivery, at: datetime) -> list[str]:
        """Replace what has changed, in the caller's transaction; gives the names of the changed lists."""
        changed = [told.name for told in self._lists.values() if _replace(told, source, delivery, at)]
        if changed:
            touch(REVISION, at)
        return changed


def _replace(told: _Told, source: Source, delivery: Delivery, at: datetime) -> bool:
    name, digest = told.name[:200], told.digest()
    stored = WarningList.objects.filter(source=source, name=name).first()
    if stored is not None and stored.digest == digest:
        return False
    values = {
        "kind": told.kind,
        "scope": scope_of(told.name, told.kind),
        "version": told.version[:60],
        "matching_attributes": list(told.attributes),
        "digest": digest,
        "size": len(told.values),
        "delivery": delivery,
        "changed_at": at,
    }
    if stored is None:
        stored = WarningList.objects.create(source=source, name=name, slug=_slug(name, source), **values)
    else:
        WarningList.objects.filter(pk=stored.pk).update(**values)
        WarningListEntry.objects.filter(warning_list=stored).delete()
    WarningListEntry.objects.bulk_create(
        [WarningListEntry(warning_list=stored, value=value) for value in told.values], batch_size=_BATCH
    )
    return True


def _slug(name: str, source: Source) -> str:
    slug = slugify(name)[:100].strip("-") or "list"
    taken = set(WarningList.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    wanted, number = slug, 1
    while wanted in taken:
        number += 1
        wanted = f"{slug[:90]}-{source.name[:12]}-{number}"
    return wanted


def enable_warning_list(*, actor: Actor, slug: str, is_enabled: bool, at: datetime) -> None:
    """Switch a list on or off. Raises ``NotFound``."""
    require(actor, Permission.SOURCES_WRITE)
    with transaction.atomic():
        changed = WarningList.objects.filter(slug=slug).exclude(is_enabled=is_enabled).update(is_enabled=is_enabled)
        if not changed and not WarningList.objects.filter(slug=slug).exists():
            raise NotFound(f"There is no warning list {slug!r}; see 'tocsin warning-list list'.")
        if changed:
            touch(REVISION, at)
            record(actor, AuditAction.WARNING_LIST_CHANGED, slug, {"is_enabled": is_enabled})


def touch(name: str, at: datetime) -> None:
    """Give the table that ``name`` stands for a new token, in the caller's transaction."""
    Revision.objects.update_or_create(name=name, defaults={"token": uuid4().hex, "changed_at": at})
