"""Writes of sources: nothing is taken from a source that nobody has entered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.formats.feed import find_feed
from tocsin.intel.models import Source, SourceFeed
from tocsin.vocab.errors import Conflict, InputError, UnknownName
from tocsin.vocab.markings import Pap, Tlp

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


class SourceRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A source as a YAML file writes it; every key but name, title and feeds has the default of a careful reader."""

    name: str
    title: str
    feeds: list[str]
    description: str = ""
    url: str = ""
    tlp: str = Tlp.AMBER.value
    pap: str = Pap.AMBER.value
    confidence: int = 50
    valid_for: int | None = None
    retain_for: int = 400
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class LoadedSources:
    """How many sources of a file were added, changed, or were as they are."""

    added: int
    changed: int
    unchanged: int


def add_source(*, actor: Actor, row: SourceRow, at: datetime) -> None:
    """Enter a source. Raises ``Conflict`` if the name is taken, ``InputError`` or ``UnknownName`` on impossible values."""
    require(actor, Permission.SOURCES_WRITE)
    values = _checked(row)
    with transaction.atomic():
        if Source.objects.filter(name=row.name).exists():
            raise Conflict(
                f"There is a source named {row.name!r} already; change it with 'tocsin source load FILE.yaml'."
            )
        source = Source.objects.create(name=row.name, added_at=at, **values)
        _set_feeds(source, row.feeds)
        record(actor, AuditAction.SOURCE_ADDED, row.name, _told(row))


def load_sources(*, actor: Actor, path: Path, at: datetime) -> LoadedSources:
    """Enter or change the sources of a YAML file, all or none. Sources that it does not name stay as they are.

    Raises ``InputError`` naming the entry at fault.
    """
    require(actor, Permission.SOURCES_WRITE)
    rows = _read(path)
    added = changed = 0
    with transaction.atomic():
        for row in rows:
            values = _checked(row)
            source = Source.objects.filter(name=row.name).first()
            if source is None:
                source = Source.objects.create(name=row.name, added_at=at, **values)
                _set_feeds(source, row.feeds)
                record(actor, AuditAction.SOURCE_ADDED, row.name, _told(row))
                added += 1
            elif _is_changed(source, values, row.feeds):
                Source.objects.filter(pk=source.pk).update(**values)
                _set_feeds(source, row.feeds)
                record(actor, AuditAction.SOURCE_CHANGED, row.name, _told(row))
                changed += 1
    return LoadedSources(added, changed, len(rows) - added - changed)


def _read(path: Path) -> list[SourceRow]:
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
        found = told.get("sources") if isinstance(told, dict) else told
        return msgspec.convert(found, list[SourceRow])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()}).") from error
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(f"{path} is not a list of sources: {' '.join(str(error).split())}.") from error


def _checked(row: SourceRow) -> dict[str, Any]:
    """The columns of a source. Raises ``InputError``."""
    if not _SLUG.fullmatch(row.name):
        raise InputError(f"{row.name!r} is no name for a source: up to 60 lower-case letters, digits and dashes.")
    if not row.feeds:
        raise InputError(f"The source {row.name!r} has no feed; name at least one, such as 'maltrail/trails'.")
    for feed in row.feeds:
        find_feed(feed)
    if not 0 <= row.confidence <= 100:
        raise InputError(
            f"The confidence of {row.name!r} is {row.confidence}; it is a number from 0 to 100 (STIX 2.1)."
        )
    if (row.valid_for is not None and not 1 <= row.valid_for <= 36500) or not 1 <= row.retain_for <= 36500:
        raise InputError(f"The days of {row.name!r} must be between 1 and 36500.")
    try:
        tlp, pap = Tlp.read(row.tlp), Pap.read(row.pap)
    except ValueError as error:
        raise InputError(
            f"The marking of {row.name!r} is unknown: TLP is clear, green, amber, amber+strict or red, PAP clear, green, amber or red."
        ) from error
    return {
        "title": row.title,
        "description": row.description,
        "url": row.url,
        "tlp": tlp.value,
        "pap": pap.value,
        "confidence": row.confidence,
        "valid_for": row.valid_for,
        "retain_for": row.retain_for,
        "is_enabled": row.is_enabled,
    }


def _is_changed(source: Source, values: Mapping[str, Any], feeds: Sequence[str]) -> bool:
    stored = set(source.feeds.values_list("name", flat=True))
    return stored != set(feeds) or any(getattr(source, name) != value for name, value in values.items())


def _set_feeds(source: Source, feeds: Sequence[str]) -> None:
    """Enter new feeds and remove those no longer named, except where indicators were already taken from them."""
    for name in feeds:
        SourceFeed.objects.get_or_create(source=source, name=name)
    for row in source.feeds.exclude(name__in=feeds):
        if row.provenances.exists():
            raise InputError(
                f"The feed {row.name} of {source.name!r} has given indicators and cannot be removed; switch the source off instead."
            )
        row.delete()


def _told(row: SourceRow) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(row)
    return told


def find_source(name: str, feed: str) -> tuple[Source, SourceFeed]:
    """The source and its stream for a delivery of ``feed``. A source may name a whole provider (``shadowserver``).

    Raises ``UnknownName`` saying how to add it, ``Conflict`` if it is switched off.
    """
    source = Source.objects.filter(name=name).first()
    if source is None:
        raise UnknownName(
            f"There is no source named {name!r}; add it with: tocsin source add {name} --feed {feed} --title '…'"
        )
    if not source.is_enabled:
        raise Conflict(f"The source {name!r} is switched off; switch it on before taking anything from it.")
    known = {row.name: row for row in source.feeds.all()}
    row = known.get(feed) or known.get(feed.partition("/")[0])
    if row is None:
        raise UnknownName(
            f"The source {name!r} does not publish {feed!r} but {', '.join(sorted(known))}; add the feed to it first."
        )
    return source, row
