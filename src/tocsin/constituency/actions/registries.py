"""Loading a registry's file: which address space is national, and under whose id."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.actions.revising import revise
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.forms.registries import Block, RegistryFile, read_registry_file
from tocsin.constituency.models import RegistryBlock
from tocsin.text.streams import Limits
from tocsin.vocab.errors import Conflict, InputError

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class RegistryReport:
    """What a file said and what changed. ``revision`` is the new one, or ``None`` if nothing changed."""

    file: RegistryFile
    added: int
    changed: int
    ended: int
    revision: int | None


def load_registry(
    *,
    actor: Actor,
    path: str | Path,
    country: str,
    on_read: Callable[[int], None] | None = None,
) -> RegistryReport:
    """Store the blocks of one country from one registry's delegated-statistics file. The same file twice changes nothing.

    Blocks that the registry no longer lists end on the file's date. Raises :class:`Unreadable`, :class:`InputError`, and
    :class:`Conflict` for a file older than one that was loaded before.
    """
    require(actor, Permission.CONSTITUENCY_WRITE)
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise InputError(f"{country[:20]!r} is no country code; write two capital letters such as PK.")
    file = read_registry_file(path, country, Limits.of(settings.TOCSIN.intake), on_read)
    if not file.blocks:
        raise InputError(f"{file.name}: {file.registry} lists nothing for {country}; nothing was changed.")
    return _store(actor=actor, file=file, country=country)


@transaction.atomic
def _store(*, actor: Actor, file: RegistryFile, country: str) -> RegistryReport:
    listed = RegistryBlock.objects.filter(registry=file.registry, country=country)
    _check_newer(listed.filter(listed_until__gt=file.published_on).exists(), file)
    stored = {_identity(row): row for row in listed.filter(listed_until=None)}
    wanted = {(block.kind, block.first, block.last): block for block in file.blocks}
    added = [block for identity, block in wanted.items() if identity not in stored]
    changed = [(stored[identity], block) for identity, block in wanted.items() if identity in stored]
    changed = [(row, block) for row, block in changed if _differs(row, block)]
    ended = [row for identity, row in stored.items() if identity not in wanted]
    if not (added or changed or ended):
        return RegistryReport(file, 0, 0, 0, None)
    RegistryBlock.objects.bulk_create([_row(block, file) for block in added], batch_size=_BATCH)
    for row, block in changed:
        row.status, row.allocated_on, row.opaque_id = block.status, block.allocated_on, block.opaque_id
        row.file_digest = file.digest
        row.save()
    for row in ended:
        row.listed_until = file.published_on
    RegistryBlock.objects.bulk_update(ended, ["listed_until"], batch_size=500)
    counts = {"added": len(added), "changed": len(changed), "ended": len(ended)}
    number = revise(actor=actor, why=f"{file.registry} of {file.published_on} for {country}: {counts}")
    detail = {
        **counts,
        "registry": file.registry,
        "country": country,
        "sha256": file.digest,
        "accounts": str(file.accounts),
    }
    record(actor, AuditAction.REGISTRY_LOADED, f"revision {number}", detail)
    return RegistryReport(file, len(added), len(changed), len(ended), number)


def _check_newer(has_newer: bool, file: RegistryFile) -> None:
    if has_newer:
        raise Conflict(f"{file.name} is of {file.published_on}; a newer file of {file.registry} was already loaded.")


def _identity(row: RegistryBlock) -> tuple[str, int, int]:
    return row.kind, int.from_bytes(row.first, "big"), int.from_bytes(row.last, "big")


def _differs(row: RegistryBlock, block: Block) -> bool:
    return (row.status, row.allocated_on, row.opaque_id) != (block.status, block.allocated_on, block.opaque_id)


def _row(block: Block, file: RegistryFile) -> RegistryBlock:
    return RegistryBlock(
        registry=block.registry,
        country=block.country,
        kind=block.kind,
        first=block.first.to_bytes(16, "big"),
        last=block.last.to_bytes(16, "big"),
        status=block.status,
        allocated_on=block.allocated_on,
        opaque_id=block.opaque_id,
        file_digest=file.digest,
    )
